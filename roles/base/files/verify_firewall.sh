# shellcheck shell=sh
# Checks the firewall's rules. A host without netlink has no firewall to check.
! nft list tables >/dev/null 2>&1 || nft --check --file /etc/pyhost-flask/firewall.nft

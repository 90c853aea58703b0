# shellcheck shell=sh
# Puts in force what the role base has written, part by part.
#
#   base apply      all parts; what this host does not allow is left out, and said
#   base keep       the new settings of SSH, sudo and the firewall proved good: keep them
#   base undo       back to those that last did; a timer does so 60 seconds after apply, if nobody
#                   says keep
#   base firewall   load the firewall's rules, with the ports that sshd listens on
# The template base.j2 sets PARTS, the names of those that are wanted, ADMINS, the names of the administrators,
# PORTS, which the firewall lets in beside SSH, HTTP and HTTPS, and SWAP, in MiB.
set -eu
: "${PARTS?}" "${ADMINS?}" "${PORTS?}" "${SWAP:?}"
export LC_ALL=C

# What decides who gets in, and a copy of it as it last proved good. These are files and no folders:
# others have files beside them.
GUARDED="etc/ssh/sshd_config.d/00-pyhost-flask.conf etc/sudoers.d/pyhost-flask etc/pyhost-flask/firewall.nft"
for admin in $ADMINS; do GUARDED="$GUARDED etc/ssh/authorized_keys.d/$admin"; done
GOOD=/var/lib/pyhost-flask/base.tar

wants() { case " $PARTS " in *" $1 "*) ;; *) return 1 ;; esac; }

left_out() { echo "left out, for this host does not allow it: $1"; }

ssh_ports() { /usr/sbin/sshd -T 2>/dev/null | awk '$1 == "port" { print $2 }'; }

firewall() {
    ports=$(ssh_ports | paste -sd, -)
    { cat /etc/pyhost-flask/firewall.nft
      echo "add element inet pyhost_flask ssh { ${ports:-22} }"
    } | nft --file -
}

undo() {
    # shellcheck disable=SC2086 # words
    (cd / && rm -f $GUARDED)
    if [ -e "$GOOD" ]; then tar --directory=/ --extract --file="$GOOD"; fi
    reload_ssh
    # Whoever could not log in may be taken for one who guesses.
    fail2ban-client unban --all >/dev/null 2>&1 || true
    if [ -e /etc/pyhost-flask/firewall.nft ]; then
        systemctl reload-or-restart pyhost-flask-firewall.service
    else
        systemctl disable --quiet --now pyhost-flask-firewall.service
    fi
}

reload_ssh() {
    if systemctl is-active --quiet ssh.service; then systemctl reload ssh.service; fi
}

disarm() {
    systemctl stop pyhost-flask-undo.timer 2>/dev/null || true
}

keep() {
    disarm
    cd /
    # shellcheck disable=SC2086,SC2012 # words; ls names those of them that are there
    (umask 077; ls -d $GUARDED 2>/dev/null | tar --create --file="$GOOD.new" --files-from=-)
    mv "$GOOD.new" "$GOOD"
}

apply() {
    systemctl daemon-reload
    if wants upgrades; then
        upgrade || echo "not brought up to date; see what apt-get upgrade says"
    fi
    if wants hostname; then
        hostname --file /etc/hostname 2>/dev/null || left_out "the host's name (base_hostname)"
    fi
    if wants time && systemd-detect-virt --quiet --container; then
        left_out "the clock, which is that of the machine below (base_time)"
    fi
    if wants sysctl; then
        sysctl --quiet --load=/etc/sysctl.d/60-pyhost-flask.conf 2>/dev/null ||
            left_out "some of the kernel's settings (base_sysctl)"
    fi
    if wants swap; then swap; fi
    # What could lock somebody out comes last, with the way back prepared.
    disarm
    systemd-run --quiet --collect --unit=pyhost-flask-undo --on-active=60 "$0" undo
    reload_ssh
    if wants firewall; then
        if systemctl reload-or-restart pyhost-flask-firewall.service 2>/dev/null; then
            kept_out
        else
            left_out "the firewall (base_firewall)"
        fi
    else
        nft delete table inet pyhost_flask 2>/dev/null || true
    fi
    if wants fail2ban; then
        systemctl enable --quiet fail2ban.service 2>/dev/null
        systemctl reload-or-restart fail2ban.service 2>/dev/null || left_out "fail2ban (base_fail2ban)"
    fi
}

# Who listens for other machines, and is heard by none any more.
kept_out() {
    # shellcheck disable=SC2086 # words
    let_in=$(ssh_ports; printf '%s\n' 80 443 $PORTS)
    ss --tcp --listening --numeric --no-header | awk '{ print $4 }' | grep -v -E '^(127\.|\[::1\])' |
        sed 's/.*://' | sort --numeric-sort --unique | grep -v -x -F "$let_in" |
        sed 's|.*|the firewall keeps out who asks for port &; base_firewall_ports lets them in|' || true
}

# Swap for a host with less than 2 GiB of memory and no swap.
swap() {
    memory=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
    if [ "$memory" -ge 2000000 ] || [ "$(wc -l </proc/swaps)" -gt 1 ] || [ -e /swapfile ]; then return; fi
    if systemd-detect-virt --quiet --container; then left_out "swap (base_swap)"; return; fi
    (umask 077; dd if=/dev/zero of=/swapfile.new bs=1M count="$SWAP" status=none)
    mkswap --quiet /swapfile.new
    mv /swapfile.new /swapfile
    systemctl start swapfile.swap
}

# Once: from then on unattended-upgrades does it.
upgrade() {
    if [ -e /var/lib/pyhost-flask/upgraded ]; then return; fi
    export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
    apt-get --quiet --quiet update >/dev/null || return 1
    apt-get --quiet --quiet --yes --option Dpkg::Options::=--force-confdef \
        --option Dpkg::Options::=--force-confold upgrade >/dev/null || return 1
    touch /var/lib/pyhost-flask/upgraded
    if [ -e /run/reboot-required ]; then echo "restart the host soon: an update waits for it"; fi
}

case ${1:-} in
    apply | keep | undo | firewall) "$1" ;;
    *) sed -n 's/^#   base/base/p' "$0"; exit 2 ;;
esac

# shellcheck shell=sh
# Checks the settings of sshd, if the host has one.
test ! -x /usr/sbin/sshd || { mkdir -p /run/sshd && /usr/sbin/sshd -t; }

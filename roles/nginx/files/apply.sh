# shellcheck shell=sh
# Has systemd, where it runs, read certbot.service again, and nginx, where it runs, its sites. service(8)
# asks systemd, or the script in /etc/init.d where systemd does not run.
if test -d /run/systemd/system; then systemctl daemon-reload || exit; fi
if service nginx status >/dev/null 2>&1; then service nginx reload; fi

# shellcheck shell=sh
# Has systemd, where it runs, read the units, make the folders, start the timers ("$@"), and stop what has no
# unit any more: schedules, and all processes of an app that has left the list. (Those of an app that is in it
# end with their slot.) Without the stamp of its last run, a schedule that comes back, such as one of the first
# host, does not make up for what another host has done meanwhile.
test -d /run/systemd/system || exit 0
set -e
systemctl daemon-reload
systemd-tmpfiles --create
gone() { systemctl list-units --all --plain --no-legend --state=not-found "$1" | cut -d' ' -f1; }
for timer in $(gone 'flask-*.*.timer'); do
  systemctl stop "$timer"
  systemctl reset-failed "$timer" || true
  rm -f "/var/lib/systemd/timers/stamp-$timer"
done
for unit in $(gone 'flask-*@*.service'); do
  app=${unit#flask-} app=${app%%[.@]*}
  test -e "/etc/systemd/system/flask-$app@.service" || systemctl stop "$unit"
done
test $# = 0 || systemctl start "$@"

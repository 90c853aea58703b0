# shellcheck shell=sh
# Has systemd, where it runs, read the units, start the timers ("$@"), and stop those whose units are gone.
test -d /run/systemd/system || exit 0
set -e
systemctl daemon-reload
# shellcheck disable=SC2016 # the inner shell expands it
systemctl list-units --all --plain --no-legend --state=not-found 'pyhost-flask-*.timer' |
  cut -d' ' -f1 |
  xargs --no-run-if-empty sh -c 'systemctl stop "$@"; systemctl reset-failed "$@" || true' sh
test $# = 0 || systemctl start "$@"

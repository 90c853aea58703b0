# shellcheck shell=sh
# Checks units: "$@". systemd-analyze reads the units that a unit mentions as well; their mistakes are not of
# these.
test -d /run/systemd/system || exit 0
! systemd-analyze verify "$@" 2>&1 | grep pyhost-flask-

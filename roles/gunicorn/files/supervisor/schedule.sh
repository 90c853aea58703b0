# shellcheck shell=sh
# The part of supervisor/schedule.j2 that is the same for all apps.
: "${slots:?}" "${run:?}" "${live:?}" "${schedule:?}"
umask 027
slot=$(readlink "$live") || exit 0
slot=${slot%/*}
# shellcheck disable=SC2034 # as_app.sh reads it
folder=$slots/${slot##*/}

# If the last run still works, this one does not begin.
exec 9>"$run/$schedule.lock"
flock --nonblock 9 || exit 0

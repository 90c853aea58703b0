# shellcheck shell=sh
# The part of supervisor/slot.j2 that is the same for all apps.
: "${slot:?}" "${folder:?}" "${user:?}" "${group:?}" "${run:?}" "${live:?}" "${patience:?}"
process=${process-}
umask 027

# Where systemd runs, its tmpfiles.d has made them.
test -d "$run/$slot" || {
  install --directory --mode=0755 "$run"
  install --directory --mode=0750 --owner="$user" --group="$group" "$run/$slot"
}

# Nothing starts in a slot that no release was started in, or that another manager has started.
# live.sock alone says which slot starts at boot; the marker lets the idle one start for its check.
test -e "$folder/etc/environment" && test -e "$folder/started-by-supervisor" || exit 77
test "$(readlink "$live")" = "$run/$slot/gunicorn.sock" ||
  { test -z "$process" && test -e "$run/$slot.starting"; } || exit 77

# A supervisord that was killed has left its processes behind. They end before others start.
pid_file=$run/$SUPERVISOR_PROCESS_NAME.pid
before=$(cat "$pid_file" 2>/dev/null || true)
if test -n "$before" && test "$(stat --format=%U "/proc/$before" 2>/dev/null)" = "$user"; then
  kill -TERM "$before"
  timeout "$patience" tail --pid="$before" -f /dev/null || kill -KILL "-$before"
fi
# What keeps failing is started once a second, and not as often as it can.
test -z "$(find "$pid_file" -newermt '1 second ago' 2>/dev/null)" || sleep 1
echo $$ >"$pid_file"

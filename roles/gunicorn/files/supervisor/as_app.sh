# shellcheck shell=sh
# The end of a script of root that becomes a process of the app in a slot: "$@", with the release and
# the settings in "$folder".
: "${folder:?}" "${user:?}" "${etc:?}"

# As the app's user, with nothing of this environment.
# shellcheck disable=SC2016 # the inner shell expands them
set -- setpriv --reuid="$user" --regid="$user" --init-groups --inh-caps=-all --bounding-set=-all \
  --no-new-privs --reset-env sh -ec '
    cd "$1/release/$2"
    PATH="$1/release/.venv/bin:/usr/local/bin:/usr/bin:/bin" LANG=C.UTF-8
    export PATH LANG
    set -a
    . "$1/etc/environment"
    set +a
    shift 2
    exec "$@"' sh "$folder" "${subdir-}" "$@"
# shellcheck disable=SC3045 # dash has it
ulimit -n 65536 2>/dev/null || true

# The slot keeps the settings that it was started with, at the place where the app looks for them,
# if the host allows that (containers without privileges do not).
if unshare --mount true 2>/dev/null; then
  # shellcheck disable=SC2016 # the inner shell expands them
  set -- unshare --mount --propagation slave sh -ec 'mount -o bind,ro "$1" "$2"; shift 2; exec "$@"' \
    sh "$folder/etc" "$etc" "$@"
fi
exec "$@"

# shellcheck shell=sh
# Runs a command as an app would: as its user, in its environment, in the folder of its live
# release or of another one, with the release's venv first on PATH.
#
#   flask-app NAME [--release ID] [--once] COMMAND [ARGUMENT...]
#
# --once: only if this very command has never succeeded for the app before.
set -eu

# A file for each app of the host, so that a deploy of one of them need not know the others.
apps=/etc/pyhost-flask/apps

usage() {
    sed -n 's/^#   flask-app/usage: flask-app/p' "$0"
    echo "apps: $(cd "$apps" && echo *)"
    exit 2
} >&2

case "${1:-}" in
    "" | */*) usage ;;
esac
[ -f "$apps/$1" ] || usage
# shellcheck source=/dev/null # it sets user and subdir
. "$apps/$1"
: "${user:?}" "${subdir?}"

name=$1 release=/srv/$1/current once=
shift
while :; do
    case "${1:-}" in
        --release) release=/srv/$name/releases/$2; shift 2 ;;
        --once) once=/srv/$name/once; shift ;;
        *) break ;;
    esac
done

release=$(readlink -e "$release") || { echo "$name has no such release" >&2; exit 1; }
marker=$once/$(printf '%s\n' "$@" | sha256sum | cut -c1-16)
if [ -n "$once" ] && [ -e "$marker" ]; then
    echo "done before"
    exit 0
fi

cd "$release/$subdir"
# The environment is read as the app's user: nothing in it can reach root.
# shellcheck disable=SC2016 # the inner shell expands them
setpriv --reuid="$user" --regid="$user" --init-groups -- sh -c '
    set -a; . "$0"; APP_RELEASE=${1##*/} PATH=$1/.venv/bin:$PATH; set +a; shift; exec "$@"
' "/etc/$name/environment" "$release" "$@"

if [ -n "$once" ]; then
    mkdir -p "$once"
    printf '%s\n' "$*" > "$marker"
fi

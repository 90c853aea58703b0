# shellcheck shell=sh
# Lets supervisord forget the programs whose files are gone, and stop those of an app that has left the list.
# Another one that still runs stays, as a unit would.
test -S /run/supervisor.sock || exit 0
for program in $(supervisorctl reread | sed -n 's/^\(flask-.*@.*\): disappeared$/\1/p'); do
  app=${program#flask-} app=${app%%[.@]*}
  test -e "/etc/supervisor/conf.d/flask-$app.conf" || supervisorctl stop "$program"
  supervisorctl remove "$program" || true
done

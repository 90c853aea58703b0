# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what users write in ``flask_apps`` to finished apps: checks, defaults, derived values.

The options, their types, choices and defaults come from ``roles/app/meta/argument_specs.yml``;
what they must satisfy beyond that stands in ``_apps_rules``, and all that follows from them here.
Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import cron, options, rules, rules_https, rules_source
from . import fleet as app_fleet
from .fleet import ALONE, Fleet
from .options import Mistakes, Spec

App = dict[str, Any]

SLOTS = ("blue", "green")
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
WORKER_EXTRAS = {"gevent": "[gevent]", "eventlet": "[eventlet]", "tornado": "[tornado]"}


def resolve(
    apps: Any, defaults: Any, spec: Spec, version: str = "", fleet: Fleet = ALONE
) -> list[App]:
    """The finished apps: every option of ``spec`` set, and the values of ``derive`` added.

    ``apps`` and ``defaults`` are what the user wrote in ``flask_apps`` and ``flask_defaults``,
    ``spec`` the options of an app. ``version`` is another one for one app, see ``chosen_version``,
    and ``fleet`` what the inventory says of other hosts.
    Raises ``Mistakes`` with all mistakes of all apps.
    """
    if not isinstance(apps, list):
        raise Mistakes(
            [
                "flask_apps: must be a list of apps, each with a name;"
                " ansible-doc -t role pyhost.flask.app lists their options"
            ]
        )
    mistakes: list[str] = []
    if not isinstance(defaults or {}, dict):
        raise Mistakes(["flask_defaults: must be a dictionary of options of an app"])
    common = options.checked(defaults or {}, spec, "flask_defaults", mistakes, partly=True)
    chosen, wanted = rules_source.chosen_version(apps, version, mistakes)
    finished = []
    for index, given in enumerate(apps):
        name = given.get("name") if isinstance(given, dict) else None
        path = f"flask_apps[{name if isinstance(name, str) else index}]"
        if not isinstance(given, dict):
            mistakes.append(f"{path}: must be the options of an app, not {options.shown(given)}")
            continue
        found = len(mistakes)
        app = options.checked(options.merged(common, given), spec, path, mistakes)
        if chosen and name == chosen:
            rules_source.set_version(app, wanted, mistakes)
        rules.check_values(app, path, mistakes)
        rules_https.check_https(app, path, mistakes)
        rules_source.check_source(app["source"], f"{path}.source", mistakes)
        rules_source.check_dependencies(app, path, mistakes)
        rules_source.check_built(app, path, mistakes)
        if len(mistakes) == found:
            app["health"]["statuses"] = app["health"]["statuses"] or _default_statuses(
                common, given
            )
            derive(app, fleet)
        finished.append(app)
    rules.check_shared_names(finished, mistakes)
    if mistakes:
        raise Mistakes(mistakes)
    return finished


def derive(app: App, fleet: Fleet = ALONE) -> None:
    """Add to an app with all its options what follows from them: paths, slots, database, packages.

    This is the one place where the layout on the host is written down.
    """
    name = app["name"]
    root, etc = f"/srv/{name}", f"/etc/{name}"
    app["user"] = app["user"] or name
    app["flask_app"] = app["flask_app"] or app["wsgi"]
    app["domain"] = app["domains"][0]
    app["paths"] = {
        "root": root,
        "repo": f"{root}/repo.git",
        "releases": f"{root}/releases",
        "current": f"{root}/current",
        "shared": f"{root}/shared",
        "slots": f"{root}/slots",
        "live_socket": f"{root}/live.sock",
        "etc": etc,
        "environment": f"{etc}/environment",
        "gunicorn": f"{etc}/gunicorn.conf.py",
        "log": f"/var/log/{name}",
        "run": f"/run/{name}",
    }
    subdir = app["source"]["subdir"]
    app["code"] = f"{root}/current/{subdir}" if subdir else f"{root}/current"
    app["manager"] = app["gunicorn"]["manager"]
    # Under supervisor, a slot's program is called like its unit, without the ending.
    app["unit"] = f"flask-{name}@.service"
    app["slots"] = {
        slot: {
            "root": f"{root}/slots/{slot}",
            "socket": f"/run/{name}/{slot}/gunicorn.sock",
            "unit": f"flask-{name}@{slot}.service",
        }
        for slot in SLOTS
    }
    app["database_host"] = fleet.database if app["database"] == "mysql" else ""
    app["database_kind"], app["database_name"], app["database_url"] = _database(app)
    # Whether this host does what is to be done once for the hosts of a database in the group db.
    app["first"] = not (app["database_host"] and fleet.shares(app))
    derive_background(app, fleet)
    app["secrets"] = [
        *([name] if app["secret_key"] is None else []),
        *([app_fleet.secret_of(name)] if app["database_host"] else []),
    ]
    app["backup"].update(_backups(app))
    app["needs_systemd"] = _needs_systemd(app)
    app["environment"] = {
        "DATABASE_URL": app["database_url"],
        "FLASK_APP": app["flask_app"],
        "FLASK_SQLALCHEMY_DATABASE_URI": app["database_url"],
        "HOME": app["paths"]["shared"],
        "PYTHONUNBUFFERED": "1",
        "SQLALCHEMY_DATABASE_URI": app["database_url"],
        **app["env"],
    }
    if app["certbot"]["server"] == "staging":
        app["certbot"]["server"] = STAGING
    app["certbot"]["dns"]["file"] = _credentials(app["certbot"]["dns"])
    app["nginx"]["timeout"] = app["nginx"]["timeout"] or max(app["gunicorn"]["timeout"], 60) + 5
    app["packages"] = [
        "gunicorn" + WORKER_EXTRAS.get(app["gunicorn"]["worker_class"], ""),
        *(["pymysql"] if app["database_kind"] == "mysql" else []),
        *app["python"]["packages"],
    ]


def derive_background(app: App, fleet: Fleet) -> None:
    """The same for its processes and schedules; those of another host alone are taken out."""
    name = app["name"]

    def here(part: App) -> bool:
        if part["hosts"] == "first":
            return fleet.first(name)
        return part["hosts"] == "all" or not fleet.shares(app)

    app["processes"] = [process for process in app["processes"] if here(process)]
    app["schedules"] = [schedule for schedule in app["schedules"] if here(schedule)]
    for process in app["processes"]:
        process["argv"] = shlex.split(process["command"])
        process["units"] = [
            f"flask-{name}.{process['name']}{f'.{number}' if number > 1 else ''}@.service"
            for number in range(1, process["count"] + 1)
        ]
    for schedule in app["schedules"]:
        # The timer starts the service, and that starts the template's instance of the live slot.
        unit = f"flask-{name}.{schedule['name']}"
        schedule["argv"] = shlex.split(schedule["command"])
        schedule["timer"], schedule["service"] = f"{unit}.timer", f"{unit}.service"
        schedule["template"] = f"{unit}@.service"
        schedule.update(_times(f"schedules[{schedule['name']}].when", schedule["when"]))


def environment(app: App, secrets: Mapping[str, str], former: Mapping[str, str]) -> dict[str, str]:
    """The app's variables, with its secrets, and a former key as a fallback.

    ``secrets`` are those that were made on the hosts, by their names (``app["secrets"]``), and
    ``former`` what they were before.
    """
    name, variables = app["name"], app["environment"]
    if app["database_host"]:
        password = {"DATABASE_PASSWORD": secrets[app_fleet.secret_of(name)]}
        # First, for a user's variable may name one in which it stands.
        filled = {key: env_file.expand(value, password) for key, value in variables.items()}
        variables = {**password, **filled}
    if app["secret_key"]:
        return env_file.completed(variables, app["secret_key"])
    return env_file.completed(variables, secrets[name], former.get(name, ""))


def _times(option: str, when: str) -> App:
    """The times that an option gives, for systemd and for cron, or why cron cannot have them."""
    try:
        return {"option": option, "when": when, "crontab": cron.crontab(when), "beyond_cron": ""}
    except UserError as error:
        return {"option": option, "when": when, "crontab": "", "beyond_cron": str(error)}


def _needs_systemd(app: App) -> list[str]:
    """What of an app needs systemd, each with what to do on a host where it does not run."""
    path = f"flask_apps[{app['name']}]"
    needs = []
    if app["manager"] == "systemd":
        remedy = "set it to supervisor, which then starts the processes"
        needs.append(f"{path}.gunicorn.manager = 'systemd': {remedy}")
    for times in (*app["schedules"], *app["backup"]["runs"]):
        if times["beyond_cron"]:
            where = f"{path}.{times['option']} = {options.shown(times['when'])}"
            remedy = "choose times that cron can do, such as *:0/15 or Mon..Fri 03:30"
            needs.append(f"{where}: {times['beyond_cron']}; {remedy}")
    return needs


def _database(app: App) -> tuple[str, str, str]:
    """Kind (``sqlite``, ``mysql`` or ``url``), name and SQLAlchemy URL of the app's database."""
    name = app["name"].replace("-", "_")
    if app["database"] == "sqlite":
        return "sqlite", name, f"sqlite:///{app['paths']['shared']}/{app['name']}.db"
    if app["database_host"]:
        return "mysql", name, app_fleet.remote_url(app["user"], app["database_host"], name)
    if app["database"] == "mysql":
        socket = "unix_socket=/run/mysqld/mysqld.sock&charset=utf8mb4"
        return "mysql", name, f"mysql+pymysql://{app['user']}@localhost/{name}?{socket}"
    return "url", "", app["database"]


def _credentials(dns: App) -> str:
    """The file that a DNS plugin of certbot reads its credentials from."""
    if dns["plugin"] == "google":
        return json.dumps(dns["credentials"], indent=2) + "\n" if dns["credentials"] else ""
    prefix = f"dns_{dns['plugin'].replace('-', '_')}_"
    lines = []
    for name, value in dns["credentials"].items():
        quote = "'" if '"' in value else '"'
        lines.append(f"{prefix}{name.removeprefix(prefix)} = {quote}{value}{quote}\n")
    return "".join(lines)


def _backups(app: App) -> App:
    """The folder of the backups, what the program on the host has to know, and what timers run."""
    asked, paths = app["backup"], app["paths"]
    folder = asked["folder"] or f"/var/backups/{app['name']}"
    when = asked["when"] if app["first"] else ""
    drill = when and asked["drill"]
    return {
        "folder": folder,
        "settings": {
            **{key: app[key] for key in ("name", "user")},
            **{key: paths[key] for key in ("root", "shared", "environment")},
            **{key: asked[key] for key in ("keep", "command")},
            "folder": folder,
            "when": when,
            "drill": drill,
        },
        "runs": [
            {
                "what": what,
                "unit": f"pyhost-flask-{what}-{app['name']}",
                **_times(f"backup.{option}", times),
            }
            for what, option, times in (("backup", "when", when), ("drill", "drill", drill))
            if times
        ],
    }


def _default_statuses(*sources: App) -> list[str]:
    asked = any("path" in (source.get("health") or {}) for source in sources)
    return ["200-399"] if asked else ["200-499"]

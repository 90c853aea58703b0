# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows from an app's options: paths, slots, units, database, environment.

This is the one place where the layout on the host is written down. Nothing in this file reads or
writes anything, and nothing changes what it is given.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import (
    Migration,
    Release,
    Service,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import fleet as fleets
from .app import (
    App,
    Background,
    BackgroundProcess,
    BackgroundSchedule,
    Backups,
    Connection,
    Options,
    Paths,
    Process,
    Schedule,
    Slot,
    Times,
    Values,
)
from .cron import crontab
from .fleet import Fleet
from .options import shown

SLOTS = ("blue", "green")
STAGING = "https://acme-staging-v02.api.letsencrypt.org/directory"
CERTIFICATES = "/etc/nginx/tls"
WORKER_EXTRAS = {"gevent": "[gevent]", "eventlet": "[eventlet]", "tornado": "[tornado]"}


def app(given: Options, fleet: Fleet, health_path_given: bool) -> App:
    """The resolved app. ``health_path_given`` says whether the user named an address to ask."""
    options = with_defaults(given, health_path_given)
    paths = paths_of(options)
    connection = connection_of(options, paths, fleet)
    primary = is_primary(options, connection, fleet)
    background = background_of(options, connection, fleet)
    backups = backups_of(options, paths, primary)
    service = service_of(options, paths, background)
    migration = migration_of(options, paths)
    return {
        **options,
        "paths": paths,
        "slots": slots_of(options["name"]),
        "connection": connection,
        "background": background,
        "backups": backups,
        "primary": primary,
        "secret_names": [
            *([options["name"]] if options["secret_key"] is None else []),
            *([fleets.secret_of(options["name"])] if connection["host"] else []),
        ],
        "variables": variables_of(options, paths, connection),
        "dns_credentials": dns_credentials(options["certbot"]["dns"]),
        "needs_systemd": needs_systemd(options, background, backups),
        "release": release_of(options, paths, connection, migration),
        "migration": migration,
        "service": service,
        "info": {
            "service": service,
            "migration": migration,
            "certificate": (
                "" if options["https"] == "none" else f"{CERTIFICATES}/{options['name']}"
            ),
        },
    }


def with_defaults(given: Options, health_path_given: bool) -> Options:
    """The options, with the defaults that follow from other options."""
    health, gunicorn, certbot = given["health"], given["gunicorn"], given["certbot"]
    usual = ["200-399"] if health_path_given else ["200-499"]
    return {
        **given,
        "user": given["user"] or given["name"],
        "flask_app": given["flask_app"] or given["wsgi"],
        "health": {**health, "statuses": health["statuses"] or usual},
        "certbot": {
            **certbot,
            "server": STAGING if certbot["server"] == "staging" else certbot["server"],
        },
        "nginx": {
            **given["nginx"],
            "timeout": given["nginx"]["timeout"] or max(gunicorn["timeout"], 60) + 5,
        },
    }


def paths_of(options: Options) -> Paths:
    """The layout on the host."""
    name, subdir = options["name"], options["source"]["subdir"]
    root, etc = f"/srv/{name}", f"/etc/{name}"
    return {
        "root": root,
        "repo": f"{root}/repo.git",
        "releases": f"{root}/releases",
        "current": f"{root}/current",
        "code": f"{root}/current/{subdir}" if subdir else f"{root}/current",
        "shared": f"{root}/shared",
        "slots": f"{root}/slots",
        "live_socket": f"{root}/live.sock",
        "etc": etc,
        "env_file": f"{etc}/environment",
        "gunicorn": f"{etc}/gunicorn.conf.py",
        "log": f"/var/log/{name}",
        "run": f"/run/{name}",
    }


def slots_of(name: str) -> dict[str, Slot]:
    """The two slots of an app."""
    return {
        slot: {
            "root": f"/srv/{name}/slots/{slot}",
            "socket": f"/run/{name}/{slot}/gunicorn.sock",
            "unit": f"flask-{name}@{slot}.service",
        }
        for slot in SLOTS
    }


def connection_of(options: Options, paths: Paths, fleet: Fleet) -> Connection:
    """How the app gets to its database."""
    database, user = options["database"], options["user"]
    name = options["name"].replace("-", "_")
    if database == "sqlite":
        url = f"sqlite:///{paths['shared']}/{options['name']}.db"
        return {"kind": "sqlite", "host": "", "name": name, "url": url}
    if database != "mysql":
        return {"kind": "url", "host": "", "name": "", "url": database}
    if fleet.database:
        url = fleets.remote_url(user, fleet.database, name)
        return {"kind": "mysql", "host": fleet.database, "name": name, "url": url}
    socket = "unix_socket=/run/mysqld/mysqld.sock&charset=utf8mb4"
    url = f"mysql+pymysql://{user}@localhost/{name}?{socket}"
    return {"kind": "mysql", "host": "", "name": name, "url": url}


def is_primary(options: Options, connection: Connection, fleet: Fleet) -> bool:
    """Whether this host does what is done once for the hosts of a database in the group db."""
    return not (connection["host"] and fleet.shares(options["name"], connection))


def background_of(options: Options, connection: Connection, fleet: Fleet) -> Background:
    """The processes and schedules that this host runs."""
    name = options["name"]

    def runs_here(part: Process | Schedule) -> bool:
        if part["hosts"] == "first":
            return fleet.first(name)
        return part["hosts"] == "all" or not fleet.shares(name, connection)

    return {
        "processes": [_process(name, each) for each in options["processes"] if runs_here(each)],
        "schedules": [_schedule(name, each) for each in options["schedules"] if runs_here(each)],
    }


def _process(app: str, process: Process) -> BackgroundProcess:
    numbers = ["", *(f".{number}" for number in range(2, process["count"] + 1))]
    unit = f"flask-{app}.{process['name']}"
    return {
        **process,
        "argv": shlex.split(process["command"]),
        "units": [f"{unit}{number}@.service" for number in numbers],
    }


def _schedule(app: str, schedule: Schedule) -> BackgroundSchedule:
    unit = f"flask-{app}.{schedule['name']}"
    return {
        **schedule,
        **times(f"schedules[{schedule['name']}].when", schedule["when"]),
        "argv": shlex.split(schedule["command"]),
        "timer": f"{unit}.timer",
        "service": f"{unit}.service",
        "template": f"{unit}@.service",
    }


def times(option: str, when: str) -> Times:
    """The times that an option gives, for systemd and for cron, or why cron cannot have them."""
    try:
        return {"option": option, "when": when, "crontab": crontab(when), "beyond_cron": ""}
    except UserError as error:
        return {"option": option, "when": when, "crontab": "", "beyond_cron": str(error)}


def backups_of(options: Options, paths: Paths, primary: bool) -> Backups:
    """The folder of the backups, what the program on the host has to know, and what timers run."""
    name, asked = options["name"], options["backup"]
    folder = asked["folder"] or f"/var/backups/{name}"
    when = asked["when"] if primary else ""
    drill = asked["drill"] if when else ""
    wanted = (("backup", "when", when), ("drill", "drill", drill))
    return {
        "folder": folder,
        "settings": {
            "name": name,
            "user": options["user"],
            "root": paths["root"],
            "shared": paths["shared"],
            "environment": paths["env_file"],
            "keep": asked["keep"],
            "command": asked["command"],
            "folder": folder,
            "when": when,
            "drill": drill,
        },
        "runs": [
            {
                "what": what,
                "unit": f"pyhost-flask-{what}-{name}",
                **times(f"backup.{option}", value),
            }
            for what, option, value in wanted
            if value
        ],
    }


def needs_systemd(options: Options, background: Background, backups: Backups) -> list[str]:
    """What of an app needs systemd, each with what to do on a host where it does not run."""
    path = f"flask_apps[{options['name']}]"
    needs = []
    if options["gunicorn"]["manager"] == "systemd":
        remedy = "set it to supervisor, which then starts the processes"
        needs.append(f"{path}.gunicorn.manager = 'systemd': {remedy}")
    timed: Sequence[Times] = (*background["schedules"], *backups["runs"])
    for each in timed:
        if each["beyond_cron"]:
            where = f"{path}.{each['option']} = {shown(each['when'])}"
            remedy = "choose times that cron can do, such as *:0/15 or Mon..Fri 03:30"
            needs.append(f"{where}: {each['beyond_cron']}; {remedy}")
    return needs


def variables_of(options: Options, paths: Paths, connection: Connection) -> dict[str, str]:
    """The app's environment; what the user wrote in ``env`` wins."""
    return {
        "DATABASE_URL": connection["url"],
        "FLASK_APP": options["flask_app"],
        "FLASK_SQLALCHEMY_DATABASE_URI": connection["url"],
        "HOME": paths["shared"],
        "PYTHONUNBUFFERED": "1",
        "SQLALCHEMY_DATABASE_URI": connection["url"],
        **options["env"],
    }


def dns_credentials(dns: Values) -> str:
    """The file that a DNS plugin of certbot reads its credentials from; empty for none."""
    plugin, credentials = dns["plugin"], dns["credentials"]
    if plugin == "google":
        return json.dumps(credentials, indent=2) + "\n" if credentials else ""
    prefix = f"dns_{plugin.replace('-', '_')}_"
    lines = []
    for name, value in credentials.items():
        quote = "'" if '"' in value else '"'
        lines.append(f"{prefix}{name.removeprefix(prefix)} = {quote}{value}{quote}\n")
    return "".join(lines)


def service_of(options: Options, paths: Paths, background: Background) -> Service:
    """What runs the app. Under supervisor, a slot's program is called like its unit, without the
    ending."""
    return {
        "name": options["name"],
        "root": paths["root"],
        "etc": paths["etc"],
        "run": paths["run"],
        "user": options["user"],
        "manager": options["gunicorn"]["manager"],
        "unit": f"flask-{options['name']}@.service",
        "processes": [unit for each in background["processes"] for unit in each["units"]],
        "host": options["domains"][0],
        "health": options["health"],
        "graceful_timeout": options["gunicorn"]["graceful_timeout"],
    }


def migration_of(options: Options, paths: Paths) -> Migration:
    """How the app's migrations are run."""
    return {
        "name": options["name"],
        "root": paths["root"],
        "user": options["user"],
        "environment": paths["env_file"],
        "flask_app": options["flask_app"],
        "folder": options["migrations"]["folder"],
        "subdir": options["source"]["subdir"],
        "dump": options["migrations"]["dump"],
        "automatic": options["migrate"] == "auto",
    }


def release_of(
    options: Options, paths: Paths, connection: Connection, migration: Migration
) -> Release:
    """What the app's releases are built from. The server and the driver of the database are
    installed with it."""
    packages = [
        "gunicorn" + WORKER_EXTRAS.get(options["gunicorn"]["worker_class"], ""),
        *(["pymysql"] if connection["kind"] == "mysql" else []),
        *options["python"]["packages"],
    ]
    return {
        "name": options["name"],
        "root": paths["root"],
        "user": options["user"],
        "environment": paths["env_file"],
        "source": options["source"],
        "python": {**options["python"], "packages": packages},
        "audit": options["audit"],
        "wsgi": options["wsgi"],
        "shared": options["shared"],
        "static": [each["folder"] for each in options["static"]],
        "keep": options["keep_releases"],
        "migration": migration,
    }


def environment(
    app: App, secrets: Mapping[str, str], previous: Mapping[str, str]
) -> dict[str, str]:
    """The app's variables with its secrets, and a previous key as a fallback.

    ``secrets`` are those that were made on the hosts, by their names (``app["secret_names"]``), and
    ``previous`` what they were before.
    """
    name, variables = app["name"], app["variables"]
    if app["connection"]["host"]:
        password = {"DATABASE_PASSWORD": secrets[fleets.secret_of(name)]}
        # First, for a user's variable may name one in which it stands.
        filled = {key: env_file.expand(value, password) for key, value in variables.items()}
        variables = {**password, **filled}
    if app["secret_key"]:
        return env_file.completed(variables, app["secret_key"])
    return env_file.completed(variables, secrets[name], previous.get(name, ""))

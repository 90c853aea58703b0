# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The app: what users say of it, and what follows from that.

``Options`` are an app's options, checked and with their defaults, under the names that users write.
Only those that code reads stand here; a template reads any of them, and all are described in
``roles/app/meta/argument_specs.yml``. ``App`` is a resolved app: its options, and beside them what
follows from them, in parts that have names of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import (
    Health,
    Info,
    Migration,
    Release,
    Service,
)

Values = Mapping[str, Any]  # options of one kind, such as those of ``source``, by their names


class Migrations(TypedDict):
    folder: str
    dump: bool


class Commands(TypedDict):
    once: list[str]
    release: list[str]


class Process(TypedDict):
    name: str
    command: str
    count: int
    hosts: str


class Schedule(TypedDict):
    name: str
    command: str
    when: str
    hosts: str


class File(TypedDict):
    name: str
    content: str | None
    template: str | None


class Static(TypedDict):
    url: str
    folder: str
    expires: str


class Backup(TypedDict):
    when: str
    keep: int
    drill: str
    folder: str
    command: str


class Options(TypedDict):
    """The options of an app."""

    name: str
    user: str
    source: Values
    wsgi: str
    flask_app: str
    python: Values
    audit: Values
    domains: list[str]
    https: str
    certificate: Values
    certbot: Values
    database: str  # sqlite, mysql, or the URL of a database that somebody else looks after
    migrate: str
    migrations: Migrations
    env: dict[str, str]
    files: list[File]
    secret_key: str | None
    commands: Commands
    processes: list[Process]
    schedules: list[Schedule]
    static: list[Static]
    shared: list[str]
    health: Health
    gunicorn: Values
    nginx: Values
    systemd: dict[str, str]
    backup: Backup
    keep_releases: int


class Paths(TypedDict):
    """Where an app is on its host."""

    root: str
    repo: str
    releases: str
    current: str  # a link to the live release
    code: str  # the app's folder in it
    shared: str
    slots: str
    live_socket: str
    etc: str
    env_file: str
    gunicorn: str  # its settings file
    log: str
    run: str


class Slot(TypedDict):
    """One of the two slots."""

    root: str
    socket: str
    unit: str


class Connection(TypedDict):
    """How an app gets to its database."""

    kind: str  # sqlite, mysql or url
    host: str  # of the group db; empty for this one, and for a URL
    name: str  # empty for a URL
    url: (
        str  # as SQLAlchemy takes it; the password of another host's stands as ${DATABASE_PASSWORD}
    )


class Times(TypedDict):
    """When something happens: the ``option`` that says so, for systemd and for cron."""

    option: str
    when: str
    crontab: str
    beyond_cron: str  # why cron cannot do that, or empty


class BackgroundProcess(Process):
    """A process that this host runs, and its template units, of which each slot has instances."""

    argv: list[str]
    units: list[str]


class BackgroundSchedule(Schedule, Times):
    """A schedule that this host runs. The timer starts the service, and that starts the template's
    instance of the live slot."""

    argv: list[str]
    timer: str
    service: str
    template: str


class Background(TypedDict):
    """What of an app this host runs beside the web server."""

    processes: list[BackgroundProcess]
    schedules: list[BackgroundSchedule]


class BackupRun(Times):
    """A timer of backups or drills, by its ``unit`` without an ending."""

    what: str
    unit: str


class Backups(TypedDict):
    """What is backed up, where, and when. ``settings`` is what the program on the host reads."""

    folder: str
    settings: dict[str, Any]
    runs: list[BackupRun]


class App(Options):
    """A resolved app."""

    paths: Paths
    slots: dict[str, Slot]
    connection: Connection
    background: Background
    backups: Backups
    primary: bool  # whether this host does what is done once for all that share the database
    secret_names: list[str]  # of the secrets that are made on the hosts
    variables: dict[str, str]  # its environment, before the secrets are filled in
    dns_credentials: str  # the file for certbot's DNS plugin; empty if there are none
    needs_systemd: list[str]  # what of it needs systemd, each with a remedy
    # What the modules of the host take, each whole.
    release: Release
    migration: Migration
    service: Service
    info: Info

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a resolved app that the modules of a host take, each of them whole.

The controller derives them once (``plugin_utils/_app/resolve.py``), as ``release``,
``migration``, ``service`` and ``info`` of an app, and a playbook hands them over as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict, TypeVar

from .errors import UserError


class Health(TypedDict):
    """What a good answer is. ``statuses`` are as in ``200`` or ``200-399``, ``timeout`` seconds."""

    path: str
    statuses: list[str]
    timeout: int


class Service(TypedDict):
    """An app by what runs it: its slots, and where they are on the host."""

    name: str
    root: str  # the app's folder, with releases/, slots/, current and live.sock
    etc: str  # the folder of its settings, of which each slot gets a copy
    run: str  # the folder with the slots' sockets
    user: str
    manager: str  # systemd or supervisor
    unit: str  # the template unit, such as flask-notes@.service
    processes: list[str]  # the template units of the background processes
    host: str  # the name that the health check asks for
    health: Health
    graceful_timeout: int  # seconds that the old slot gets to answer what it has accepted


class Migration(TypedDict):
    """An app by its database: how its migrations are run."""

    name: str
    root: str
    user: str
    environment: str  # the file with its variables
    flask_app: str
    folder: str  # of the migrations; empty where they are found by themselves
    subdir: str  # the app's folder in a release
    dump: bool  # whether the database is dumped first
    automatic: bool  # whether a deploy migrates


class Release(TypedDict):
    """An app by its releases: where its code comes from, and what is installed with it.

    ``source``, ``python`` and ``audit`` are the options of those names, whole; the packages that
    the collection adds are among ``python["packages"]``.
    """

    name: str
    root: str
    user: str
    environment: str  # the file with its variables; no import check where it does not exist
    source: Mapping[str, Any]
    python: Mapping[str, Any]
    audit: Mapping[str, Any]
    wsgi: str
    shared: list[str]
    static: list[str]  # folders that a release must have
    keep: int  # how many releases stay
    migration: Migration


class Info(TypedDict):
    """An app by all that is to be said of it. ``certificate`` is the folder with that of its site,
    or empty."""

    service: Service
    migration: Migration
    certificate: str


Part = TypeVar("Part", Service, Migration, Release, Info)


def read_all(part: type[Part], given: Iterable[Mapping[str, Any]]) -> list[Part]:
    """The parts of all apps, as the option ``apps`` of a module has them."""
    return [read(part, each, f"apps[{index}]") for index, each in enumerate(given)]


def read(part: type[Part], given: Mapping[str, Any], option: str) -> Part:
    """One of these, as it came over; ``UserError`` where something is missing or left over."""
    wanted = set(part.__annotations__)
    wrong = [f"{key} is missing" for key in sorted(wanted - set(given))]
    wrong += [f"{key} is unknown" for key in sorted(set(given) - wanted)]
    if wrong:
        raise UserError(
            f"{option}: {', '.join(wrong)}; hand over an app's {part.__name__.lower()} whole, as"
            " the filter pyhost.flask.resolve returns it"
        )
    return part(**given)

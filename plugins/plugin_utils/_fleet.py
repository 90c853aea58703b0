# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the groups of the inventory: the one place that knows ``flask`` and ``db`` by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from jinja2.runtime import Context

from ansible_collections.pyhost.flask.plugins.plugin_utils._app import fleet as app_fleet
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.fleet import Fleet

Variables = Mapping[str, Any] | Context  # of a task, or of a template


def groups(variables: Variables) -> tuple[list[str], list[str]]:
    """The hosts of the group ``flask`` and those of ``db``."""
    known = variables.get("groups") or {}
    return list(known.get("flask", [])), list(known.get("db", []))


def address(variables: Variables, host: str) -> str:
    """By what the other hosts reach a host."""
    own = variables["hostvars"][host]
    return str(own.get("flask_address") or own.get("ansible_host") or host)


def fleet(variables: Variables) -> Fleet:
    """The inventory, as the host sees it whose variables these are."""
    apps, databases = groups(variables)
    me = variables.get("inventory_hostname")
    before = apps[: apps.index(me)] if me in apps else []

    @cache
    def earlier() -> frozenset[tuple[str, str]]:
        return frozenset(app for host in before for app in _given(variables, host))

    return Fleet(address(variables, databases[0]) if databases else "", earlier)


def names(variables: Variables, host: str) -> list[str]:
    """The names of a host's apps, as they are given."""
    return [name for name, _database in _given(variables, host)]


def _given(variables: Variables, host: str) -> Iterable[tuple[str, str]]:
    """The names of a host's apps, and their databases, as they are given."""
    own = variables["hostvars"][host]
    common = (own.get("flask_defaults") or {}).get("database", "")
    for given in own.get("flask_apps") or []:
        if isinstance(given, Mapping) and "name" in given:
            yield given["name"], str(given.get("database", common))


def mistakes(variables: Variables) -> list[str]:
    """What is wrong with the groups."""
    apps, databases = groups(variables)
    if not databases:
        return []
    hosts = dict.fromkeys([*databases, *apps])
    return app_fleet.misplaced(databases, {host: address(variables, host) for host in hosts})

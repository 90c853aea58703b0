# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an app has to know of the other hosts of the inventory: where its database is, by which
password it gets in there, and which host acts for all.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from .app import App, Connection

# The certificate of the database's host, on the apps' hosts.
CERTIFICATE = "/etc/pyhost-flask/database.pem"
LOCAL_NAMES = ("", "localhost")
HOST = re.compile(r"[^/]*//(?:[^/]*@)?(\[[^]]*\]|[^/:?]*)")


@dataclass(frozen=True)
class Fleet:
    """The inventory, as one of the apps' hosts sees it.

    ``database`` is the address of the host of the group ``db``; without one, each host has its own
    databases. ``earlier`` finds the apps of the hosts before this one: their names, each with the
    ``database`` that it has there. To look at other hosts takes its time, and few apps ask for it.
    """

    database: str = ""
    earlier: Callable[[], frozenset[tuple[str, str]]] = frozenset

    def first(self, name: str) -> bool:
        """Whether no host before this one serves the app."""
        return name not in {served for served, _database in self.earlier()}

    def shares(self, name: str, connection: Connection) -> bool:
        """Whether a host before this one serves the app with the same database."""
        if connection["host"]:
            return not self.first(name)
        url = connection["url"]
        elsewhere = connection["kind"] == "url" and not is_local(host_of(url))
        return elsewhere and (name, url) in self.earlier()


ALONE = Fleet()


def secret_of(name: str) -> str:
    """The name under which the password of an app's database is kept."""
    return f"{name}.database"


def remote_url(user: str, address: str, name: str) -> str:
    """The URL of a database on another host; the app's environment fills the password in.

    With ``ssl_ca`` PyMySQL checks the certificate and the name in it, and so does our dump.
    """
    host = f"[{address}]" if ":" in address else address
    login = f"{quote(user)}:${{DATABASE_PASSWORD}}@{host}"
    return f"mysql+pymysql://{login}/{name}?charset=utf8mb4&ssl_ca={CERTIFICATE}"


def host_of(url: str) -> str:
    """The host in a URL of SQLAlchemy; empty where it has none, as for SQLite."""
    found = HOST.match(url)
    return found[1].strip("[]") if found else ""


def served(apps: Mapping[str, Sequence[App]]) -> list[dict[str, Any]]:
    """The databases that the server has for the apps of each address."""
    found: dict[str, dict[str, Any]] = {}
    for address, those in apps.items():
        for app in those:
            if app["connection"]["kind"] != "mysql":
                continue
            name = app["connection"]["name"]
            entry = {"name": name, "user": app["user"], "secret": secret_of(app["name"])}
            found.setdefault(name, {**entry, "hosts": []})["hosts"].append(address)
    return list(found.values())


def misplaced(databases: Sequence[str], addresses: Mapping[str, str]) -> list[str]:
    """Why the hosts of the group ``db`` cannot serve the others. ``addresses`` are those of the
    hosts of both groups."""
    if len(databases) > 1:
        hosts = ", ".join(databases)
        return [f"the group db has several hosts ({hosts}); one of them can have the databases"]
    return [
        f"{host}: the other hosts cannot reach it at {address!r}; set ansible_host of it, or"
        " flask_address where they know it by another address than the controller"
        for host, address in addresses.items()
        if is_local(address)
    ]


def is_local(address: str) -> bool:
    """Whether it means the very host that uses it."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address in LOCAL_NAMES

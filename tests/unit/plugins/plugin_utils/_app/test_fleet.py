# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.filter.databases import databases
from ansible_collections.pyhost.flask.plugins.filter.resolve import resolve
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import derive, fleet
from ansible_collections.pyhost.flask.plugins.plugin_utils._fleet import mistakes

NOTES: dict[str, Any] = {
    "name": "notes",
    "source": {"git": "https://git.example.org/notes.git"},
    "wsgi": "notes:create_app()",
    "domains": ["notes.example.org"],
    "certbot": {"email": "ops@example.org"},
    "database": "mysql",
}
SQLITE = {**NOTES, "name": "blog", "domains": ["blog.example.org"], "database": "sqlite"}
URL = {**SQLITE, "database": "mysql+pymysql://blog:pw@elsewhere/blog"}


def inventory(me: str = "app1", **changes: Any) -> Any:
    """The variables of a host of two with apps and one with databases."""
    hosts: dict[str, dict[str, Any]] = {
        "app1": {"flask_apps": [NOTES, SQLITE], "ansible_host": "203.0.113.1"},
        "app2": {"flask_apps": [NOTES], "ansible_host": "app2.example.org"},
        "db1": {"ansible_host": "203.0.113.3", "flask_address": "10.0.0.3"},
    }
    for host, change in changes.items():
        hosts[host].update(change)
    groups = {"flask": ["app1", "app2"], "db": ["db1"]}
    return {"groups": groups, "hostvars": hosts, "inventory_hostname": me}


def test_the_database_is_on_the_host_of_the_group() -> None:
    (notes, blog) = resolve(inventory(), [NOTES, SQLITE])
    assert (notes["connection"]["kind"], notes["connection"]["host"]) == ("mysql", "10.0.0.3")
    assert notes["secret_names"] == ["notes", "notes.database"]
    assert (blog["connection"]["kind"], blog["connection"]["host"], blog["secret_names"]) == (
        "sqlite",
        "",
        ["blog"],
    )
    (other,) = resolve(inventory(), [URL])
    assert (other["connection"]["url"], other["connection"]["host"]) == (URL["database"], "")


def test_without_the_group_it_is_on_each_host() -> None:
    without: list[Any] = [{}, {"groups": {"flask": ["app1"], "db": []}}]
    for variables in without:
        (notes,) = resolve(variables, [NOTES])
        assert (notes["connection"]["host"], notes["secret_names"], notes["primary"]) == (
            "",
            ["notes"],
            True,
        )
        assert "unix_socket=" in notes["connection"]["url"]


def test_the_password_is_filled_in_wherever_the_url_stands() -> None:
    app = {**NOTES, "env": {"MINE": "${DATABASE_URL}&a=b"}, "secret_key": "k3y"}
    (notes,) = resolve(inventory(), [app])
    assert notes["secret_names"] == ["notes.database"]
    found = derive.environment(notes, {"notes.database": "pw"}, {"notes.database": "0ld"})
    where = dumps.location(found["DATABASE_URL"])
    assert where is not None
    assert (where["host"], where["user"], where["password"]) == ("10.0.0.3", "notes", "pw")
    assert where["query"]["ssl_ca"] == "/etc/pyhost-flask/database.pem"
    assert found["MINE"] == found["DATABASE_URL"] + "&a=b"
    assert not [name for name in found if "FALLBACKS" in name]


def test_an_address_of_ipv6() -> None:
    (notes,) = resolve(inventory(db1={"flask_address": "fd00::3"}), [NOTES])
    where = dumps.location(
        derive.environment(notes, dict.fromkeys(notes["secret_names"], "pw"), {})["DATABASE_URL"]
    )
    assert where is not None
    assert where["host"] == "fd00::3"


@pytest.mark.parametrize(
    ("me", "app", "units"),
    [
        ("app1", NOTES, ["pyhost-flask-backup-notes", "pyhost-flask-drill-notes"]),
        ("app2", NOTES, []),
        # Its database is its own.
        ("app2", SQLITE, ["pyhost-flask-backup-blog", "pyhost-flask-drill-blog"]),
    ],
)
def test_one_host_backs_a_shared_database_up(me: str, app: Any, units: list[str]) -> None:
    (found,) = resolve(inventory(me), [app])
    assert [run["unit"] for run in found["backups"]["runs"]] == units
    assert bool(found["backups"]["settings"]["when"]) == bool(units)


PARTS = {
    "processes": [
        {"name": "worker", "command": "flask worker"},
        {"name": "beat", "command": "flask beat", "hosts": "first"},
    ],
    "schedules": [
        {"name": "mail", "command": "flask mail", "when": "daily"},
        {"name": "clean", "command": "flask clean", "when": "daily", "hosts": "all"},
        {"name": "report", "command": "flask report", "when": "daily", "hosts": "first"},
    ],
}
LOCAL = {**URL, "database": "postgresql://blog@localhost/blog"}


@pytest.mark.parametrize(
    ("me", "changes", "app", "names"),
    [
        ("app1", {}, NOTES, "worker beat mail clean report"),
        ("app2", {}, NOTES, "worker clean"),
        # The first host that has the app, and not the first one of all.
        ("app2", {"app1": {"flask_apps": [SQLITE]}}, NOTES, "worker beat mail clean report"),
        # Where each host has its own data, each runs what has no other word.
        ("app2", {}, SQLITE, "worker mail clean"),
        ("app2", {"app1": {"flask_apps": [LOCAL]}}, LOCAL, "worker mail clean"),
        # The same database elsewhere, and two.
        ("app2", {"app1": {"flask_apps": [URL]}}, URL, "worker clean"),
        ("app2", {}, URL, "worker mail clean"),
        (
            "app2",
            {
                "app1": {
                    "flask_apps": [{"name": "blog"}],
                    "flask_defaults": {"database": URL["database"]},
                }
            },
            URL,
            "worker clean",
        ),
    ],
)
@pytest.mark.parametrize("group", [["db1"], []])
def test_where_processes_and_schedules_run(
    group: list[str], me: str, changes: Any, app: Any, names: str
) -> None:
    variables = inventory(me, **changes)
    variables["groups"]["db"] = group
    if not group and app is NOTES and names == "worker clean":
        names = "worker mail clean"  # each host has a database of its own
    (found,) = resolve(variables, [{**app, **PARTS}])
    parts = [*found["background"]["processes"], *found["background"]["schedules"]]
    assert " ".join(part["name"] for part in parts) == names


def test_no_other_host_is_looked_at_without_need() -> None:
    variables = inventory("app2")
    variables["groups"]["db"] = []
    variables["hostvars"] = {}
    for app in (NOTES, SQLITE, LOCAL):
        (found,) = resolve(variables, [{**app, "schedules": PARTS["schedules"][:2]}])
        assert len(found["background"]["schedules"]) == 2


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("sqlite:////srv/blog/blog.db", ""),
        ("mysql+pymysql://db1/blog", "db1"),
        ("mysql+pymysql://blog:p@ss[w@db1:3306/blog", "db1"),
        ("postgresql://[::1]:5432/blog?a=b@c", "::1"),
        ("postgresql://blog@/blog?host=/run/postgresql", ""),
    ],
)
def test_the_host_of_a_url(url: str, host: str) -> None:
    assert fleet.host_of(url) == host


def test_what_the_server_has_for_the_hosts() -> None:
    entry = {"name": "notes", "user": "notes", "secret": "notes.database"}
    variables = inventory(app2={"flask_address": "10.0.0.2"})
    assert databases(variables, ["app1", "app2"]) == [
        {**entry, "hosts": ["203.0.113.1", "10.0.0.2"]}
    ]


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, ""),
        (
            {"db1": {"flask_address": "localhost"}},
            "db1: the other hosts cannot reach it at 'localhost'",
        ),
        (
            {"app1": {"ansible_host": "127.0.0.1"}},
            "app1: the other hosts cannot reach it at '127.0",
        ),
        ({"app1": {"ansible_host": "::1", "flask_address": "10.0.0.1"}}, ""),
    ],
)
def test_addresses_that_nobody_else_can_use(changes: dict[str, Any], text: str) -> None:
    found = "".join(mistakes(inventory(**changes)))
    assert text in found
    assert bool(found) == bool(text)


def test_one_host_has_the_databases() -> None:
    variables = inventory()
    variables["groups"]["db"].append("app1")
    assert "the group db has several hosts (db1, app1)" in mistakes(variables)[0]

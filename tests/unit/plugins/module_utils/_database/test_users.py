# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import re
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._database import remote_access, users
from ansible_collections.pyhost.flask.plugins.module_utils._database.flavor import (
    MARIADB,
    MYSQL,
    Flavor,
)
from ansible_collections.pyhost.flask.plugins.module_utils._database.remote_access import addresses
from ansible_collections.pyhost.flask.plugins.module_utils._database.users import HASH, Server, User

SOCKET = MARIADB.socket_login
MYSQL_REST = " REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT"
NOTES = r"ALL PRIVILEGES ON `my\_notes`.*"
ME = "`notes`@`localhost`"


def named(name: str, user: str, *hosts: str) -> dict[str, Any]:
    return {"name": name, "user": user, "hosts": list(hosts), "secret": "notes.database"}


WANT = users.wanted([named("my_notes", "notes")], MARIADB, {}, {})
CREATE = "CREATE DATABASE `my_notes` CHARACTER SET utf8mb4"
REVOKE = f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {ME}"
GRANT = rf"GRANT ALL PRIVILEGES ON `my\_notes`.* TO {ME}"
OTHERS = {"backup@localhost": User("VIA unix_socket", frozenset({"SELECT ON *.*"}))}


def server(login: str, *rights: str) -> Server:
    return Server(
        frozenset({"my_notes", "shop"}), {"notes@localhost": User(login, frozenset(rights))}
    )


@pytest.mark.parametrize(
    ("have", "statements"),
    [
        (Server(), [CREATE, f"CREATE USER {ME} IDENTIFIED VIA unix_socket", GRANT]),
        (Server(frozenset({"my_notes"}), OTHERS), [f"CREATE USER {ME} IDENTIFIED {SOCKET}", GRANT]),
        (Server(frozenset(), server(SOCKET, NOTES).users), [CREATE]),
        (server(SOCKET, NOTES), []),
        (server(SOCKET), [GRANT]),
        (server("BY PASSWORD '*00'", NOTES), [f"ALTER USER {ME} IDENTIFIED VIA unix_socket"]),
        # _ without a backslash stands for any character: rights on the database myxnotes too.
        (server(SOCKET, "ALL PRIVILEGES ON `my_notes`.*"), [REVOKE, GRANT]),
        (server(SOCKET, NOTES, "SELECT ON `shop`.*"), [REVOKE, GRANT]),
        (server(SOCKET, NOTES + " WITH GRANT OPTION"), [REVOKE, GRANT]),
    ],
)
def test_plan(have: Server, statements: list[str]) -> None:
    assert users.plan(WANT, have) == statements
    after = Server(have.databases | WANT.databases, {**have.users, **WANT.users})
    assert users.plan(WANT, after) == []


def test_plan_for_mysql() -> None:
    want = users.wanted([named("my_notes", "notes")], MYSQL, {}, {})
    login = "IDENTIFIED WITH 'auth_socket'"
    assert users.plan(want, Server()) == [CREATE, f"CREATE USER {ME} {login}", GRANT]
    assert users.plan(want, server("", NOTES)) == [f"ALTER USER {ME} {login}"]
    assert users.plan(want, server("WITH 'auth_socket'", NOTES)) == []


def test_one_user_has_several_databases() -> None:
    want = users.wanted([named(name, "notes") for name in ("a", "b")], MARIADB, {}, {})
    assert want.users["notes@localhost"].rights == {
        "ALL PRIVILEGES ON `a`.*",
        "ALL PRIVILEGES ON `b`.*",
    }


@pytest.mark.parametrize("name", ["", "a`b", "a b", "a'b", "a\\b", "a%", "a\n", "a" * 65])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UserError, match="is not a valid name here"):
        users.wanted([named("notes", name)], MARIADB, {}, {})


@pytest.mark.parametrize(
    ("lines", "user"),
    [
        (
            [
                f"CREATE USER {ME} IDENTIFIED VIA unix_socket",
                f"GRANT USAGE ON *.* TO {ME} IDENTIFIED VIA unix_socket",
                rf"GRANT ALL PRIVILEGES ON `my\_notes`.* TO {ME}",
            ],
            User(SOCKET, frozenset({NOTES})),
        ),
        (
            [
                f"CREATE USER {ME} IDENTIFIED BY PASSWORD '*00' PASSWORD EXPIRE",
                f"GRANT SELECT ON *.* TO {ME} IDENTIFIED BY PASSWORD '*00' WITH GRANT OPTION",
            ],
            User("BY PASSWORD '*00'", frozenset({"SELECT ON *.* WITH GRANT OPTION"})),
        ),
        (
            [
                f"CREATE USER {ME} IDENTIFIED {SOCKET} REQUIRE SSL WITH MAX_STATEMENT_TIME 9",
                f"GRANT USAGE ON *.* TO {ME} IDENTIFIED VIA unix_socket REQUIRE SSL",
            ],
            User(SOCKET, require=" REQUIRE SSL"),
        ),
        (
            [
                f"CREATE USER {ME} IDENTIFIED VIA unix_socket OR ed25519 USING 'x' ACCOUNT LOCK",
                f"GRANT USAGE ON *.* TO {ME} IDENTIFIED VIA unix_socket OR ed25519 USING 'x'",
            ],
            User("VIA unix_socket OR ed25519 USING 'x'"),
        ),
        ([f"GRANT `readers` TO {ME}", f"GRANT USAGE ON *.* TO {ME}"], User()),
        # As MySQL 9.7 writes it.
        (
            [
                f"CREATE USER {ME} IDENTIFIED WITH 'auth_socket'{MYSQL_REST}",
                f"GRANT USAGE ON *.* TO {ME}",
                rf"GRANT ALL PRIVILEGES ON `my\_notes`.* TO {ME}",
            ],
            User(MYSQL.socket_login, frozenset({NOTES})),
        ),
        # The hash of a password is of any characters, and here one of them ends the line.
        (
            [
                f"CREATE USER {ME} IDENTIFIED WITH 'caching_sha2_password' AS '$A$",
                f"x'{MYSQL_REST}",
                f"GRANT USAGE ON *.* TO {ME}",
            ],
            User("WITH 'caching_sha2_password' AS '$A$"),
        ),
    ],
)
def test_parse_users(lines: list[str], user: User) -> None:
    assert users.parse_users(lines) == {"notes@localhost": user}


ROOT = User("VIA mysql_native_password USING 'invalid' OR unix_socket")
GUESSED = User("VIA mysql_native_password USING '*81F5E21E35407D884A6CD4A731AEBFB6AF209E1B'")
TEST = frozenset({"test", "my_notes"})


@pytest.mark.parametrize(
    ("have", "statements"),
    [
        (Server(users={"root@localhost": ROOT}), []),
        (Server(users={"root@localhost": User("VIA unix_socket")}), []),
        (Server(users={"root@localhost": GUESSED}), [
            "ALTER USER `root`@`localhost` IDENTIFIED VIA unix_socket",
        ]),
        (Server(open_accounts=frozenset({"@web1", "root@%"})), [
            "DROP USER ''@'web1'",
            "DROP USER 'root'@'%'",
        ]),
        (Server(open_rights=frozenset({"test", "test\\_%"})), [
            "DELETE FROM mysql.db WHERE User IN ('', 'PUBLIC') AND Db IN ('test', 'test\\\\_%')",
            "FLUSH PRIVILEGES",
        ]),
        (Server(TEST), ["DROP DATABASE `test`"]),
        (Server(TEST, filled=frozenset({"test"})), []),
    ],
)  # fmt: skip
def test_what_stands_open_is_closed(have: Server, statements: list[str]) -> None:
    assert users.plan_secure(WANT, have, SOCKET) == statements
    own = users.wanted([named("test", "test")], MARIADB, {}, {})
    assert users.plan_secure(own, Server(TEST), SOCKET) == []


# Users on other hosts. The hashes are what PASSWORD('new') and PASSWORD('old') of MariaDB say.
NEW, OLD = "*6FE2B845E049CDA9EFED8CFAF265CD29622FD852", "*CD02AC33DE7D3D2AFEDF5F2BAB51B07CDB499E79"
SSL = " REQUIRE SSL"
ONE, BOTH = (
    f"BY PASSWORD '{NEW}'",
    f"VIA mysql_native_password USING '{NEW}' OR mysql_native_password USING '{OLD}'",
)
AWAY = "`notes`@`10.0.0.5`"
RIGHTS = [
    f"ALL PRIVILEGES ON `notes{end}`.*"
    for end in ("", r"\_drill\_", r"\_replaced\_", r"\_restored\_", r"\_restoring\_")
]


def serving(login: str, *addresses: str, require: str = SSL) -> Server:
    user = User(login, frozenset(RIGHTS), require)
    return Server(frozenset({"notes"}), {f"notes@{address}": user for address in addresses})


@pytest.mark.parametrize(
    ("login", "have", "statements"),
    [
        (ONE, Server(frozenset({"notes"})), [
            f"CREATE USER {AWAY} IDENTIFIED {ONE} REQUIRE SSL",
            *(f"GRANT {right} TO {AWAY}" for right in sorted(RIGHTS)),
        ]),
        (ONE, serving(ONE, "10.0.0.5"), []),
        (BOTH, serving(ONE, "10.0.0.5"), [f"ALTER USER {AWAY} IDENTIFIED {BOTH} REQUIRE SSL"]),
        (ONE, serving(BOTH, "10.0.0.5"), [f"ALTER USER {AWAY} IDENTIFIED {ONE} REQUIRE SSL"]),
        (ONE, serving(ONE, "10.0.0.5", require=""), [
            f"ALTER USER {AWAY} IDENTIFIED {ONE} REQUIRE SSL",
        ]),
        # A host that left the inventory; what the app of this host had before it was moved stays.
        (ONE, serving(ONE, "10.0.0.5", "10.0.0.6", "localhost"), ["DROP USER `notes`@`10.0.0.6`"]),
    ],
)  # fmt: skip
def test_users_on_other_hosts(login: str, have: Server, statements: list[str]) -> None:
    previous = {"notes.database": "old"} if login == BOTH else {}
    database = named("notes", "notes", "10.0.0.5")
    want = users.wanted([database], MARIADB, {"notes.database": "new"}, previous)
    assert users.plan(want, have) == statements
    assert users.plan(want, serving(login, "10.0.0.5")) == []
    assert NEW not in HASH.sub("*", "".join(statements))


KEPT = {name: MYSQL.password_login([name], "notes@10.0.0.5")[0] for name in ("new", "old", "odd")}
FRESH, STALE, ODD = KEPT["new"], KEPT["old"], KEPT["odd"]
NOW = f"ALTER USER {AWAY} IDENTIFIED {FRESH} REQUIRE SSL"
BESIDE = f"ALTER USER {AWAY} IDENTIFIED {FRESH} RETAIN CURRENT PASSWORD REQUIRE SSL"
BACK = f"ALTER USER {AWAY} IDENTIFIED {STALE} REQUIRE SSL"
FORGET = f"ALTER USER {AWAY} DISCARD OLD PASSWORD"


def keeping(login: str, second: str = "", require: str = SSL) -> Server:
    user = User(login, frozenset(RIGHTS), require, second)
    return Server(frozenset({"notes"}), {"notes@10.0.0.5": user})


@pytest.mark.parametrize(
    ("previous", "have", "statements"),
    [
        ("", keeping(FRESH), []),
        ("", keeping(FRESH, require=""), [NOW]),
        ("", keeping(STALE), [NOW]),
        ("", keeping("WITH 'auth_socket'"), [NOW]),
        ("", keeping(FRESH, STALE), [FORGET]),
        ("", keeping(STALE, FRESH), [NOW, FORGET]),
        ("old", keeping(FRESH, STALE), []),
        ("old", keeping(STALE), [BESIDE]),
        ("old", keeping(STALE, ODD), [BESIDE]),
        ("old", keeping(ODD), [BACK, BESIDE]),
        ("old", keeping(ODD, FRESH), [BACK, BESIDE]),
        # The apps may already use the new one: it is good in between as well.
        ("old", keeping(FRESH), [BACK.replace(SSL, f" RETAIN CURRENT PASSWORD{SSL}"), BESIDE]),
    ],
)
def test_passwords_on_mysql(previous: str, have: Server, statements: list[str]) -> None:
    given = {"notes.database": previous} if previous else {}
    database = named("notes", "notes", "10.0.0.5")
    want = users.wanted([database], MYSQL, {"notes.database": "new"}, given)
    assert users.plan(want, have) == statements
    assert users.plan(want, keeping(FRESH, STALE if previous else "")) == []
    created = users.plan(want, Server(frozenset({"notes"})))
    grants = [f"GRANT {right} TO {AWAY}" for right in sorted(RIGHTS)]
    first = f"CREATE USER {AWAY} IDENTIFIED {STALE if previous else FRESH} REQUIRE SSL"
    assert created == [first, *([BESIDE] if previous else []), *grants]
    shown = HASH.sub("*", "".join(statements + created))
    assert "'caching_sha2_password' AS '*'" in shown
    assert "$A$" not in shown


def test_parse_what_mysql_keeps_of_two_passwords() -> None:
    lines = [
        f"CREATE USER {AWAY} IDENTIFIED {FRESH} REQUIRE SSL{MYSQL_REST.partition('NONE')[2]}",
        f"GRANT USAGE ON *.* TO {AWAY}",
    ]
    kept = re.findall(r"AS '(.+)'", STALE)[0]
    seconds = [f"notes@10.0.0.5 {kept.encode().hex().upper()}", "shop@10.0.0.5 24"]
    assert users.parse_users(lines, seconds) == {
        "notes@10.0.0.5": User(FRESH, frozenset(), SSL, STALE),
    }


def test_a_password_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"none of the name 'notes.database'"):
        users.wanted([named("notes", "notes", "10.0.0.5")], MARIADB, {}, {})


@pytest.mark.parametrize(
    ("flavor", "version", "good"),
    [
        (MARIADB, "10.4.2-MariaDB", True),
        (MARIADB, "10.3.39-MariaDB-0+deb10u1", False),
        (MARIADB, "11.8.3-MariaDB-0+deb13u1 from Debian", True),
        (MYSQL, "8.0.14", True),
        (MYSQL, "8.0.13-commercial", False),
        (MYSQL, "5.7.44-log", False),
        (MYSQL, "9.7.4-2", True),
    ],
)
def test_a_server_that_is_too_old(flavor: Flavor, version: str, good: bool) -> None:
    text = rf"{re.escape(f'{flavor.name} {version}')} is too old .* has to be \d+\.\d+(\.14)? or"
    with contextlib.nullcontext() if good else pytest.raises(UserError, match=text):
        remote_access.check_version(flavor, version)


def test_a_host_that_nobody_knows() -> None:
    assert addresses(["192.0.2.7"]) == {"192.0.2.7": ["192.0.2.7"]}
    with pytest.raises(UserError, match=r"localhost: .*Set flask_address of that host"):
        addresses(["localhost"])
    with pytest.raises(UserError, match=r"no-such-host.invalid: .*cannot find its address"):
        addresses(["no-such-host.invalid"])

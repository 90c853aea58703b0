# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._mysql_flavor import MARIADB, MYSQL
from ansible_collections.pyhost.flask.plugins.modules.database import (
    DatabaseError,
    Server,
    User,
    parse_users,
    plan,
    plan_secure,
    wanted,
)

SOCKET = MARIADB.socket_login
MYSQL_REST = " REQUIRE NONE PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT"
NOTES = r"ALL PRIVILEGES ON `my\_notes`.*"
ME = "`notes`@`localhost`"
WANT = wanted([{"name": "my_notes", "user": "notes"}], SOCKET)
CREATE = "CREATE DATABASE `my_notes` CHARACTER SET utf8mb4"
REVOKE = f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {ME}"
GRANT = rf"GRANT ALL PRIVILEGES ON `my\_notes`.* TO {ME}"
OTHERS = {"backup": User("VIA unix_socket", frozenset({"SELECT ON *.*"}))}


def server(login: str, *rights: str) -> Server:
    return Server(frozenset({"my_notes", "shop"}), {"notes": User(login, frozenset(rights))})


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
    assert plan(WANT, have) == statements
    after = Server(have.databases | WANT.databases, {**have.users, **WANT.users})
    assert plan(WANT, after) == []


def test_plan_for_mysql() -> None:
    want = wanted([{"name": "my_notes", "user": "notes"}], MYSQL.socket_login)
    login = "IDENTIFIED WITH 'auth_socket'"
    assert plan(want, Server()) == [CREATE, f"CREATE USER {ME} {login}", GRANT]
    assert plan(want, server("", NOTES)) == [f"ALTER USER {ME} {login}"]
    assert plan(want, server("WITH 'auth_socket'", NOTES)) == []


def test_one_user_has_several_databases() -> None:
    want = wanted([{"name": name, "user": "notes"} for name in ("a", "b")], SOCKET)
    assert want.users["notes"].rights == {"ALL PRIVILEGES ON `a`.*", "ALL PRIVILEGES ON `b`.*"}


@pytest.mark.parametrize("name", ["", "a`b", "a b", "a'b", "a\\b", "a%", "a\n", "a" * 65])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(DatabaseError, match="is no name here"):
        wanted([{"name": "notes", "user": name}], SOCKET)


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
            User(SOCKET),
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
    assert parse_users(lines) == {"notes": user}


ROOT = User("VIA mysql_native_password USING 'invalid' OR unix_socket")
GUESSED = User("VIA mysql_native_password USING '*81F5E21E35407D884A6CD4A731AEBFB6AF209E1B'")
TEST = frozenset({"test", "my_notes"})


@pytest.mark.parametrize(
    ("have", "statements"),
    [
        (Server(users={"root": ROOT}), []),
        (Server(users={"root": User("VIA unix_socket")}), []),
        (Server(users={"root": GUESSED}), [
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
    assert plan_secure(WANT, have, SOCKET) == statements
    own = wanted([{"name": "test", "user": "test"}], SOCKET)
    assert plan_secure(own, Server(TEST), SOCKET) == []

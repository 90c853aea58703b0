# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._database import (
    settings as database_settings,
)
from ansible_collections.pyhost.flask.plugins.module_utils._database.flavor import (
    MARIADB,
    MYSQL,
    Flavor,
)
from ansible_collections.pyhost.flask.plugins.module_utils._database.settings import MIB, Server

WANT = {"bind_address": "127.0.0.1", "max_connections": "300", "slow_query_log": "ON"}
TEXT = database_settings.option_file(WANT)
RUNS = {"bind_address": "127.0.0.1", "max_connections": "300", "slow_query_log": "ON", "port": "3"}
FIXED = frozenset({"bind_address", "port"})
SETTLED = Server(TEXT, RUNS, FIXED)


def running(**variables: str) -> Server:
    return replace(SETTLED, variables={**RUNS, **variables})


@pytest.mark.parametrize(
    ("have", "text", "statements", "back", "waiting"),
    [
        (SETTLED, None, [], [], []),
        (Server(), TEXT, [], [], []),
        (replace(SETTLED, text="[mysqld]\n"), TEXT, [], [], []),
        (running(max_connections="151"), None, ["max_connections = 300"],
         ["max_connections = 151"], []),
        (running(bind_address="*"), None, [], [], ["bind_address"]),
        (running(max_connections="151", max_connections_max="200"), None, [], [],
         ["max_connections"]),
        (replace(SETTLED, text=TEXT + "sort_buffer_size = 2M\nport = 3\nplugin = x\n",
                 variables={**RUNS, "sort_buffer_size": "2097152"}),
         TEXT, ["sort_buffer_size = DEFAULT"], ["sort_buffer_size = 2097152"], []),
    ],
)  # fmt: skip
def test_plan(
    have: Server, text: str | None, statements: list[str], back: list[str], waiting: list[str]
) -> None:
    found = database_settings.plan(WANT, have)
    assert (found.text, found.before) == (text, have.text)
    assert found.statements == tuple(f"SET GLOBAL {one}" for one in statements)
    assert found.back == tuple(f"SET GLOBAL {one}" for one in back)
    assert found.waiting == tuple(waiting)
    left = {
        name: value for name, value in have.variables.items() if name.startswith(tuple(waiting))
    }
    after = replace(SETTLED, variables={**RUNS, **left})
    assert database_settings.plan(WANT, after) == replace(
        found, text=None, before=TEXT, statements=(), back=(), waiting=tuple(waiting)
    )
    assert database_settings.differing(WANT, after) == tuple(waiting)


@pytest.mark.parametrize(
    ("mib", "pool"), [(256, "64M"), (512, "128M"), (2048, "512M"), (3900, "896M"), (8192, "2048M")]
)
def test_a_quarter_of_the_memory_is_for_tables(mib: int, pool: str) -> None:
    assert database_settings.defaults(MARIADB, mib * MIB, 0)["innodb_buffer_pool_size"] == pool


@pytest.mark.parametrize("flavor", [MARIADB, MYSQL])
def test_it_listens_on_this_host_alone(flavor: Flavor) -> None:
    own = database_settings.defaults(flavor, 2048 * MIB, 0)
    addresses = {name: value for name, value in own.items() if name.endswith("bind_address")}
    assert set(addresses.values()) == {"127.0.0.1"}
    assert ("mysqlx_bind_address" in addresses) == (flavor is MYSQL)


def test_the_users_settings_win() -> None:
    own = database_settings.defaults(MARIADB, 2048 * MIB, 2)
    found = database_settings.merged(
        own, {"Long-Query-Time": 0.5, "log_bin": True, "local_infile": False}
    )
    assert found["long_query_time"] == "0.5"
    assert (found["log_bin"], found["local_infile"], found["slow_query_log"]) == ("ON", "OFF", "ON")
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"max connections": 1},
            "mysql_settings: 'max connections' is not a valid name of a setting",
        ),
        ({"[client]": 1}, "is not a valid name of a setting"),
        ({"port": "1\n[client]"}, "mysql_settings.port: must be one word"),
        ({"port": None}, "mysql_settings.port: must be one word"),
        ({"port": [1]}, "mysql_settings.port: must be one word"),
    ],
)
def test_what_is_no_setting(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError) as caught:
        database_settings.merged({}, settings)
    assert text in str(caught.value)


CHUNKS = {"innodb_buffer_pool_chunk_size": str(128 * MIB), "innodb_buffer_pool_instances": "2"}


@pytest.mark.parametrize(
    ("wanted", "found", "others", "settled"),
    [
        (512, 512, CHUNKS, True),
        (300, 512, CHUNKS, True),
        (300, 512, {**CHUNKS, "innodb_buffer_pool_instances": "1"}, False),
        (256, 512, CHUNKS, False),
        (512, 256, CHUNKS, False),
        (300, 512, {}, False),
        (300, 512, {"innodb_buffer_pool_chunk_size": "0"}, False),
    ],
)
def test_memory_that_the_server_rounds_up(
    wanted: int, found: int, others: dict[str, str], settled: bool
) -> None:
    have = Server(variables={"innodb_buffer_pool_size": str(found * MIB), **others})
    assert database_settings.differing({"innodb_buffer_pool_size": f"{wanted}M"}, have) == (
        () if settled else ("innodb_buffer_pool_size",)
    )


@pytest.mark.parametrize(
    ("wanted", "found", "equal"),
    [
        ("128M", "134217728", True),
        ("1g", "1073741824", True),
        ("ON", "1", True),
        ("off", "OFF", True),
        ("2", "2.000000", True),
        ("utf8mb4", "UTF8MB4", True),
        ("128M", "134217729", False),
        ("/var/log/mysql/slow.log", "", False),
    ],
)
def test_same(wanted: str, found: str, equal: bool) -> None:
    assert database_settings.same(wanted, found) == equal


@pytest.mark.parametrize(
    ("text", "sql"),
    [("128M", "134217728"), ("0.5", "0.5"), ("ON", "1"), ("utf8mb4", "'utf8mb4'"),
     ("it's\\", "'it''s\\\\'")],
)  # fmt: skip
def test_literal(text: str, sql: str) -> None:
    assert database_settings.literal(text) == sql


@pytest.mark.parametrize(("databases", "used"), [(["mysql", "test"], False), (["notes"], True)])
def test_whether_somebody_would_miss_the_server(databases: list[str], used: bool) -> None:
    assert Server(databases=frozenset(databases)).used == used


# As MariaDB 11.8 wrote it.
SAID = """\
2026-11-21 16:04:49 0 [Warning] Could not increase number of max_open_files to more than 20000
2026-11-21 16:04:50 0 [ERROR] mariadbd: unknown variable 'innodb_buffer_pool_sise=12M'
mariadbd: Character set 'klingon' is not a compiled character set
mariadbd: Character set 'klingon' is not a compiled character set
"""


def test_complaints() -> None:
    klingon = "mariadbd: Character set 'klingon' is not a compiled character set"
    unknown = "[ERROR] mariadbd: unknown variable 'innodb_buffer_pool_sise=12M'"
    assert database_settings.complaints(SAID) == [unknown, klingon]
    assert database_settings.complaints(SAID, "2026-11-20 1:04:50 7 " + unknown) == [klingon]
    assert database_settings.complaints("2026-11-21 16:04:49 0 [Warning] nothing\n") == []
    assert database_settings.complaints(f"/usr/sbin/{klingon}\n") == [f"/usr/sbin/{klingon}"]


# As MySQL 9.7 wrote it.
MYSQL_SAID = """\
2026-11-21T19:16:03.1Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.
mysqld: Character set 'klingon' is not a compiled character set
2026-11-21T19:16:03.950365Z 0 [ERROR] [MY-000067] [Server] unknown variable 'max_conections=10'.
"""


def test_complaints_of_mysql() -> None:
    klingon = "mysqld: Character set 'klingon' is not a compiled character set"
    unknown = "[ERROR] [MY-000067] [Server] unknown variable 'max_conections=10'."
    assert database_settings.complaints(MYSQL_SAID) == [klingon, unknown]
    assert database_settings.complaints(
        MYSQL_SAID, f"2026-11-20T01:02:03.000004Z 12 {unknown}"
    ) == [klingon]

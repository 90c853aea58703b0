# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._database.client import (
    Client,
    NoServerError,
)
from ansible_collections.pyhost.flask.plugins.module_utils._database.flavor import (
    FLAVORS,
    MARIADB,
    MYSQL,
    Flavor,
)
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.tests.unit import examples


class Module(examples.Module):
    """A host whose client answers with ``said``."""

    def __init__(self, said: str = "", status: int = 1, client: str = "mysql") -> None:
        super().__init__()
        self.said, self.status, self.client, self.sql = said, status, client, ""

    def get_bin_path(
        self, arg: str, /, required: bool = False, opt_dirs: Sequence[str] = ()
    ) -> str | None:
        return f"/usr/bin/{arg}" if arg == self.client else None

    def run_command(self, _argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        self.sql += options["data"]
        return self.status, "", self.said


# As the client of MySQL 9.7 wrote it, with --force.
REFUSALS = """\
ERROR 1238 (HY000) at line 1: Variable 'port' is a read only variable
ERROR 1231 (42000) at line 2: Variable 'sql_mode' can't be set to the value of '?'
ERROR 1232 (42000) at line 3: Incorrect argument type to variable 'max_connections'
ERROR 1238 (HY000) at line 12: Variable 'bind_address' is a read only variable
"""


def test_which_variables_are_read_only() -> None:
    module = Module(REFUSALS)
    names = ["port", "max_connections", "max_connections", *"abcdefgh", "bind_address"]
    found = Client(module, MYSQL).read_only([f"{name} = 1" for name in names])
    assert found == [True, *[False] * 10, True]
    lines = module.sql.splitlines()
    assert lines[0] == "SET GLOBAL port = 1, GLOBAL sql_mode = '?';"
    assert len(lines) == len(names)


def test_nobody_is_asked_for_nothing() -> None:
    assert Client(Module(client="none"), MYSQL).read_only([]) == []


@pytest.mark.parametrize(
    ("said", "client", "error", "words"),
    [
        ("ERROR 2002 (HY000): Can't connect", "mysql", NoServerError, "MySQL: ERROR 2002"),
        ("", "mariadb", NoServerError, "MySQL is not installed: there is no program mysql"),
        ("ERROR 1698 (28000): Access denied", "mysql", UserError, "WITH 'auth_socket'"),
        ("ERROR 1064 (42000) at line 1: Syntax", "mysql", UserError, "at line 1: Syntax"),
    ],
)
def test_what_the_client_says(said: str, client: str, error: type, words: str) -> None:
    with pytest.raises(error) as caught:
        Client(Module(said, client=client), MYSQL).execute(["SELECT 1"])
    assert words in str(caught.value)
    assert caught.type is error


@pytest.mark.parametrize(
    ("programs", "flavor"),
    [
        (["mariadb", "mysql", "mariadb-dump", "mysqldump"], MARIADB),  # Debian's has both names
        (["mysql", "mysqldump"], MYSQL),
    ],
)
def test_whose_programs_a_host_has(
    programs: list[str], flavor: Flavor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in programs:
        (tmp_path / name).touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [dumps.dumper(kind) for kind in ("mysql", "mariadb")] == [flavor.dump] * 2
    assert dumps.mysql_clients() == flavor


def test_nobody_dumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="there is no mariadb-dump or mysqldump on this host"):
        dumps.dumper("mysql")


def test_a_flavor_is_named_after_its_package_and_service() -> None:
    assert {name: each.client for name, each in FLAVORS.items()} == {
        "mariadb": "mariadb",
        "mysql": "mysql",
    }

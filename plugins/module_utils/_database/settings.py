# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of the database server: what they should be, and what a running one needs for them.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from .client import OWN
from .flavor import Flavor

MIB = 1024 * 1024
POOL = "innodb_buffer_pool_size"
NAME = re.compile(r"[a-z][a-z0-9_]*")
LINE = re.compile(r"^(\w+) = ", re.MULTILINE)
SIZE = re.compile(r"(\d+)([kmgtpe])")
WORDS = {"on": "1", "true": "1", "yes": "1", "off": "0", "false": "0", "no": "0"}
HEAD = "# Ansible managed\n[mysqld]\n"
MISTAKE = re.compile(r"\[ERROR\]|(/\S*/)?(mariadbd|mysqld): ")
STAMP = re.compile(r"^\d{4}-\d\d-\d\d[T ] *[\d:.]+Z? +\d+ ")  # the time and thread before a message


@dataclass(frozen=True)
class Server:
    """The server on a host: the option file's text (None where there is none), its variables,
    those of them in question that only a restart changes, and its databases."""

    text: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    databases: frozenset[str] = frozenset()

    @property
    def used(self) -> bool:
        """Whether somebody would miss it while it restarts."""
        return bool(self.databases - OWN)


@dataclass(frozen=True)
class Plan:
    """The option file's new text (None to leave it) and that of before, the statements for the
    running server and those that take them back, and what has to wait for a restart."""

    text: str | None
    before: str | None
    statements: tuple[str, ...]
    back: tuple[str, ...]
    waiting: tuple[str, ...]


def defaults(flavor: Flavor, memory: int, slow_seconds: float) -> dict[str, Any]:
    """What suits a server with so many bytes of memory that apps use as well."""
    quarter = memory // 4 // (128 * MIB) * (128 * MIB)
    settings: dict[str, Any] = {
        "bind_address": "127.0.0.1",
        "character_set_server": "utf8mb4",
        POOL: f"{max(quarter // MIB, 64)}M",
        **dict(flavor.settings),
    }
    if slow_seconds:
        file = {"slow_query_log_file": "/var/log/mysql/slow.log"}
        settings.update(slow_query_log=True, long_query_time=slow_seconds, **file)
    return settings


def merged(own: Mapping[str, Any], users: Mapping[str, Any]) -> dict[str, str]:
    """The settings as the option file has them; the user's win. Raises UserError."""
    settings = dict(own)
    for name, value in users.items():
        known = name.replace("-", "_").lower()
        if not NAME.fullmatch(known):
            raise UserError(f"mysql_settings: {name!r} is not a valid name of a setting")
        if isinstance(value, (dict, list)) or value is None or set(str(value)) & set("\n\r#"):
            raise UserError(f"mysql_settings.{name}: must be one word, number or true or false")
        settings[known] = value
    return {name: _written(value) for name, value in sorted(settings.items())}


def _written(value: Any) -> str:
    return {True: "ON", False: "OFF"}[value] if isinstance(value, bool) else str(value)


def option_file(settings: Mapping[str, str]) -> str:
    """The text of the option file."""
    return HEAD + "".join(f"{name} = {value}\n" for name, value in settings.items())


def differing(settings: Mapping[str, str], have: Server) -> tuple[str, ...]:
    """The settings that the running server does not have. Those that it has no variable for, and
    those of a server that does not run, are not among them."""
    known = {name: have.variables.get(name, value) for name, value in settings.items()}
    return tuple(
        name
        for name, value in settings.items()
        if not same(value, known[name]) and not _rounded_up(name, value, have)
    )


def _rounded_up(name: str, value: str, have: Server) -> bool:
    """Whether the server has what it makes of a value: MySQL gives the tables their memory in whole
    chunks, as many for each of the pool's instances. MariaDB's chunks have no size any more."""
    if name != POOL:
        return False
    sizes = {"innodb_buffer_pool_instances": "1", **have.variables, "wanted": value}
    names = (POOL, "wanted", "innodb_buffer_pool_chunk_size", "innodb_buffer_pool_instances")
    numbers = [_value(sizes.get(each, "")) for each in names]
    found, wanted, chunk, instances = (x if isinstance(x, float) else 0.0 for x in numbers)
    return 0 < found - wanted < chunk * instances


def changes(settings: Mapping[str, str], have: Server) -> dict[str, str]:
    """What the running server would have to be told: its variables, and their values in SQL."""
    new = {name: literal(settings[name]) for name in differing(settings, have)}
    former = set(LINE.findall(have.text or "")) - set(settings)
    return {**new, **dict.fromkeys(sorted(former & set(have.variables)), "DEFAULT")}


def plan(settings: Mapping[str, str], have: Server) -> Plan:
    """What brings a server to its settings, without a restart where that is possible."""
    text = option_file(settings)
    names = differing(settings, have)
    waiting = tuple(name for name in names if _waits(name, settings[name], have))
    left = have.fixed.union(waiting)
    new = {name: value for name, value in changes(settings, have).items() if name not in left}
    return Plan(
        text=None if text == have.text else text,
        before=have.text,
        statements=tuple(f"SET GLOBAL {name} = {value}" for name, value in new.items()),
        back=tuple(f"SET GLOBAL {name} = {literal(have.variables[name])}" for name in new),
        waiting=waiting,
    )


def _waits(name: str, value: str, have: Server) -> bool:
    """Whether the running server cannot take a value. MariaDB 11.8 lets its memory grow to
    ``innodb_buffer_pool_size_max`` alone, which is what it was started with."""
    most, number = _value(have.variables.get(f"{name}_max", "")), _value(value)
    too_much = isinstance(most, float) and isinstance(number, float) and number > most
    return name in have.fixed or too_much


def same(wanted: str, found: str) -> bool:
    """Whether two texts are the same value, as ``1G`` and ``1073741824``, or ``ON`` and ``1``."""
    return _value(wanted) == _value(found)


def _value(text: str) -> str | float:
    text = text.strip().lower()
    text = WORDS.get(text, text)
    size = SIZE.fullmatch(text)
    if size:
        return float(int(size[1]) << 10 * ("kmgtpe".index(size[2]) + 1))
    try:
        return float(text)
    except ValueError:
        return text


def literal(text: str) -> str:
    """A value in SQL, where sizes have no letter."""
    value = _value(text)
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    quoted = text.replace("\\", "\\\\").replace("'", "''")
    return f"'{quoted}'"


def complaints(said: str, before: str = "") -> list[str]:
    """The mistakes that a server names when it reads its settings, but for those of ``before``."""
    known = {STAMP.sub("", line) for line in before.splitlines()}
    lines = [STAMP.sub("", line) for line in said.splitlines()]
    mistakes = [line for line in lines if MISTAKE.match(line)]
    return [line for line in dict.fromkeys(mistakes) if line not in known]

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in a dump: the rows of each table and Alembic's revisions, counted as it passes by.

Counted in a query beside the dump, they would be those of another moment. Nothing in this file
reads or writes a file, but for SQLite's, which is a dump by itself.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field

VERSIONS = "alembic_version"
NAME = rb"`((?:[^`]|``)+)`"
CREATE, INSERT = re.compile(rb"CREATE TABLE " + NAME), re.compile(rb"INSERT INTO " + NAME)
COPY = re.compile(rb"COPY (.+?) \(.*\) FROM stdin;\n")
STRING = re.compile(rb"'[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL)


@dataclass
class Contents:
    """The rows of each table, and the revisions that Alembic has written into the database."""

    rows: dict[str, int] = field(default_factory=dict)
    revisions: list[str] = field(default_factory=list)


class Rows:
    """Reads a dump of MariaDB, MySQL (``mysql``) or PostgreSQL, in pieces of any size."""

    def __init__(self, kind: str) -> None:
        self.contents = Contents()
        self._line = self._postgresql if kind == "postgresql" else self._mysql
        self._rest = b""
        self._table = ""  # the one whose rows are being read
        self._code = False  # within a trigger or a routine

    def feed(self, data: bytes) -> None:
        """Read on."""
        first, *others = data.split(b"\n")
        if not others:
            self._rest += data
            return
        for line in (self._rest + first, *others[:-1]):
            self._line(line + b"\n")
        self._rest = others[-1]

    def _mysql(self, line: bytes) -> None:
        """Rows stand in one line or in a line each; there is no newline in a string of a dump."""
        if line.startswith(b"DELIMITER "):
            self._code = not line.startswith(b"DELIMITER ;\n")
        if self._code:
            return
        values = line
        if not self._table:
            created, inserted = CREATE.match(line), INSERT.match(line)
            if created:
                self.contents.rows.setdefault(_mysql_name(created[1]), 0)
            if not inserted:
                return
            self._table = _mysql_name(inserted[1])
            values = line[inserted.end() :]
        bare = STRING.sub(b"", values)
        ends = bare.rstrip().endswith(b";")
        bare = bare.partition(b"VALUES")[2] if values is not line else bare
        self._count(self._table, bare.count(b"("))
        if self._table == VERSIONS:
            self.contents.revisions += [text[1:-1].decode() for text in STRING.findall(values)]
        if ends:
            self._table = ""

    def _postgresql(self, line: bytes) -> None:
        found = None if self._table else COPY.fullmatch(line)
        if found:
            self._table = found[1].decode()
            self._count(self._table, 0)
        elif line == b"\\.\n":
            self._table = ""
        elif self._table:
            self._count(self._table, 1)
            if self._table.rpartition(".")[2] == VERSIONS:
                self.contents.revisions.append(line.decode().strip())

    def _count(self, table: str, rows: int) -> None:
        self.contents.rows[table] = self.contents.rows.get(table, 0) + rows


def _mysql_name(quoted: bytes) -> str:
    return quoted.replace(b"``", b"`").decode()


def sqlite_contents(database: sqlite3.Connection) -> Contents:
    """The same for SQLite."""
    names = database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'"
        " ESCAPE '\\'"
    ).fetchall()
    found = Contents()
    for (name,) in names:
        quoted = '"' + name.replace('"', '""') + '"'
        found.rows[name] = database.execute(f"SELECT COUNT(*) FROM {quoted}").fetchone()[0]
    if VERSIONS in found.rows:
        versions = database.execute(f"SELECT version_num FROM {VERSIONS}")
        found.revisions = [row[0] for row in versions]
    return found

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases beside the app's own: made out of a dump, looked at, and put in its place.

Each kind has the same five functions. ``name`` is a database of the server, for SQLite a file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Protocol, cast

from ansible_collections.pyhost.flask.plugins.module_utils._core import process as core_process

from . import dumps, row_counts
from .dumps import LOCAL, SQLITE_FILES, Database
from .row_counts import VERSIONS, Contents

# What a RENAME of tables does not take along.
BESIDE_TABLES = """\
SELECT COUNT(*) FROM (
  SELECT 1 FROM information_schema.TABLES WHERE TABLE_TYPE <> 'BASE TABLE' AND TABLE_SCHEMA IN ({0})
  UNION ALL SELECT 1 FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN ({0})
  UNION ALL SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ({0})
  UNION ALL SELECT 1 FROM information_schema.EVENTS WHERE EVENT_SCHEMA IN ({0})) AS found"""
POSTGRESQL_TABLES = """\
SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""


class Server(Protocol):
    """What all kinds of databases can do. Their errors are ``OSError`` and ``sqlite3.Error``."""

    def load(self, dump: IO[bytes], name: str) -> None:
        """Make the database ``name`` out of a dump, in the place of one that is there."""

    def contents(self, name: str) -> Contents | None:
        """What is in a database; None where there is none, or no table in it."""

    def drop(self, name: str) -> None:
        """Remove a database, where it is there."""

    def swap(self, new: str, name: str, old: str) -> bool:
        """Let ``new`` be ``name``, at once, and what that was ``old``. False, with nothing done,
        where that cannot be at once; then ``load`` into ``name`` is the way."""


class MySQL:
    """MariaDB and MySQL."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def load(self, dump: IO[bytes], name: str) -> None:
        self.drop(name)
        self._run(f"CREATE DATABASE {_quoted(name)} CHARACTER SET utf8mb4")
        with self._client() as client:
            pour([*client, name], dump)

    def contents(self, name: str) -> Contents | None:
        tables = self._tables(name)
        if not tables:
            return None
        counts = (f"SELECT COUNT(*) FROM {_quoted(name)}.{_quoted(table)}" for table in tables)
        rows = map(int, self._run(" UNION ALL ".join(counts)))
        found = Contents(dict(zip(tables, rows)))
        if VERSIONS in tables:
            found.revisions = self._run(f"SELECT version_num FROM {_quoted(name)}.{VERSIONS}")
        return found

    def drop(self, name: str) -> None:
        self._run(f"DROP DATABASE IF EXISTS {_quoted(name)}")

    def swap(self, new: str, name: str, old: str) -> bool:
        """One RENAME for all tables: MariaDB does that as a whole, also when it is killed."""
        both = f"{_text(new)}, {_text(name)}"
        if int(self._run(BESIDE_TABLES.format(both))[0]):
            return False
        self._run(f"CREATE DATABASE IF NOT EXISTS {_quoted(name)} CHARACTER SET utf8mb4")
        self.drop(old)
        self._run(f"CREATE DATABASE {_quoted(old)} CHARACTER SET utf8mb4")
        moves = [
            f"{_quoted(source)}.{_quoted(table)} TO {_quoted(target)}.{_quoted(table)}"
            for source, target in ((name, old), (new, name))
            for table in self._tables(source)
        ]
        if moves:
            self._run(f"SET foreign_key_checks = 0; RENAME TABLE {', '.join(moves)}")
        return True

    def _tables(self, name: str) -> list[str]:
        return self._run(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND"
            f" TABLE_SCHEMA = {_text(name)} ORDER BY TABLE_NAME"
        )

    def _run(self, statements: str) -> list[str]:
        with self._client() as client:
            return run([*client, "--batch", "--raw", "--skip-column-names"], statements)

    @contextlib.contextmanager
    def _client(self) -> Any:
        with dumps.mysql_login(self._database, self._folder) as login:
            yield [dumps.mysql_clients().client, *login]


class PostgreSQL:
    """PostgreSQL: on this host by its own administrator, and else by whom the URL names."""

    def __init__(self, database: Database, user: str) -> None:
        folder = database["query"].get("host", "/")  # of the socket
        environment = dumps.postgresql_environment(database)
        prefix = core_process.become(user)
        if database["host"] in LOCAL and folder.startswith("/"):
            with contextlib.suppress(KeyError):  # a server that is not Debian's
                prefix = core_process.become("postgres")
                own = {"PGPORT", *(["PGHOST"] if "host" in database["query"] else [])}
                environment = {name: environment[name] for name in own & {*environment}}
        self._psql = [*prefix, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
        self._environment = {**os.environ, **environment}
        self._owner = database["user"] or user

    def load(self, dump: IO[bytes], name: str) -> None:
        self.drop(name)
        self._run(f"CREATE DATABASE {_identifier(name)} OWNER {_identifier(self._owner)}")
        pour([*self._psql, f"--dbname={name}"], dump, self._environment)

    def contents(self, name: str) -> Contents | None:
        exists = f"SELECT 1 FROM pg_database WHERE datname = {_text(name)}"
        tables = self._run(POSTGRESQL_TABLES, name) if self._run(exists) else []
        if not tables:
            return None
        counts = " UNION ALL ".join(
            f"SELECT {number}, COUNT(*) FROM {table}" for number, table in enumerate(tables)
        )
        lines = self._run(
            f"SELECT count FROM ({counts}) AS found (number, count) ORDER BY number", name
        )
        found = Contents(dict(zip(tables, map(int, lines))))
        for table in tables:
            if table.rpartition(".")[2] == VERSIONS:
                found.revisions += self._run(f"SELECT version_num FROM {table}", name)
        return found

    def drop(self, name: str) -> None:
        self._run(f"DROP DATABASE IF EXISTS {_identifier(name)}")

    def swap(self, new: str, name: str, old: str) -> bool:
        """Two renames in one transaction."""
        self.drop(old)
        self._run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {_text(name)}"
        )
        exists = self._run(f"SELECT 1 FROM pg_database WHERE datname = {_text(name)}")
        away = f"ALTER DATABASE {_identifier(name)} RENAME TO {_identifier(old)};"
        here = f"ALTER DATABASE {_identifier(new)} RENAME TO {_identifier(name)};"
        self._run(f"BEGIN; {away if exists else ''} {here} COMMIT")
        return True

    def _run(self, statements: str, name: str = "postgres") -> list[str]:
        argv = [*self._psql, "--tuples-only", "--no-align", f"--dbname={name}"]
        return run(argv, statements, self._environment)


class SQLite:
    """Files."""

    def load(self, dump: IO[bytes], name: str) -> None:
        self.drop(name)
        with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(dump, file)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.closing(sqlite3.connect(name)) as database:
            said = database.execute("PRAGMA quick_check").fetchone()[0]
        if said != "ok":
            raise OSError(f"the database in the dump is damaged: {said}")

    def contents(self, name: str) -> Contents | None:
        if not os.path.exists(name):
            return None
        with contextlib.closing(sqlite3.connect(name)) as database:
            found = row_counts.sqlite_contents(database)
        return found if found.rows else None

    def drop(self, name: str) -> None:
        for end in SQLITE_FILES:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name + end)

    def swap(self, new: str, name: str, old: str) -> bool:
        """A rename; what the former one has left in its log goes first, and is in ``old``."""
        self.drop(old)
        for end in reversed(SQLITE_FILES):
            with contextlib.suppress(FileNotFoundError):
                os.rename(name + end, old + end)
        os.rename(new, name)
        return True


def server(database: Database, user: str, folder: Path) -> Server:
    """The server of a database. ``user`` is the app's, ``folder`` one that root alone can read."""
    if database["kind"] == "sqlite":
        return SQLite()
    if database["kind"] == "postgresql":
        return PostgreSQL(database, user)
    return MySQL(database, folder)


def run(argv: Sequence[str], text: str, environment: dict[str, str] | None = None) -> list[str]:
    """The lines that a program prints for a text. ``OSError`` with what it said if it fails."""
    done = subprocess.run(
        argv, cwd="/", env=environment, input=text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(done.stderr.strip() or f"{argv[0]} ended with status {done.returncode}")
    return done.stdout.splitlines()


def pour(argv: Sequence[str], dump: IO[bytes], environment: dict[str, str] | None = None) -> None:
    """Give a dump to a program. ``OSError`` with what it said if it fails."""
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            argv, cwd="/", env=environment, stdin=subprocess.PIPE, stdout=said, stderr=said
        ) as process:
            try:
                with contextlib.suppress(BrokenPipeError):  # it has said why
                    shutil.copyfileobj(dump, cast(IO[bytes], process.stdin))
            except BaseException:  # a dump that cannot be read must not look like its end
                process.kill()
                raise
        said.seek(0)
        text = said.read()[-2000:].decode(errors="replace").strip()
    if process.returncode:
        raise OSError(text or f"{argv[0]} ended with status {process.returncode}")


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases by their own programs: what is where, and a dump of it. Knows nothing of apps."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from ansible_collections.pyhost.flask.plugins.module_utils._core import process as core_process
from ansible_collections.pyhost.flask.plugins.module_utils._database.flavor import (
    FLAVORS,
    MARIADB,
    Flavor,
)

from . import row_counts
from .row_counts import Contents, Rows

# Options of a database URL, and what MariaDB's and PostgreSQL's own clients call them.
MYSQL_QUERY = {
    "unix_socket": "socket",
    "ssl_ca": "ssl-ca",
    "ssl_cert": "ssl-cert",
    "ssl_key": "ssl-key",
}
POSTGRESQL_QUERY = {
    "host": "PGHOST",
    "port": "PGPORT",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
MYSQL_DUMP = ["--single-transaction", "--quick", "--routines", "--hex-blob", "--no-tablespaces"]
SQLITE_FILES = ("", "-wal", "-shm", "-journal")  # the ends of their names
PIECE = 1 << 18  # bytes
LOCAL = ("", "localhost", "127.0.0.1", "::1")
# Programs that dump, with options of their own.
DUMPERS: dict[str, list[tuple[str, ...]]] = {
    "mysql": [each.dump for each in FLAVORS.values()],
    "postgresql": [("pg_dump",)],
}
DUMPERS["mariadb"] = DUMPERS["mysql"]
Database = dict[str, Any]  # as _migrate_program.location makes it


def missing(database: Database) -> str:
    """Why this database cannot be dumped here, or an empty text."""
    try:
        if database["kind"] != "sqlite":
            dumper(database["kind"])
    except OSError as error:
        return str(error)
    return ""


def location(url: str) -> Database | None:
    """Where the database of SQLAlchemy's URL is, as ``_migrate_program.location``; None where it
    names none that stays. ``ValueError`` for a file without a full path.
    """
    parts = urlsplit(url)
    kind = {"postgres": "postgresql"}.get(parts.scheme, parts.scheme.partition("+")[0])
    name = unquote(parts.path[1:])
    if name in ("", ":memory:"):
        return None
    if kind == "sqlite" and not name.startswith("/"):
        raise ValueError(
            f"sqlite:///{name} is not a full path; write it with one, as sqlite:////..."
        )
    return {
        "kind": kind,
        "name": name,
        "host": parts.hostname or "",
        "port": parts.port or 0,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "query": dict(parse_qsl(parts.query)),
    }


def write(database: Database, output: Any, folder: Path, user: str) -> Contents:
    """Dump a database into the open file ``output``, and return what is in the dump.

    ``folder`` is one that root alone can read, for files that last no longer than this, and
    ``user`` the app's. Raises ``OSError`` with what the database's program said.
    """
    if database["kind"] == "sqlite":
        return _write_sqlite(database["name"], output, folder)
    if database["kind"] == "postgresql":
        environment = {**os.environ, **postgresql_environment(database)}
        argv = [*core_process.become(user), "pg_dump", "--no-password"]
        return _write_output(argv, output, environment, "postgresql")
    with mysql_login(database, folder) as login:
        program, *own = dumper("mysql")
        argv = [program, *login, *own, *MYSQL_DUMP, database["name"]]
        return _write_output(argv, output, dict(os.environ), "mysql")


def dumper(kind: str) -> tuple[str, ...]:
    """What dumps such a database on this host, a program and options. ``OSError`` for nothing."""
    known = DUMPERS.get(kind, [])
    found = next((each for each in known if shutil.which(each[0])), None)
    if found is None:
        names = " or ".join(each[0] for each in known)
        raise OSError(f"there is no {names or 'program for it'} on this host")
    return found


def mysql_clients() -> Flavor:
    """The flavor whose clients are on this host. They work with either server."""
    return next((each for each in FLAVORS.values() if shutil.which(each.client)), MARIADB)


def _write_sqlite(file: str, output: Any, folder: Path) -> Contents:
    """A copy that is whole although the app writes, by SQLite's own means."""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part") as copy:
        source = f"file:{quote(file)}?mode=ro"
        with (
            contextlib.closing(sqlite3.connect(source, uri=True)) as db,
            contextlib.closing(sqlite3.connect(copy.name)) as target,
        ):
            db.backup(target)
            contents = row_counts.sqlite_contents(target)
        shutil.copyfileobj(copy, output)
    return contents


def _write_output(argv: list[str], output: Any, environment: dict[str, str], kind: str) -> Contents:
    rows = Rows(kind)
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            argv, cwd="/", env=environment, stdout=subprocess.PIPE, stderr=errors
        ) as process:
            for data in iter(lambda: cast(IO[bytes], process.stdout).read(PIECE), b""):
                output.write(data)
                rows.feed(data)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    if process.returncode:
        raise OSError(said or f"{argv[0]} ended with status {process.returncode}")
    return rows.contents


@contextlib.contextmanager
def mysql_login(database: Database, folder: Path) -> Iterator[list[str]]:
    """How this host's clients log in, as an argument: root by the socket, as on a host of ours; or
    whom the URL says, by its password, which stands in a file that root alone can read."""
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", encoding="utf-8") as options:
        # Mode 0600, as tempfile makes its files.
        options.write(mysql_options(database, mysql_clients()))
        options.flush()
        yield [f"--defaults-file={options.name}"]


def mysql_options(database: Database, flavor: Flavor) -> str:
    """An options file for the clients of MariaDB or MySQL, with the credentials of a URL.

    A user without a password logs in by the socket and his name in the system: here that is root.
    """
    local = database["host"] in LOCAL and not database["password"]
    query = database["query"]
    options = {
        "host": "" if local else database["host"],
        "port": "" if local else database["port"],
        "user": "root" if local else database["user"],
        "password": database["password"],
        **{name: query.get(option, "") for option, name in MYSQL_QUERY.items()},
    }
    lines = [f"{name}={_quoted(str(value))}" for name, value in options.items() if value]
    # As the app's own connection: PyMySQL checks the certificate where it has somebody to believe.
    if "ssl_ca" not in query:
        lines.append(flavor.any_certificate)
    elif "ssl_check_hostname" not in query:
        lines.append(flavor.right_name)
    return "\n".join(["[client]", *lines, *(() if local else flavor.dump_as_user), ""])


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def postgresql_environment(database: Database) -> dict[str, str]:
    """The variables by which PostgreSQL's programs find a URL's database."""
    found = {
        "PGHOST": database["host"],
        "PGPORT": str(database["port"] or ""),
        "PGUSER": database["user"],
        "PGPASSWORD": database["password"],
        "PGDATABASE": database["name"],
    }
    for name, value in database["query"].items():
        if name in POSTGRESQL_QUERY:
            found[POSTGRESQL_QUERY[name]] = value
    return {name: value for name, value in found.items() if value}

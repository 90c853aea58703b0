# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of an app's database before it is migrated, and how to put them back."""

from __future__ import annotations

import contextlib
import gzip
import os
import shlex
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

from ansible_collections.pyhost.flask.plugins.module_utils._migrate import MigrateError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate_session import become

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
LOCAL = ("", "localhost", "127.0.0.1", "::1")
PROGRAMS = {"mysql": ("mariadb-dump", "mysqldump"), "postgresql": ("pg_dump",)}
PROGRAMS["mariadb"] = PROGRAMS["mysql"]
Database = dict[str, Any]  # as _migrate_program.location makes it


def missing(database: Database) -> str:
    """Why this database cannot be dumped here, or an empty text."""
    kind = database["kind"]
    if kind == "sqlite" or any(shutil.which(name) for name in PROGRAMS.get(kind, ())):
        return ""
    return f"there is no {' or '.join(PROGRAMS.get(kind, ('program for it',)))} on this host"


def dump(database: Database, folder: Path, name: str, user: str) -> Path:
    """Dump a database into ``folder``, which root alone can read, and return the file.

    Raises ``MigrateError`` where that does not work; then no file is left.
    """
    file = folder / f"{name}.{'db' if database['kind'] == 'sqlite' else 'sql'}.gz"
    part = folder / f"{file.name}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        # What a run that was killed has left: nobody else dumps, because the database is locked.
        for rest in folder.glob("*.part"):
            rest.unlink()
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
            with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=4, filename="") as packed:
                _write(database, packed, folder, user)
            raw.flush()
            os.fsync(raw.fileno())
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        raise MigrateError(
            f"the database could not be dumped to {folder}: {error}. Nothing was migrated. Set"
            " migrations.dump: false to migrate without a dump"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # it was renamed, or its folder could not be made
            part.unlink()
    return file


def prune(folder: Path, keep: int) -> None:
    """Remove all but the ``keep`` newest dumps. One dump is all files with one time in front."""
    files = [file for file in folder.glob("*.gz") if "-" in file.name]
    times = sorted({file.name.partition("-")[0] for file in files}, reverse=True)
    for file in files:
        if file.name.partition("-")[0] in times[keep:]:
            file.unlink()


def restore(database: Database, file: Path, user: str) -> str:
    """What to say of how a dump is put back, over what is there."""
    name, host = shlex.quote(database["name"]), database["host"]
    owner = shlex.quote(database["user"] or user)
    if database["kind"] == "sqlite":
        command = f"rm -f {name}-wal {name}-shm && zcat {file} > {name}"
    elif database["kind"] == "postgresql":
        sudo = "runuser -u postgres -- " if host in LOCAL else ""
        empty = f"{sudo}dropdb {name} && {sudo}createdb --owner={owner} {name}"
        command = f"{empty} && zcat {file} | {sudo}psql {name}"
    else:
        client = "mariadb" if host in LOCAL else f"mariadb -h {host} -u {owner} -p"
        empty = f"DROP DATABASE `{name}`; CREATE DATABASE `{name}` CHARACTER SET utf8mb4"
        command = f"{client} -e '{empty}' && zcat {file} | {client} {name}"
    return (
        "To put the database back to what it was before, which loses what was written since: stop"
        f" the app, and run\n  {command}"
    )


def _write(database: Database, output: Any, folder: Path, user: str) -> None:
    if database["kind"] == "sqlite":
        _write_sqlite(database["name"], output, folder)
    elif database["kind"] == "postgresql":
        environment = {**os.environ, **postgresql_environment(database)}
        _write_output([*become(user), "pg_dump", "--no-password"], output, environment)
    else:
        _write_mysql(database, output, folder)


def _write_sqlite(file: str, output: Any, folder: Path) -> None:
    """A copy that is whole although the app writes, by SQLite's own means."""
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".part") as copy:
        source = f"file:{quote(file)}?mode=ro"
        with (
            contextlib.closing(sqlite3.connect(source, uri=True)) as db,
            contextlib.closing(sqlite3.connect(copy.name)) as target,
        ):
            db.backup(target)
        shutil.copyfileobj(copy, output)


def _write_mysql(database: Database, output: Any, folder: Path) -> None:
    """Root by the socket, as on a host of ours; or whom the URL says, by its password."""
    program = next(name for name in PROGRAMS["mysql"] if shutil.which(name))
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", encoding="utf-8") as options:
        options.write(mysql_options(database))  # mode 0600, as tempfile makes its files
        options.flush()
        argv = [program, f"--defaults-file={options.name}", *MYSQL_DUMP, database["name"]]
        _write_output(argv, output, dict(os.environ))


def _write_output(argv: list[str], output: Any, environment: dict[str, str]) -> None:
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            argv, cwd="/", env=environment, stdout=subprocess.PIPE, stderr=errors
        ) as process:
            shutil.copyfileobj(cast(IO[bytes], process.stdout), output)
        errors.seek(0)
        said = errors.read().decode(errors="replace").strip()
    if process.returncode:
        raise OSError(said or f"{argv[0]} ended with status {process.returncode}")


def mysql_options(database: Database) -> str:
    """An options file for the clients of MariaDB and MySQL, with the credentials of a URL.

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
    if "ssl_ca" not in query:
        lines.append("loose-skip-ssl-verify-server-cert")  # as the app's own connection
    return "\n".join(["[client]", *lines, ""])


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

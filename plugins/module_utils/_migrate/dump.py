# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Dumps of an app's database before it is migrated, and how to put them back."""

from __future__ import annotations

import contextlib
import gzip
import os
import shlex
import sqlite3
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.plugins.module_utils._dump.dumps import LOCAL, Database


def dump(database: Database, folder: Path, name: str, user: str) -> Path:
    """Dump a database into ``folder``, which root alone can read, and return the file.

    Raises ``UserError`` where that does not work; then no file is left.
    """
    file = folder / f"{name}.{'db' if database['kind'] == 'sqlite' else 'sql'}.gz"
    part = folder / f"{file.name}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        # What a run that was killed has left: nobody else dumps, because the database is locked.
        for rest in folder.glob("*.part"):
            rest.unlink()
        with (
            open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=4, filename="") as packed,
        ):
            dumps.write(database, packed, folder, user)
        durable.replace(part, file)
    except (OSError, sqlite3.Error) as error:
        raise UserError(
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
        ca = shlex.quote(database["query"].get("ssl_ca", ""))
        tls = f" --ssl-ca={ca} --ssl-verify-server-cert" if "ssl_ca" in database["query"] else ""
        remote = "" if host in LOCAL else f" -h {host} -u {owner} -p{tls}"
        client = f"{dumps.mysql_clients().client}{remote}"
        empty = f"DROP DATABASE `{name}`; CREATE DATABASE `{name}` CHARACTER SET utf8mb4"
        command = f"{client} -e '{empty}' && zcat {file} | {client} {name}"
    return (
        "To put the database back to what it was before, which loses what was written since: stop"
        f" the app, and run\n  {command}"
    )

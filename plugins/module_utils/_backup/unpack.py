# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpacking a backup beside the app: for a drill, for a look at it, and before it is restored."""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import sqlite3
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._dump import engines
from ansible_collections.pyhost.flask.plugins.module_utils._dump.dumps import Database
from ansible_collections.pyhost.flask.plugins.module_utils._dump.engines import Server
from ansible_collections.pyhost.flask.plugins.module_utils._dump.row_counts import Contents

from . import make, plan, store
from .plan import SHARED, Backup, Settings

UNREADABLE = (OSError, EOFError, zlib.error, sqlite3.Error, KeyError)


@dataclass(frozen=True)
class Place:
    """Where a backup is unpacked: a database (for SQLite a file), and a folder like ``shared``."""

    name: str
    folder: Path


def place(app: Settings, where: Database | None, purpose: str) -> Place:
    """The place for a ``drill``, for ``restored`` (beside), or for ``restoring`` (into place).

    The underscore at the end is one that no app's own database has.
    """
    folder = {
        "drill": Path(app.folder) / f"drill{make.PART}",
        "restored": Path(app.root) / "restored",
        "restoring": Path(app.root) / "shared.restoring",
    }[purpose]
    name = where["name"] if where else ""
    inside = os.path.relpath(name, app.shared) if where and where["kind"] == "sqlite" else ".."
    if not inside.startswith(".."):
        return Place(str(folder / inside), folder)
    return Place(f"{name}_{purpose}_", folder)


def unpack(app: Settings, backup: Backup, where: Database | None, target: Place) -> None:
    """Unpack a backup, and compare it with what was written down when it was made.

    Raises ``UserError`` where it cannot be had as it was. What is at ``target`` goes first.
    """
    source = Path(app.folder) / backup.id
    try:
        _verify(backup, source, where)
        discard(app, where, target)
        target.folder.mkdir(mode=0o700)
        entries = 0
        if SHARED in backup.files:
            entries = make.tar(["--extract", f"--directory={target.folder}"], source / SHARED)
        else:
            _give(app, target.folder, 0o750)
        contents = _load(app, source / backup.dump, where, target) if backup.dump else None
    except UNREADABLE as error:
        told = f"{app.name}: backup {backup.id} cannot be restored: {error}"
        raise UserError(make.without_secrets(app, told)) from error
    rows, revisions = (contents.rows, contents.revisions) if contents else (None, [])
    wrong = plan.differences(backup, rows, revisions, entries)
    if wrong:
        lines = "\n".join(f"  {line}" for line in wrong)
        raise UserError(f"{app.name}: backup {backup.id} is not what was backed up:\n{lines}")


def discard(app: Settings, where: Database | None, target: Place) -> None:
    """Remove what was unpacked."""
    if where:
        server_of(app, where).drop(target.name)
    if target.folder.exists():
        shutil.rmtree(target.folder)


def drill(app: Settings) -> Backup:
    """Unpack the newest backup and compare it; nothing of that stays. Raises ``UserError``."""
    where = make.database(app)
    with make.alone(app) as folder:
        backup = plan.choose(app, "newest", store.backups(folder))
        target = place(app, where, "drill")
        try:
            unpack(app, backup, where, target)
        finally:
            # A failure here must not hide the one before; the next drill removes what is left.
            with contextlib.suppress(*UNREADABLE):
                discard(app, where, target)
    return backup


def contents(app: Settings, where: Database, name: str) -> Contents | None:
    """What is in a database now; None where there is nothing."""
    return server_of(app, where).contents(name)


def _verify(backup: Backup, source: Path, where: Database | None) -> None:
    """That the files are those that were written then, and of the kind that the app has."""
    for name, facts in backup.files.items():
        if make.sha256(source / name) != facts["sha256"]:
            raise OSError(
                f"{source / name} is not the file that was written then (its SHA-256 is another"
                " one). Take another backup: -e backup=ID"
            )
    if backup.dump and (where is None or (where["kind"] == "sqlite") != _of_sqlite(backup)):
        now = where["kind"] if where else "none"
        raise OSError(f"{backup.dump} is not a dump for the database that the app has now ({now})")


def _of_sqlite(backup: Backup) -> bool:
    return backup.dump.startswith("database.db")


def _load(app: Settings, dump: Path, where: Database | None, target: Place) -> Contents | None:
    if where is None:
        return None
    load(app, dump, where, target.name)
    return contents(app, where, target.name)


def load(app: Settings, dump: Path, where: Database, name: str) -> None:
    """Make a database out of the dump of a backup."""
    if where["kind"] == "sqlite":
        Path(name).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    with gzip.open(dump) as text:
        server_of(app, where).load(cast(IO[bytes], text), name)
    if where["kind"] == "sqlite":
        _give(app, Path(name), 0o640)


def _give(app: Settings, path: Path, mode: int) -> None:
    shutil.chown(path, app.user, app.user)
    path.chmod(mode)


def server_of(app: Settings, where: Database) -> Server:
    """The server of the app's database."""
    return engines.server(where, app.user, Path(app.folder))

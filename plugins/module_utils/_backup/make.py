# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Making backups of an app on its host, and reading those that are there."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable, env_file, redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.plugins.module_utils._dump.row_counts import Contents

from . import plan, store
from .plan import RECORD, REGULAR, SHARED, Backup, Settings

DEPLOYS = Path("/run/pyhost-flask")  # the locks that steps of a deploy have while they work
PART = ".part"
CHANGED = 1  # tar's status where a file was changed or removed while it was read


def database(app: Settings) -> dumps.Database | None:
    """Where the app's database is; None where it has none."""
    try:
        text = Path(app.environment).read_text(encoding="utf-8")
        return dumps.location(env_file.parse(text).get("DATABASE_URL", ""))
    except (OSError, ValueError) as error:
        raise UserError(f"{app.name}: DATABASE_URL in {app.environment}: {error}") from None


@contextlib.contextmanager
def alone(app: Settings, wait: bool = True) -> Iterator[Path]:
    """The folder of the app's backups, with no other process at work in it, and without what one
    that was killed has left. ``UserError`` where another is at work and nobody is to wait."""
    folder = Path(app.folder)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    lock = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            told = f"{app.name}: a backup or a drill is at work in {folder}"
            raise UserError(f"{told}; run this again when it has ended") from None
        for rest in folder.glob(f"*{PART}"):
            if rest.is_dir():
                shutil.rmtree(rest)
            else:
                rest.unlink()
        yield folder
    finally:
        os.close(lock)


def make(app: Settings) -> Backup | None:
    """Make a backup, and remove those that are too many. None where there is nothing to back up.

    Raises ``UserError``; then there is no backup, and no other one has gone.
    """
    with alone(app) as folder, _between_steps(app.name) as release:
        backup = make_in(app, folder, REGULAR, release)
        if backup:
            for old in plan.doomed(store.backups(folder), app.keep):
                shutil.rmtree(folder / old.id)
    return backup


def make_in(
    app: Settings,
    folder: Path,
    kind: str,
    dumped: Callable[[], None] = lambda: None,
    with_database: bool = True,
) -> Backup | None:
    """The same within ``alone``; nothing is removed. ``dumped`` is called after the dump."""
    begin = time.monotonic()
    name = _free_name(folder)
    part = folder / f"{name}{PART}"
    try:
        part.mkdir(mode=0o700)
        where = database(app) if with_database else None
        backup = _filled(app, part, Backup(name, app.name, kind), where, dumped)
        if backup.files:
            backup = replace(backup, seconds=round(time.monotonic() - begin, 2))
            _finish(part, folder / name, backup)
    except (OSError, sqlite3.Error, KeyError) as error:
        free = shutil.disk_usage(folder).free // 1_000_000
        told = f"{app.name}: no backup was made in {folder} ({free} MB are free there): {error}"
        raise UserError(without_secrets(app, told)) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)  # it is gone where all went well
    return backup if backup.files else None


def without_secrets(app: Settings, text: str) -> str:
    """What programs have said, without what is secret in the app's environment."""
    return redact.redact_for(Path(app.environment).parent, text)


def _free_name(folder: Path) -> str:
    while True:
        name = time.strftime(plan.TIME, time.gmtime())
        if not (folder / name).exists():
            return name
        time.sleep(0.1)


def _filled(
    app: Settings,
    part: Path,
    backup: Backup,
    where: dumps.Database | None,
    dumped: Callable[[], None],
) -> Backup:
    """The backup with its files: the database first, for its rows name files of the folder."""
    current = Path(app.root) / "current"
    if current.is_symlink():
        backup = replace(backup, release=current.readlink().name, version=_version(current))
    contents = _dump(app, where, part) if where else None
    dumped()
    if contents:
        backup = replace(backup, rows=contents.rows, revisions=tuple(contents.revisions))
    shared = Path(app.shared)
    if shared.is_dir():
        own = [where["name"]] if where and where["kind"] == "sqlite" else []
        backup = replace(backup, entries=_archive(shared, part / SHARED, own))
    return replace(backup, files={file.name: _facts(file) for file in sorted(part.iterdir())})


def _version(release: Path) -> str:
    try:
        record = json.loads((release / "release.json").read_text(encoding="utf-8"))
        return str(record["version"])
    except (OSError, ValueError, KeyError):
        return ""


@contextlib.contextmanager
def _between_steps(name: str) -> Iterator[Callable[[], None]]:
    """While no step of a deploy is at work: a migration would change tables under the dump. What
    is yielded lets the deploys go on."""
    DEPLOYS.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(DEPLOYS / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600), "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.close


def _dump(app: Settings, where: dumps.Database, part: Path) -> Contents | None:
    """Dump the database; None where SQLite has no file yet."""
    sqlite = where["kind"] == "sqlite"
    if sqlite and not os.path.exists(where["name"]):
        return None
    file = part / ("database.db.gz" if sqlite else "database.sql.gz")
    with _new(file) as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=4, filename="") as packed:
            contents = dumps.write(where, packed, part, app.user)
        raw.flush()
        os.fsync(raw.fileno())
    return contents


def _archive(folder: Path, file: Path, without: Sequence[str]) -> int:
    """Pack a folder, and return how many files and folders are in it. ``without`` are databases,
    which would not be whole: they are written while they are copied."""
    inside = [os.path.relpath(name, folder) for name in without]
    leave = [f"--exclude=./{name}{end}" for name in inside for end in dumps.SQLITE_FILES]
    _new(file).close()
    entries = tar(
        ["--create", "--anchored", "--no-wildcards", *leave, f"--directory={folder}", "."],
        file,
        CHANGED,
    )
    with open(file, "rb") as packed:
        os.fsync(packed.fileno())
    return entries


def tar(arguments: Sequence[str], file: Path, tolerated: int = 0) -> int:
    """Run tar on an archive, and return how many entries it named. ``OSError`` where it fails."""
    argv = ["tar", f"--file={file}", "--gzip", "--verbose", *arguments]
    with tempfile.TemporaryFile() as errors:
        with subprocess.Popen(
            argv, env={**os.environ, "LC_ALL": "C"}, stdout=subprocess.PIPE, stderr=errors
        ) as process:
            entries = sum(1 for _line in cast(IO[bytes], process.stdout))
        errors.seek(0)
        said = errors.read()[-2000:].decode(errors="replace").strip()
    if process.returncode not in (0, tolerated):
        raise OSError(said or f"tar ended with status {process.returncode}")
    return entries


def _facts(file: Path) -> dict[str, Any]:
    return {"size": file.stat().st_size, "sha256": sha256(file)}


def sha256(file: Path) -> str:
    """The checksum of a file."""
    digest = hashlib.sha256()
    with open(file, "rb") as content:
        for data in iter(lambda: content.read(1 << 20), b""):
            digest.update(data)
    return digest.hexdigest()


def _finish(part: Path, place: Path, backup: Backup) -> None:
    """Write down what is in the backup, and let it count."""
    with _new(part / RECORD) as raw:
        raw.write(json.dumps(backup.as_dict(), indent=2).encode() + b"\n")
        raw.flush()
        os.fsync(raw.fileno())
    durable.replace(part, place)


def _new(file: Path) -> IO[bytes]:
    return open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

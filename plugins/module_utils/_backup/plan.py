# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An app's backups: what one is, which one is meant, which may go, and what a copy of one lacks.

A backup is a folder with a dump of the database, an archive of the shared folder, and
``backup.json``, which is written last and says what is in them. Nothing in this file reads or
writes anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

RECORD = "backup.json"
SHARED = "shared.tar.gz"
REGULAR, SAFETY = "regular", "safety"  # by its timer or on demand; before a restore
LISTED = 10
TIME = "%Y%m%dT%H%M%SZ"  # the name of a backup is its time, in UTC


@dataclass(frozen=True)
class Settings:
    """An app as its backups need to know it, and the user's wishes (``backup`` of an app)."""

    name: str
    user: str
    root: str
    shared: str
    environment: str
    folder: str
    keep: int
    when: str = ""
    drill: str = ""
    command: str = ""


@dataclass(frozen=True)
class Backup:
    """A backup that is whole. ``rows`` is None where the app had no database, and ``entries`` are
    the files and folders of the shared folder. ``files`` have a ``size`` and a ``sha256``."""

    id: str
    app: str
    kind: str = REGULAR
    release: str = ""
    version: str = ""
    seconds: float = 0
    revisions: tuple[str, ...] = ()
    rows: Mapping[str, int] | None = None
    entries: int = 0
    files: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(int(file["size"]) for file in self.files.values())

    @property
    def dump(self) -> str:
        """The file with the database; empty where there was none."""
        return next((name for name in self.files if name.startswith("database.")), "")

    def as_dict(self) -> dict[str, Any]:
        """What stands in ``backup.json``."""
        return asdict(self)


def settings(found: Any) -> Settings:
    """The settings of an app's file. ``ValueError`` where something is missing."""
    try:
        return Settings(**{item.name: found[item.name] for item in fields(Settings)})
    except (KeyError, TypeError) as error:
        raise ValueError(f"it lacks {error}") from None


def parse(found: Any) -> Backup | None:
    """The backup that a record describes; None where it describes none."""
    try:
        known = {item.name: found[item.name] for item in fields(Backup)}
        return Backup(**{**known, "revisions": tuple(known["revisions"])})
    except (KeyError, TypeError):
        return None


def choose(app: Settings, wanted: str, backups: Sequence[Backup]) -> Backup:
    """The backup of an ID, or the ``newest``; ``backups`` are the app's, newest first.

    What was made before a restore is the state that somebody wanted to get away from: the newest
    backup is never one of these.
    """
    if wanted == "newest":
        found = [backup for backup in backups if backup.kind == REGULAR]
    else:
        found = [backup for backup in backups if backup.id == wanted]
    if found:
        return found[0]
    what = "there is no backup" if wanted == "newest" else f"there is no backup {wanted}"
    raise UserError(f"{app.name}: {what} in {app.folder}. {_listed(backups)}")


def _listed(backups: Sequence[Backup]) -> str:
    if not backups:
        return "None is there; copy the folder of one to it, and run this again"
    lines = [
        f"  {backup.id}{', made before a restore' if backup.kind == SAFETY else ''}"
        for backup in backups[:LISTED]
    ]
    more = len(backups) - LISTED
    return "\n".join(["There are:", *lines, *([f"  and {more} older ones"] if more > 0 else [])])


def doomed(backups: Sequence[Backup], keep: int) -> list[Backup]:
    """The backups that go where ``keep`` of each kind stay; ``backups`` are newest first."""
    old = []
    for kind in (REGULAR, SAFETY):
        old += [backup for backup in backups if backup.kind == kind][max(keep, 1) :]
    return old


def differences(
    backup: Backup,
    rows: Mapping[str, int] | None,
    revisions: Sequence[str],
    entries: int,
) -> list[str]:
    """What a copy of a backup has otherwise, a line each; it has ``rows``, ``revisions`` and
    ``entries``. An empty database is as good as none."""
    found = []
    want, have = dict(backup.rows or {}), dict(rows or {})
    for table in sorted({*want, *have}):
        if want.get(table) != have.get(table):
            before, now = (_rows(each.get(table)) for each in (want, have))
            found.append(f"table {table} has {now} in the place of {before}")
    if sorted(revisions) != sorted(backup.revisions):
        at = [", ".join(sorted(each)) or "none" for each in (revisions, backup.revisions)]
        found.append(f"the revision is {at[0]} in the place of {at[1]}")
    if entries != backup.entries:
        found.append(f"the shared folder has {entries} entries in the place of {backup.entries}")
    return found


def _rows(count: int | None) -> str:
    return "no rows, for it is not there," if count is None else f"{count} rows"

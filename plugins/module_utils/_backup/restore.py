# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restoring a backup into the place of an app's database and shared folder, or beside them.

The backup is unpacked beside the app and compared while the app still serves; then the app stops,
its present state is backed up, and what was unpacked takes its place by renames. Until then nothing
has changed. A run that was killed is finished by the next one, which begins from scratch.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._dump.dumps import Database

from . import make, unpack
from .plan import SAFETY, SHARED, Backup, Settings
from .unpack import UNREADABLE, Place

PAGE = "maintenance.html"


class Processes(Protocol):
    """Those of the app."""

    def stop(self) -> None:
        """End all of them, and wait for that."""

    def start(self) -> None:
        """Start those that ``stop`` has ended. Whether they are well is another question."""


@dataclass
class Doors:
    """The way to an app: ``live.sock``, the page in its place, and its processes.

    With ``live.sock`` out of the way nothing of the app starts, neither after a reboot nor by a
    timer.
    """

    root: Path
    page: str
    processes: Processes
    shown: bool = False  # the page is ours, and not what the user has switched on before

    @property
    def live(self) -> Path:
        return self.root / "live.sock"

    @property
    def aside(self) -> Path:
        return self.root / "live.sock.restoring"

    @property
    def closed(self) -> bool:
        return self.aside.is_symlink() and not self.live.is_symlink()

    def close(self) -> None:
        """Show the page, and stop the app."""
        page = self.root / PAGE
        self.shown = not page.exists() or self.aside.is_symlink()
        if self.shown:
            new = page.with_suffix(".new")
            new.write_text(self.page, encoding="utf-8")
            new.chmod(0o644)
            durable.replace(new, page)
        if self.live.is_symlink():
            os.replace(self.live, self.aside)
        durable.sync(self.root)
        self.processes.stop()

    def open(self) -> None:
        """Let the app start again. Who starts it also takes the page away."""
        if self.closed:
            os.replace(self.aside, self.live)
        self.aside.unlink(missing_ok=True)
        durable.sync(self.root)

    def reopen(self) -> None:
        """All as it was before ``close``."""
        self.open()
        self.processes.start()
        if self.shown:
            (self.root / PAGE).unlink(missing_ok=True)
            self.shown = False


@dataclass
class Restore:
    """A backup on its way back. ``safety`` is the one that was made of the state before; ``left``
    says where that state is still to be found, where no backup of it could be made."""

    app: Settings
    backup: Backup
    force: bool = False
    safety: Backup | None = None
    left: str = ""
    renamed: bool = False  # the former database is still there, under another name
    where: Database | None = field(init=False)

    def __post_init__(self) -> None:
        self.where = make.database(self.app)

    def beside(self) -> Place:
        """Unpack the backup beside the app, and touch nothing else."""
        place = self._place("restored")
        with make.alone(self.app, wait=False):
            unpack.unpack(self.app, self.backup, self.where, place)
        return place

    def into_place(self, doors: Doors) -> None:
        """Raises ``UserError``. Then all is as it was, unless ``doors`` are closed: it was in the
        middle of the renames, and has to be run again."""
        place = self._place("restoring")
        with make.alone(self.app, wait=False) as folder:
            self._prepare()
            try:
                unpack.unpack(self.app, self.backup, self.where, place)
                self._keep_present_state(folder, doors)
            except BaseException:
                with contextlib.suppress(*UNREADABLE):  # it must not hide the reason
                    unpack.discard(self.app, self.where, place)
                raise
            try:
                self._swap(place)
            except UNREADABLE as error:
                told = f"{self.app.name}: stopped in the middle of the restore: {error}"
                told = make.without_secrets(self.app, told)
                raise UserError(
                    f"{told}\nThe app does not run until this is mended and run again"
                ) from error
            doors.open()
            self._clean(place)

    def _prepare(self) -> None:
        shared = Path(self.app.shared)
        if os.path.ismount(shared):
            raise UserError(
                f"{self.app.name}: {shared} is a file system of its own, which cannot be renamed."
                " Restore beside it (-e beside=true), and copy the files"
            )
        if not shared.exists() and self._replaced.exists():  # an earlier run was killed
            self._replaced.rename(shared)

    @property
    def _replaced(self) -> Path:
        return Path(self.app.root) / "shared.replaced"

    def _place(self, purpose: str) -> Place:
        return unpack.place(self.app, self.where, purpose)

    def _keep_present_state(self, folder: Path, doors: Doors) -> None:
        """Stop the app, and back up what it has now."""
        doors.close()
        try:
            name = self.where["name"] if self.where else ""
            there = self.where and unpack.contents(self.app, self.where, name)
            self.safety = make.make_in(self.app, folder, SAFETY, with_database=there is not None)
        except (*UNREADABLE, UserError) as error:
            if not self.force:
                doors.reopen()
                raise UserError(
                    f"{error}\nNothing was restored, and the app is as it was: what it has now"
                    " would be lost. If it may be: -e force=true"
                ) from error
            self.left = f"no backup of the state before could be made: {error}"

    def _swap(self, place: Place) -> None:
        """The database, and then the folder. For SQLite inside of the folder that is one."""
        if self.where and self.backup.dump and not place.name.startswith(f"{place.folder}/"):
            self._swap_database(self.where, place.name)
        if SHARED in self.backup.files:
            shared = Path(self.app.shared)
            if self._replaced.exists():
                shutil.rmtree(self._replaced)
            if shared.exists():
                shared.rename(self._replaced)
            place.folder.rename(shared)
            durable.sync(shared.parent)

    def _swap_database(self, where: Database, new: str) -> None:
        name = str(where["name"])
        server = unpack.server_of(self.app, where)
        self.renamed = server.swap(new, name, f"{name}_replaced_")
        if not self.renamed:
            # It has triggers, views or the like. That the dump can be loaded is known by now.
            dump = Path(self.app.folder) / self.backup.id / self.backup.dump
            unpack.load(self.app, dump, where, name)

    def _clean(self, place: Place) -> None:
        """Remove what has served. What was before stays where there is no backup of it."""
        with contextlib.suppress(*UNREADABLE):  # all is done; the next run removes it
            unpack.discard(self.app, self.where, place)
            if self.left:
                self.left += f". Its files are in {self._replaced}"
                if self.renamed and self.where:
                    self.left += f", its database is {self.where['name']}_replaced_"
                return
            old = Place(f"{self.where['name']}_replaced_" if self.where else "", self._replaced)
            unpack.discard(self.app, self.where, old)

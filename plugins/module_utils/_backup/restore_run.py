# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of the module ``restore``: which backup, whether it suits, and where it goes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import services
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Migration, Service
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy
from ansible_collections.pyhost.flask.plugins.module_utils._reload import managers, plan, slots

from . import plan as backup_plan
from . import restore_check, store
from .restore import Doors, Restore


class Processes:
    """The app's processes: its slots, with those in the background, and runs of schedules."""

    def __init__(self, module: Module, app: Service) -> None:
        self._module = module
        self._unit = app["unit"]
        self._manager = managers.managed(module, app, slots.layout(app))
        self._running: list[str] = []

    def stop(self) -> None:
        observed = self._manager.observe()
        self._running = [slot for slot in observed if not observed[slot].stopped]
        for slot in plan.SLOTS:
            self._manager.stop(slot)
        if services.systemd_runs():
            schedules = self._unit.replace("@", ".*@*", 1)
            self._module.run_command(["systemctl", "stop", schedules])

    def start(self) -> None:
        for slot in self._running:
            with contextlib.suppress(UserError):  # it may have been ill before
                self._manager.start(slot)
                self._manager.start_workers(slot)


@dataclass(frozen=True)
class Wanted:
    """Which ``backup`` is restored, by its ID or as ``newest``, ``beside`` the app or into place.

    With ``force`` also one that the live release does not know. ``page`` is what visitors see
    meanwhile, in HTML.
    """

    backup: str
    beside: bool
    force: bool
    page: str


class Run:
    """One run of the module, and its result as far as it has come."""

    def __init__(
        self, module: Module, service: Service, migration: Migration, wanted: Wanted, step: Deploy
    ) -> None:
        self.module = module
        self.name = service["name"]
        self.migration = migration
        self.wanted = wanted
        self.step = step
        self.layout = slots.layout(service)
        self.doors = Doors(self.layout.root, wanted.page, Processes(module, service))
        self.result: dict[str, Any] = {"changed": True, "release": "", "shown": False}

    def run(self) -> None:
        """Find the backup, see whether it suits, and restore it."""
        wanted = self.wanted
        app = store.settings(self.name)
        backup = backup_plan.choose(app, wanted.backup, store.backups(Path(app.folder)))
        current = self.layout.current
        if current.exists():
            self.result["release"] = str(current.resolve())
        unknown = restore_check.unknown(app, backup, self.layout.root, self.migration)
        if unknown and not (wanted.force or wanted.beside):
            raise UserError(unknown)
        self.result.update(backup=backup.id, known=not unknown)
        if self.module.check_mode:
            return
        restore = Restore(app, backup, wanted.force)
        name, folder = restore.where["name"] if restore.where else "", app.shared
        if wanted.beside:
            place = restore.beside()
            name, folder = place.name, str(place.folder)
            self.step.succeed()
        else:
            self.step.note(idle=False)
            restore.into_place(self.doors)
            self.result["safety"] = restore.safety.id if restore.safety else ""
        if restore.left:
            self.module.warn(f"{app.name}: {restore.left}")
        self.result.update(database=name if backup.dump else "", folder=folder)

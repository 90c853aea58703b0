# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The managers by their names, and the slots of an app that changes from one to the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Service
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from . import slots
from .plan import SLOTS
from .slots import Layout, Manager, Process
from .supervisor import Supervisor
from .systemd import Systemd

MANAGERS: dict[str, type[Systemd] | type[Supervisor]] = {
    "systemd": Systemd,
    "supervisor": Supervisor,
}


def managed(module: Module, app: Service, layout: Layout) -> Manager:
    """The manager that an app asks for, together with another that a slot was started by."""
    names = {slots.manager_of(layout, slot) for slot in SLOTS}
    former = names - {"", app["manager"]}
    wanted, *others = [
        MANAGERS[name](module, app["unit"], app["processes"]) for name in (app["manager"], *former)
    ]
    return Managers(wanted, *others) if others else wanted


@dataclass(frozen=True)
class Managers:
    """Starts slots under the ``wanted`` manager, and stops them under whichever has them."""

    wanted: Manager
    former: Manager

    def observe(self) -> dict[str, Process]:
        """The process of each slot, with its background processes."""
        former = self.former.observe()
        return {slot: either(found, former[slot]) for slot, found in self.wanted.observe().items()}

    def start(self, slot: str) -> None:
        self.wanted.start(slot)

    def start_workers(self, slot: str) -> None:
        self.wanted.start_workers(slot)

    def stop(self, slot: str, kill: bool = False) -> None:
        for manager in (self.former, self.wanted):
            manager.stop(slot, kill)

    def log(self, slot: str, since: float, process: str = "") -> list[str]:
        return self.wanted.log(slot, since, process)

    def log_command(self, slot: str, process: str = "") -> str:
        return self.wanted.log_command(slot, process)


def either(wanted: Process, former: Process) -> Process:
    """The process of the manager that has it; the files are those that it is to be started by."""
    found = wanted if former.stopped else former
    behind = {
        unit: either(wanted.behind.get(unit, Process()), former.behind.get(unit, Process()))
        for unit in {*wanted.behind, *former.behind}
    }
    return replace(found, files=wanted.files, behind=behind)

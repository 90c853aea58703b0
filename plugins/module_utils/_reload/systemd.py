# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The slots of an app under systemd: instances of a template unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from .plan import SLOTS
from .slots import Process

PROPERTIES = (
    "Id,Type,ActiveState,SubState,MainPID,Result,ExecMainCode,ExecMainStatus,NeedDaemonReload,"
    "FragmentPath,DropInPaths,NRestarts"
)
LOG_LINES = 1000
SCHEDULED = "oneshot"  # a run of a schedule, which may end after its slot
CLD_EXITED = 1  # si_code of siginfo_t, sigaction(2)
RESULTS = {
    "timeout": "it was not ready in time, and systemd stopped it",
    "oom-kill": "it ran out of memory",
    "exec-condition": "systemd skipped it, for neither its marker nor live.sock lets it start",
    "resources": "systemd could not prepare it (its environment file, its folders, its limits)",
    "protocol": "it ended before it was ready",
}


class Systemd:
    """Starts, stops and observes the slots' units. ``unit`` is the template, ``name@.service``,
    and ``processes`` are those of the background processes, ``name.process@.service``."""

    def __init__(self, module: Module, unit: str, processes: Iterable[str] = ()) -> None:
        self._module = module
        self._unit = unit
        self._processes = tuple(processes)

    def unit(self, slot: str) -> str:
        return instance(self._unit, slot)

    def observe(self) -> dict[str, Process]:
        """The process of each slot, with its background processes, by one call."""
        units = [instance(unit, slot) for slot in SLOTS for unit in (self._unit, *self._processes)]
        # The pattern finds those that run and are no longer among the app's processes.
        units += [instance(self._unit, slot).replace("@", ".*@", 1) for slot in SLOTS]
        rc, out, err = self._systemctl("show", f"--property={PROPERTIES}", *units)
        if rc != 0:
            raise UserError(f"systemctl show failed: {(err or out).strip()}")
        blocks = [parse_show(block) for block in out.strip().split("\n\n")]
        found = {block.get("Id", ""): block for block in blocks}
        slots = {}
        for slot in SLOTS:
            main = process(found.pop(self.unit(slot), {}))
            behind = {
                unit.replace(f"@{slot}.", "@.", 1): process(properties)
                for unit, properties in found.items()
                if f"@{slot}." in unit and properties.get("Type") != SCHEDULED
            }
            slots[slot] = replace(main, behind=behind)
        return slots

    def start(self, slot: str) -> None:
        """Start a slot, and wait until it says that it is ready. Raises UserError."""
        slots = self.observe()[slot]
        if any(state.outdated for state in (slots, *slots.behind.values())):
            self._systemctl("daemon-reload")
        self._systemctl("reset-failed", self.unit(slot))
        rc, out, err = self._systemctl("start", self.unit(slot))
        state = self.observe()[slot]
        if rc != 0 or not state.running:
            raise UserError(state.problem or (err or out).strip())

    def start_workers(self, slot: str) -> None:
        """Start a slot's background processes. How they fare, ``observe`` says."""
        units = [instance(unit, slot) for unit in self._processes]
        self._systemctl("reset-failed", *units)
        self._systemctl("start", *units)

    def stop(self, slot: str, kill: bool = False) -> None:
        """Stop a slot, and wait until it has finished its requests, unless it is to be killed,
        and its background processes the work that they are at. Raises UserError.
        """
        behind = self.observe()[slot].behind
        units = [self.unit(slot)]
        units += [instance(unit, slot) for unit, state in behind.items() if not state.stopped]
        if kill:
            self._systemctl("kill", "--signal=KILL", self.unit(slot))
        rc, out, err = self._systemctl("stop", *units)
        if rc != 0:
            left = self.observe()[slot]
            if not all(state.stopped for state in (left, *left.behind.values())):
                raise UserError(f"{self.unit(slot)} could not be stopped: {(err or out).strip()}")
        self._systemctl("reset-failed", *units)

    def log(self, slot: str, since: float, process: str = "") -> list[str]:
        """The lines of a slot's log since a time (in seconds since the epoch), the last ones;
        or those of one of its background processes, given by its unit."""
        unit = instance(process or self._unit, slot)
        self._module.run_command(["journalctl", "--sync"])
        command = ["journalctl", f"--unit={unit}", f"--since=@{since:.6f}"]
        command += ["--output=cat", "--no-pager", "--quiet", f"--lines={LOG_LINES}"]
        return self._module.run_command(command)[1].splitlines()

    def log_command(self, slot: str, process: str = "") -> str:
        """What a user types to see the whole log of a slot, or of a background process."""
        return f"journalctl -u {instance(process or self._unit, slot)}"

    def _systemctl(self, *arguments: str) -> tuple[int, str, str]:
        return self._module.run_command(["systemctl", *arguments])


def instance(template: str, slot: str) -> str:
    """The unit of a slot, by its template's name."""
    return template.replace("@", f"@{slot}", 1)


def parse_show(text: str) -> dict[str, str]:
    """The properties of one unit, as ``systemctl show`` prints them."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def process(found: dict[str, str]) -> Process:
    """A slot's process out of the properties of its unit."""
    active, sub = found.get("ActiveState", "inactive"), found.get("SubState", "dead")
    files = [found.get("FragmentPath", ""), *found.get("DropInPaths", "").split()]
    return Process(
        running=active in ("active", "reloading") or (active, sub) == ("activating", "start"),
        stopped=active in ("inactive", "failed"),
        pid=int(found.get("MainPID") or 0),
        problem=_problem(found),
        files=tuple(file for file in files if file),
        outdated=found.get("NeedDaemonReload") == "yes",
        restarts=int(found.get("NRestarts") or 0),
    )


def _problem(found: dict[str, str]) -> str:
    result = found.get("Result", "success")
    code, status = found.get("ExecMainCode", "0"), found.get("ExecMainStatus", "0")
    if result in RESULTS:
        return RESULTS[result]
    if code == "0":
        return "" if result == "success" else f"it did not start ({result})"
    how = "ended with exit status" if code == str(CLD_EXITED) else "was killed by signal"
    return f"its main process {how} {status}"

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a move of the traffic, done. Killed after any line, the next run finishes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from . import health, plan, slots
from .plan import Step, Want

MOST_DEATHS = 3
ALIVE = 2.0  # seconds after which a background process is taken to have come up


@dataclass
class Mover:
    """Does the steps. ``group`` is the app's group, ``drain`` the seconds that the old slot gets
    to accept what waits for it. ``evidence`` collects what was seen on the way."""

    module: Module
    layout: slots.Layout
    manager: slots.Manager
    want: Want
    check: health.Check
    group: int
    drain: float
    evidence: dict[str, Any] = field(default_factory=dict)
    _before: str | None = None  # what live.sock named before the switch

    def do(self, step: Step) -> None:
        """Do one step, and note how long it took."""
        start = time.monotonic()
        {
            "start": self._start,
            "switch": self._switch,
            "start_workers": self._start_workers,
            "finalize": self._finalize,
            "stop_old": self._stop_old,
        }[step.kind](step.slot)
        spent = self.evidence.setdefault("seconds", {})
        spent[step.kind] = round(spent.get(step.kind, 0) + time.monotonic() - start, 3)

    def _start(self, slot: str) -> None:
        """Fill the idle slot, start it, and wait for its good answer."""
        self._stop_old(slot)
        slots.fill(self.layout, slot, self.want, self.group)
        self.layout.marker(slot).touch()
        since = time.time()
        try:
            self.manager.start(slot)
            watch = Watch(self.manager, slot)
            health.wait(str(self.layout.socket(slot)), self.check, watch)
        except UserError as error:
            # It never had traffic, so there is nothing to wait for.
            raise UserError(self._failure(slot, since, str(error), kill=True)) from error
        self.evidence["started"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(since))

    def _switch(self, slot: str) -> None:
        """Give a slot the traffic, and take it back where no good answer comes by that way."""
        before = slots.point(self.layout.live_socket, str(self.layout.socket(slot)))
        since = time.time()
        try:
            watch = Watch(self.manager, slot)
            health.wait(str(self.layout.live_socket), self.check, watch)
        except UserError as error:
            slots.point(self.layout.live_socket, before)
            raise UserError(self._failure(slot, since, str(error))) from error
        self._before = before

    def _start_workers(self, slot: str) -> None:
        """Start a slot's background processes, and see that they stay. Where they do not, the
        traffic goes back to the other slot, whose processes still run."""
        since = time.time()
        self.manager.start_workers(slot)
        unit, reason = self._ended(slot)
        if not unit:
            return
        told = self._told(slot, since, f"the background process {unit}: {reason}", unit)
        if self._before is not None:
            slots.point(self.layout.live_socket, self._before)
            self._drain(slot)
            self._give_up(slot)
        raise UserError(told)

    def _ended(self, slot: str) -> tuple[str, str]:
        """The first background process that does not run for some time, and why; or nothing."""
        end = time.monotonic() + ALIVE
        while time.monotonic() < end:
            behind = self.manager.observe()[slot].behind
            for unit in sorted(self.want.processes):
                process = behind.get(unit, slots.Process())
                if not process.running:
                    return unit, process.problem or "it has ended by itself"
            time.sleep(health.WATCH)
        return "", ""

    def _finalize(self, slot: str) -> None:
        before = os.readlink(self.layout.current) if self.layout.current.is_symlink() else ""
        release = f"releases/{self.want.release}"
        if before not in ("", release):
            slots.point(self.layout.previous, before)
        slots.point(self.layout.current, release)
        self.layout.marker(slot).unlink(missing_ok=True)

    def _stop_old(self, slot: str) -> None:
        """Stop a slot without the traffic, once it has accepted what still waits for it."""
        if not self.manager.observe()[slot].stopped:
            waiting = self._drain(slot)
            if waiting:
                self.evidence["drained"] = self.evidence.get("drained", 0) + waiting
        self.manager.stop(slot)
        self.layout.marker(slot).unlink(missing_ok=True)

    def _drain(self, slot: str) -> int:
        """Wait until no connection waits in the slot's backlog; how many were seen there.

        gunicorn answers what it has accepted before it stops, and drops what it has not.
        """
        deadline = time.monotonic() + self.drain
        most = 0
        while True:
            waiting = self._backlog(slot)
            most = max(most, waiting)
            if not waiting or time.monotonic() > deadline:
                return most
            time.sleep(health.POLL)

    def _backlog(self, slot: str) -> int:
        command = ["ss", "-xlH", "src", str(self.layout.socket(slot))]
        lines = self.module.run_command(command)[1].splitlines()
        return sum(int(line.split()[2]) for line in lines if len(line.split()) > 2)

    def _failure(self, slot: str, since: float, reason: str, kill: bool = False) -> str:
        """Stop and empty a slot that failed, and say what happened, with what its log says."""
        if not kill:
            self._drain(slot)
        told = self._told(slot, since, reason)
        self._give_up(slot, kill)
        return told

    def _told(self, slot: str, since: float, reason: str, process: str = "") -> str:
        log = "".join(
            f"\n    {line}" for line in plan.excerpt(self.manager.log(slot, since, process))
        )
        return f"{reason}\nThe whole log: {self.manager.log_command(slot, process)}{log}"

    def _give_up(self, slot: str, kill: bool = False) -> None:
        self.manager.stop(slot, kill)
        self.layout.socket(slot).unlink(missing_ok=True)
        self.layout.marker(slot).unlink(missing_ok=True)
        slots.clear(self.layout, slot)


class Watch:
    """Called while a slot boots: raises UserError where it will not come up."""

    def __init__(self, manager: slots.Manager, slot: str) -> None:
        self._manager = manager
        self._slot = slot
        self._seen: set[int] = set()

    def __call__(self) -> None:
        process = self._manager.observe()[self._slot]
        if not process.running:
            raise UserError(process.problem or "it has stopped by itself")
        # A worker that exits without an error is started again and again by gunicorn.
        alive = set(slots.children(process.pid))
        self._seen |= alive
        deaths = len(self._seen - alive)
        if deaths >= MOST_DEATHS and deaths >= 2 * len(alive):
            raise UserError(f"its workers end as soon as they start ({deaths} so far)")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the traffic of an app moves to a release: what is wanted, what is there, the steps between.

An app has two slots. The link ``live.sock`` names the one with the traffic, and nothing else does.
Whatever is to change - the release, the environment, a settings file, the unit - the idle slot is
started with it, checked, given the traffic, and the other one is stopped. A live slot that does
not run is replaced in the same way, and so is what an interrupted run has left.

The background processes of an app belong to its slots. Those of a slot start right after it has
got the traffic, so that a release which fails its check never takes a job, and while the other
slot is still there to go back to. They stop with their slot.

Each slot has the manager (systemd or supervisor) that it was started by. Another manager is one
more thing that is to change: the new slot starts under the one, the old slot stops under the other.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

SLOTS = ("blue", "green")
TRACEBACK = "Traceback (most recent call last):"
CHAINED = ("During handling of the above", "The above exception was")
LOG_LINES = 40
PENDING = "pending"  # the fingerprint of a file that an earlier task would change, in check mode


@dataclass(frozen=True)
class Want:
    """The release, the fingerprints of the files that it is to be started with, by path, the
    background processes that it is to have, by their units, and the manager of all of them."""

    release: str
    files: Mapping[str, str] = field(default_factory=dict)
    processes: frozenset[str] = frozenset()
    manager: str = ""


@dataclass(frozen=True)
class Slot:
    """A slot as it was last started, and how it is now.

    ``running`` says that it serves; ``stopped`` that no process of it is there and none is about
    to be, background processes included. A slot that crashes and is started again is neither.
    ``marked`` says that its marker is there, which lets it start without being the live one.
    ``working`` are the background processes that run, by their units. ``manager`` is what it was
    started by.
    """

    release: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    running: bool = False
    stopped: bool = True
    marked: bool = False
    working: frozenset[str] = frozenset()
    manager: str = ""

    @property
    def clean(self) -> bool:
        return self.stopped and not self.marked


@dataclass(frozen=True)
class Have:
    """The host: the slot with the traffic (or ""), the release of ``current``, both slots."""

    live: str = ""
    current: str = ""
    slots: Mapping[str, Slot] = field(default_factory=lambda: {slot: Slot() for slot in SLOTS})


@dataclass(frozen=True)
class Step:
    """``start`` a slot and check it, ``switch`` the traffic to it, ``start_workers``, which are its
    background processes, ``finalize`` what follows from that (``current``, its marker), or
    ``stop_old``, which is the slot that had the traffic before."""

    kind: str
    slot: str


def plan(want: Want, have: Have) -> list[Step]:
    """The steps from ``have`` to ``want``; none where the live slot runs what is wanted."""
    if not reasons(want, have):
        live = have.slots[have.live]
        workers = [] if want.processes <= live.working else [Step("start_workers", have.live)]
        settled = have.current == want.release and not live.marked
        finalize = [] if settled else [Step("finalize", have.live)]
        return workers + finalize + _stop_old(have, other(have.live))
    new = other(have.live)
    kinds = ["start", "switch", *(["start_workers"] if want.processes else []), "finalize"]
    return [Step(kind, new) for kind in kinds] + _stop_old(have, other(new))


def reasons(want: Want, have: Have) -> list[str]:
    """Why the live slot has to be replaced, a line each; none where it runs what is wanted."""
    if not have.live:
        return [f"release (none) -> {want.release}"]
    live = have.slots[have.live]
    found = []
    if live.release != want.release:
        found.append(f"release {live.release or '(unknown)'} -> {want.release}")
    if live.manager != want.manager:
        found.append(f"manager {live.manager or '(unknown)'} -> {want.manager}")
    for path in sorted({*want.files, *live.files}):
        old, new = live.files.get(path), want.files.get(path)
        if old != new:
            found.append(f"{path} {'is new' if not old else 'has changed' if new else 'is gone'}")
    if not live.running:
        found.append(f"slot {have.live} has the traffic and does not run")
    return found


def after(step: Step, want: Want, have: Have) -> Have:
    """The host after a step."""
    slots = dict(have.slots)
    live, current = have.live, have.current
    if step.kind == "start":
        slots[step.slot] = Slot(
            want.release,
            want.files,
            running=True,
            stopped=False,
            marked=True,
            manager=want.manager,
        )
    elif step.kind == "switch":
        live = step.slot
    elif step.kind == "start_workers":
        slots[step.slot] = replace(slots[step.slot], working=want.processes)
    elif step.kind == "finalize":
        current = want.release
        slots[step.slot] = replace(slots[step.slot], marked=False)
    elif step.kind == "stop_old":
        old = slots[step.slot]
        slots[step.slot] = Slot(old.release, old.files, manager=old.manager)
    return Have(live, current, slots)


def diff(want: Want, have: Have, steps: list[Step]) -> dict[str, str]:
    """What the steps change, as Ansible shows it. Of files it names the paths only."""
    end = have
    for step in steps:
        end = after(step, want, end)
    changes = [line for line in reasons(want, have) if steps and "->" not in line]
    return {
        "before": _shown(have),
        "after": _shown(end) + "".join(f"# {line}\n" for line in changes),
    }


def other(slot: str) -> str:
    """The slot beside ``slot``; the first one where there is none."""
    return SLOTS[1] if slot == SLOTS[0] else SLOTS[0]


def fingerprint(content: bytes) -> str:
    """What tells whether a file has changed since a slot was started with it."""
    return hashlib.sha256(content).hexdigest()


def excerpt(lines: list[str]) -> list[str]:
    """What matters in the log of a slot that failed: its first traceback, and the end.

    The first one is the app's own; those of the other workers and of gunicorn follow from it.
    """
    lines = [line for line in lines if line.strip(" ~^")]  # the marks below a frame's code
    start = next((index for index, line in enumerate(lines) if TRACEBACK in line), None)
    if start is None or len(lines) <= LOG_LINES:
        return lines[-LOG_LINES:]
    end = _exception(lines, start)
    while any(phrase in line for line in lines[end + 1 : end + 3] for phrase in CHAINED):
        end = _exception(lines, end + 3)
    trace = lines[start : end + 1]
    if len(trace) > LOG_LINES:
        trace = [TRACEBACK, "  ...", *trace[2 - LOG_LINES :]]
    return [*trace, "...", *lines[max(end + 1, len(lines) - 3) :]]


def _exception(lines: list[str], start: int) -> int:
    """Where the traceback that starts at a line, or after it, ends: the exception's own line."""
    inside = (index for index in range(start + 1, len(lines)) if lines[index][:1].strip())
    return next((index for index in inside if TRACEBACK not in lines[index]), len(lines) - 1)


def _stop_old(have: Have, slot: str) -> list[Step]:
    return [] if have.slots[slot].clean else [Step("stop_old", slot)]


def _shown(have: Have) -> str:
    lines = [f"live: {have.live or 'none'}\n", f"current: {have.current or 'none'}\n"]
    for name, slot in have.slots.items():
        if not slot.clean:
            state = "running" if slot.running else "not running"
            release = slot.release or "(unknown)"
            under = f", under {slot.manager}" if slot.manager else ""
            lines.append(f"{name}: {state}, release {release}{under}\n")
            lines += [
                f"{name}: {unit.replace('@', f'@{name}', 1)}\n" for unit in sorted(slot.working)
            ]
    return "".join(lines)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which play may deploy an app, what is known of its deploy, and how that is written down.

A deploy is a whole play: its steps are modules and commands, one after the other. What is known of
it is a record on the host, and the record is the lock. A play that is gone leaves its record; it is
taken over, and the deploy is written down as interrupted. Nothing in this file reads or writes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

SILENCE = 900  # seconds without a step after which a play of another controller is taken for dead
MOST_COMMITS = 100
INSTALL = "install the package"  # the step of a package, which was built elsewhere
REASON_LINES = 6  # at either end

Facts = dict[str, Any]
NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Play:
    """A running play: who started it, on which controller, and the process that it is.

    ``started`` tells a process from a later one with its number.
    """

    who: str
    controller: str
    pid: int
    started: str

    @property
    def id(self) -> str:
        return f"{self.controller} {self.pid} {self.started}"


@dataclass(frozen=True)
class Record:
    """A deploy in progress. ``since`` and ``renewed`` are seconds since 1970; ``step`` is the one
    that is at work, or was last. ``idle`` says that so far there was nothing to do."""

    play: Play
    since: float
    renewed: float
    step: str
    steps: tuple[str, ...] = ()
    idle: bool = True
    release: str = ""  # the ID, where it is known
    before: str = ""
    commits: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()

    def as_dict(self) -> Facts:
        return asdict(self)


def parse(found: Any) -> Record | None:
    """The record in a file's JSON; None where it is none."""
    try:
        known = {item.name: found[item.name] for item in fields(Record) if item.name in found}
        known["play"] = Play(**known["play"])
        for name in ("steps", "commits", "migrations"):
            known[name] = tuple(known.get(name, ()))
        return Record(**known)
    except (KeyError, TypeError):
        return None


def decide(record: Record | None, me: Play, now: float, busy: bool, dead: tuple[str, ...]) -> str:
    """What a play may do about a record: ``take`` the lock, ``renew`` its own, ``take over`` from a
    play that is dead, ``ask`` whether that is so, or ``refuse`` to go on.

    ``busy`` says that a step is at work on the host; ``dead`` are plays that the controller knows
    to be gone. Only the same controller can know that; for another one it is the silence.
    """
    if record is None:
        return "take"
    if record.play.id == me.id:
        return "renew"
    if record.play.id in dead:
        return "take over"
    if record.play.controller == me.controller:
        return "ask"
    if not busy and now - record.renewed > SILENCE:
        return "take over"
    return "refuse"


def renewed(record: Record | None, me: Play, now: float, step: str) -> Record:
    """The record of a play that begins a step. Another's is replaced."""
    if record is None or record.play.id != me.id:
        record = Record(me, now, now, step)
    return replace(record, renewed=now, step=step, steps=(*record.steps, step))


def noted(record: Record, facts: Mapping[str, Any]) -> Record:
    """The record with what a step has found or done. Migrations are added to those before."""
    known = {**facts}
    if "commits" in known:
        known["commits"] = tuple(known["commits"][:MOST_COMMITS])
    if "migrations" in known:
        known["migrations"] = (*record.migrations, *known["migrations"])
    return replace(record, **known)


def kind(record: Record) -> str:
    """``deploy``, ``rollback``, ``restore``, or ``settings``, which are a new start of the same
    release."""
    if "restore" in record.steps:
        return "restore"
    if record.release and record.release == record.before:
        return "settings"
    return "deploy" if {"build", INSTALL} & {*record.steps} else "rollback"


def entry(
    record: Record, now: float, result: str, reason: str = "", releases: Mapping[str, Any] = NONE
) -> Facts:
    """The line of the ledger for a deploy that has ended. ``releases`` are facts by their IDs."""
    return {
        "when": stamp(now),
        "who": record.play.who,
        "what": kind(record),
        "result": result,
        "from": releases.get(record.before, {"id": record.before}) if record.before else None,
        "to": releases.get(record.release, {"id": record.release}) if record.release else None,
        "commits": list(record.commits),
        "migrations": list(record.migrations),
        "seconds": round(now - record.since, 1),
        "step": record.step,
        "reason": shortened(reason),
    }


def shortened(reason: str) -> str:
    """The ends of a reason: a message begins with its sense, and a traceback ends with it."""
    lines = reason.strip().splitlines()
    if len(lines) > 2 * REASON_LINES:
        lines = [*lines[:REASON_LINES], "...", *lines[-REASON_LINES:]]
    return "\n".join(line[:300] for line in lines)


def interrupted(record: Record, releases: Mapping[str, Any] = NONE) -> Facts:
    """The line for a deploy whose play is gone; its last sign of life counts as its end."""
    reason = f"the play ended without an end of the deploy; its last step was: {record.step}"
    return entry(record, record.renewed, "interrupted", reason, releases)


def schema_left(app: str, record: Record) -> str:
    """What a move of the traffic that failed means for the database, where the same deploy has
    migrated it; "" otherwise. A rollback brings it forward again by itself."""
    if not (record.migrations and record.before) or kind(record) != "deploy":
        return ""
    way = f"-e app={app} -e release={record.before} -e downgrade=true"
    return (
        f"\nThe database stays migrated ({', '.join(record.migrations)}): the release that has"
        " the traffic works on the newer schema, as it does for a moment in each deploy. Where it"
        f" cannot stay so: ansible-playbook pyhost.flask.rollback {way}\nThat reverts these"
        " migrations, after a dump; what they added is lost."
    )


def message(app: str, record: Record, now: float, file: str) -> str:
    """Why a second play may not go on, and what to do."""
    return (
        f"{app}: {record.play.who} (process {record.play.pid}) deploys this app since"
        f" {stamp(record.since)}, for {duration(now - record.since)}; its last step, begun"
        f" {duration(now - record.renewed)} ago: {record.step}. Nothing was changed.\n"
        "To wait for it: -e app_lock_wait=600 (seconds). If that play is dead: one of the same"
        f" controller is found out at once, one of another {duration(SILENCE)} after its last step;"
        f" not to wait for that, remove {file} on this host."
    )


def stamp(seconds: float) -> str:
    """A time as text, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def duration(seconds: float) -> str:
    """Some time in the largest unit that suits, as in ``4 min``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (unit == "d" and seconds >= size):
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"

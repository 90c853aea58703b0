# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a deploy on the host, and the ledger of those that have ended."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import LOCKED_BY
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import Play as PlayOption

from . import record as deploy_record
from .record import Play, Record

FOLDER = Path("/run/pyhost-flask")
LEDGER = "deploys.jsonl"


class Deploy:
    """A step of a deploy, in a ``with`` block: from its begin to its end no other play works on the
    app, and before the next one neither. Without a play (in check mode) it does nothing.

    While a step is at work it has the kernel's lock of a file, so that a long one does not look
    like a dead one, and that the step of a killed play is waited for.
    """

    def __init__(
        self, module: Module, app: str, root: str | Path, step: str, play: PlayOption | None
    ) -> None:
        """Begin a step. Raises ``Locked`` if another play deploys the app."""
        self._module = module
        self._app = app
        self._root = Path(root)
        self._record: Record | None = None
        self._lock = -1
        self._last = False
        if play and not module.check_mode:
            self._last = play["last"]
            owner = Play(play["who"], play["controller"], play["pid"], play["started"])
            self._begin(owner, step, tuple(play["dead"]))

    def __enter__(self) -> Deploy:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """What no module has foreseen ends the deploy as well."""
        if error is not None and not isinstance(error, SystemExit):
            self.fail(f"{type(error).__name__}: {error}")
        if self._last:
            self.succeed()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def note(self, **facts: Any) -> None:
        """Put what was found or done into the record (fields of ``Record``)."""
        if self._record:
            self._write(deploy_record.noted(self._record, facts))

    def fail(self, reason: str) -> str:
        """The step failed, and with it the deploy. Returns the reason without the app's secrets."""
        shown = self._redacted(reason)
        if self._record:
            self._record = replace(self._record, idle=False)
        self._end("failed", shown)
        return shown

    def succeed(self) -> None:
        """The deploy is done. What had nothing to do is not written down."""
        self._end("ok")

    def schema_left(self) -> str:
        """What it means for the database that the traffic did not move."""
        return deploy_record.schema_left(self._app, self._record) if self._record else ""

    def _begin(self, me: Play, step: str, dead: tuple[str, ...]) -> None:
        FOLDER.mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(FOLDER / f"{self._app}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        now = time.time()
        if not self._try():
            self._judge(read(self._app), me, now, True, dead)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        record = read(self._app)
        if self._judge(record, me, time.time(), False, dead) == "take over" and record:
            self._append(deploy_record.interrupted(record, self._releases(record)), record)
        new = deploy_record.renewed(record, me, time.time(), step)
        if not new.before:
            current = self._root / "current"
            new = replace(new, before=current.readlink().name if current.is_symlink() else "")
        self._write(new)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _judge(
        self, record: Record | None, me: Play, now: float, busy: bool, dead: tuple[str, ...]
    ) -> str:
        verdict = deploy_record.decide(record, me, now, busy, dead)
        if record and verdict in ("ask", "refuse"):
            os.close(self._lock)
            self._lock = -1
            raise Locked(self._app, record, now)
        return verdict

    def _end(self, result: str, reason: str = "") -> None:
        record, self._record = self._record, None
        if not record:
            return
        if not record.idle:
            now, releases = time.time(), self._releases(record)
            self._append(deploy_record.entry(record, now, result, reason, releases), record)
        file(self._app).unlink(missing_ok=True)

    def _append(self, entry: Mapping[str, Any], record: Record) -> None:
        """Add a line to the ledger, as a whole and for good."""
        if record.idle or not self._root.is_dir():
            return
        line = json.dumps(entry, ensure_ascii=False) + "\n"
        ledger = os.open(self._root / LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.fchmod(ledger, 0o640)
            os.write(ledger, line.encode())
            os.fsync(ledger)
        finally:
            os.close(ledger)

    def _releases(self, record: Record) -> dict[str, Any]:
        """The facts of the record's releases that are still on the host."""
        found = {}
        for name in {record.release, record.before} - {""}:
            try:
                text = (self._root / "releases" / name / "release.json").read_text(encoding="utf-8")
                known = json.loads(text)
                found[name] = {
                    "id": name,
                    **{key: known[key] for key in ("revision", "version")},
                }
            except (OSError, ValueError, KeyError):
                continue
        return found

    def _redacted(self, text: str) -> str:
        shown = redact.redact_for(Path("/etc") / self._app, text)
        if not self._module.no_log_values:
            return shown
        # Imported here, for a package does the same on a host without Ansible.
        from ansible.module_utils.common.parameters import remove_values

        return str(remove_values(shown, self._module.no_log_values))

    def _write(self, record: Record) -> None:
        """Replace the record, at once."""
        self._record = record
        new = file(self._app).with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as text:
            json.dump(record.as_dict(), text)
        os.replace(new, file(self._app))


class Locked(Exception):
    """Another play deploys the app; the text says which, and what to do. ``owner`` is that play,
    for the controller to judge whether it still runs."""

    def __init__(self, app: str, record: Record, now: float) -> None:
        super().__init__(deploy_record.message(app, record, now, str(file(app))))
        self.owner = vars(record.play)

    @property
    def result(self) -> dict[str, Any]:
        """The result of a module that cannot begin."""
        return {"failed": True, "msg": str(self), LOCKED_BY: self.owner}


def file(app: str) -> Path:
    """Where the record of a deploy in progress is."""
    return FOLDER / f"{app}.json"


def read(app: str) -> Record | None:
    """The record of a deploy in progress; None where there is none."""
    try:
        return deploy_record.parse(json.loads(file(app).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def last(root: Path, count: int) -> list[dict[str, Any]]:
    """The last lines of the ledger, the newest first. One that is cut off is left out."""
    try:
        with open(root / LEDGER, "rb") as ledger:
            ledger.seek(max(os.fstat(ledger.fileno()).st_size - 65536 * count, 0))
            lines = ledger.read().splitlines()
    except OSError:
        return []
    entries: list[dict[str, Any]] = []
    for line in reversed(lines):
        try:
            entries.append(json.loads(line))
        except ValueError:
            continue
        if len(entries) == count:
            break
    return entries

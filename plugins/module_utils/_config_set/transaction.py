# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A set of files changes as a whole, or not at all.

Each transaction is written down before it begins, in ``Store``, with the name of every file that
it uses on the way. Whatever is killed in the middle can therefore be put back by the next run:

========  ===========================================  ==============================
phase     what happens                                 what the next run does
========  ===========================================  ==============================
staging   new files appear under names of their own    deletes them
swapping  old files get a second name, new ones move   puts the old ones back
applying  the set is new, ``apply`` runs               the same, and ``apply`` is due
done      the old files' second names go               deletes the rest of them
========  ===========================================  ==============================

The old files keep their inodes under the second name: coming back, they are what they were.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass, replace

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import filesystem, journal, plan, preview
from .journal import State, Step, Store
from .plan import Change
from .preview import Run

SCRATCH = "/run"  # a tmpfs, where systemd runs: overlays need one, and secrets stay off the disk


def swap(change: Change, step: Step) -> None:
    """Bring one change about. A file is its old or its new self at every moment."""
    after = change.after
    if after.kind == "directory":
        if step.before == "absent":
            os.mkdir(step.path, 0o700)
        filesystem.set_rights(step.path, after.owner, after.group, after.mode)
    elif step.before == "directory":
        os.rmdir(step.path)
    elif after.kind == "absent":
        os.rename(step.path, step.old)
    else:
        if step.before != "absent":
            os.link(step.path, step.old, follow_symlinks=False)
        os.rename(step.new, step.path)


def undo(step: Step) -> None:
    """Put back what was there before, whether the step was taken, begun or neither."""
    if step.before == "directory":
        with contextlib.suppress(FileExistsError):
            os.mkdir(step.path, 0o700)
        filesystem.set_rights(step.path, step.owner, step.group, step.mode)
    elif step.after == "directory":
        with contextlib.suppress(OSError):  # never made, or somebody has put something into it
            os.rmdir(step.path)
    elif os.path.lexists(step.old):
        os.rename(step.old, step.path)
    elif step.before == "absent" and not os.path.lexists(step.new):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(step.path)


def clear(state: State) -> None:
    """Delete the files that a transaction used on the way."""
    for step in state.steps:
        for path in (step.new, step.old):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                os.unlink(path)
    if state.scratch:
        shutil.rmtree(state.scratch, ignore_errors=True)


def recover(store: Store) -> State:
    """Put an interrupted transaction right, if there is one, and return the state after."""
    state = store.load()
    if not state.phase:
        return state
    if state.phase in ("swapping", "applying"):
        for step in reversed(state.steps):
            undo(step)
        filesystem.flush(os.path.dirname(step.path) for step in state.steps)
    clear(state)
    pending = state.pending or state.phase == "applying"
    return store.save(State(state.managed, state.secret, pending))


@dataclass
class Transaction:
    """One run's changes: validated, swapped in, applied; or the host is as it was before."""

    store: Store
    state: State
    changes: list[Change]
    validate: list[list[str]]
    apply: list[list[str]]
    run: Run

    def commit(self, after: State) -> str:
        """Bring the changes about, and the state ``after`` them; what ``apply`` printed."""
        try:
            self._begin()
            tried = self._try_out()
            self._swap()
            if not tried:
                self._check(self.validate, "rejects the new files")
            self._phase("applying")
            output = self._check(self.apply, "failed with the new files")
        except BaseException as error:
            outcome = self._go_back()
            if isinstance(error, (UserError, OSError)):
                raise UserError(f"{plan.reason(error)}\n{outcome}") from error
            raise
        self.state = replace(after, steps=self.state.steps, scratch=self.state.scratch)
        self._phase("done")
        recover(self.store)
        return output

    def _phase(self, phase: str) -> None:
        self.state = self.store.save(replace(self.state, phase=phase))

    def _begin(self) -> None:
        """Write the journal, before there is anything to put back."""
        scratch = f"{SCRATCH}/config_set-{secrets.token_hex(4)}" if self.validate else ""
        self.state = replace(self.state, steps=journal.journal(self.changes), scratch=scratch)
        self._phase("staging")

    def _try_out(self) -> bool:
        """Validate before anything is in place; False where the host does not let us."""
        if not (self.validate and self.changes):
            return True
        try:
            os.mkdir(self.state.scratch, 0o700)
        except OSError:
            return False
        prefix = preview.prepare(self.changes, self.state.scratch, self.run)
        if prefix is None:
            return False
        self._check(self.validate, "rejects the new files", prefix)
        return True

    def _swap(self) -> None:
        pairs = list(zip(self.changes, self.state.steps))
        for change, step in pairs:
            filesystem.make(step.new, change.after)
        # After all of them are written: the disk's own journal then takes them in few turns.
        filesystem.flush(step.new for step in self.state.steps if step.after == "file")
        filesystem.flush(os.path.dirname(step.new) for step in self.state.steps)
        self._phase("swapping")
        for change, step in pairs:
            swap(change, step)
        filesystem.flush(os.path.dirname(step.path) for step in self.state.steps)

    def _check(
        self, commands: list[list[str]], verdict: str, prefix: list[str] | None = None
    ) -> str:
        printed = ""
        for command in commands:
            status, out, err = self.run([*(prefix or []), *command])
            printed += out
            if status:
                paths = ", ".join(change.path for change in self.changes) or "none"
                raise UserError(
                    f"{' '.join(command)} {verdict} (exit status {status}):\n"
                    f"{(err + out).strip()}\nFiles that change: {paths}"
                )
        return printed

    def _go_back(self) -> str:
        """Put the old set back and, where the new one was being applied, apply the old one.

        Returns how that went.
        """
        try:
            self.state = recover(self.store)
            if self.state.pending and self.changes:
                self._check(self.apply, "failed with the old files as well")
                self.store.save(replace(self.state, pending=False))
        except OSError as error:
            why = plan.reason(error)
            return f"The old files could not be put back, the next run tries again: {why}"
        except UserError as error:
            return f"The files are as they were before this run. {error}"
        return "The files are as they were before this run."

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept on the host about each set of files, and about the transaction under way."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import filesystem
from .plan import Change, Node

FOLDER = "/var/lib/pyhost-flask/config_set"
LOCK_SECONDS = 60


@dataclass(frozen=True)
class Step:
    """A change as the journal keeps it: enough to put back what was there, and no content."""

    path: str
    before: str  # kinds of nodes
    after: str
    owner: str  # of the node before
    group: str
    mode: int
    new: str  # where the new file waits for the swap
    old: str  # second name of the old file from the swap to the end


@dataclass(frozen=True)
class State:
    """What is kept about a set: the paths that it manages, and the transaction under way."""

    managed: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()  # those of them whose content is never shown
    pending: bool = False  # files were changed back or forth, and apply has not succeeded since
    phase: str = ""
    steps: tuple[Step, ...] = ()
    scratch: str = ""  # the folder of the trial

    @classmethod
    def of(
        cls, want: dict[str, Node], secret: frozenset[str], unwanted: Iterable[str] = ()
    ) -> State:
        """The state of a set that is as wanted, but for what is unwanted and still there."""
        managed = tuple(path for path, node in want.items() if node.kind != "absent")
        managed += tuple(unwanted)
        return cls(managed, tuple(path for path in managed if path in secret))

    @property
    def due(self) -> bool:
        """Whether ``apply`` must run though no file may differ: a run did not come to its end."""
        return self.pending or self.phase in ("swapping", "applying")


class Store:
    """The states of all sets, a file each, and the lock that lets one run at a time change them."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder = folder
        self.path = f"{folder}/{name}.json"

    def load(self, path: str = "") -> State:
        """The state of this set, or of the one at ``path``; an empty one where there is none."""
        try:
            with open(path or self.path, encoding="utf-8") as file:
                data: dict[str, Any] = json.load(file)
        except FileNotFoundError:
            return State()
        except ValueError as error:
            raise UserError(f"{path or self.path} is damaged ({error}); remove it") from error
        data["steps"] = [Step(**step) for step in data["steps"]]
        for key in ("managed", "secret", "steps"):
            data[key] = tuple(data[key])
        return State(**data)

    def save(self, state: State) -> State:
        """Keep the state, in one step that outlives a power cut, and return it."""
        filesystem.write(f"{self.path}.new", json.dumps(asdict(state), indent=1).encode(), 0o600)
        filesystem.flush([f"{self.path}.new"])
        os.replace(f"{self.path}.new", self.path)
        filesystem.flush([self.folder])
        return state

    def elsewhere(self) -> set[str]:
        """The paths that other sets manage."""
        if not os.path.isdir(self.folder):
            return set()
        paths = (f"{self.folder}/{name}" for name in os.listdir(self.folder))
        others = [path for path in paths if path.endswith(".json") and path != self.path]
        return {managed for other in others for managed in self.load(other).managed}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Wait for other runs, then keep them waiting; a process that dies keeps nobody waiting."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        with open(f"{self.folder}/lock", "w", encoding="utf-8") as lock:
            deadline = time.monotonic() + LOCK_SECONDS
            while not _lock(lock):
                if time.monotonic() > deadline:
                    raise UserError(
                        f"another run has been at it for {LOCK_SECONDS} seconds; wait for it to "
                        f"end (fuser {lock.name} names its process), then run again"
                    )
                time.sleep(0.1)
            yield


def _lock(file: IO[str]) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def journal(changes: list[Change]) -> tuple[Step, ...]:
    """The steps of a transaction, with names for the files on the way.

    They lie in the nearest folder that is there before and after: on the file system of their
    destination, so that they can be renamed to it. The dot in front keeps them out of
    ``include *`` and its like.
    """
    token = secrets.token_hex(4)
    passing = {
        change.path for change in changes if "absent" in (change.before.kind, change.after.kind)
    }
    steps = []
    for number, change in enumerate(changes):
        folder, name = os.path.split(change.path)
        while folder in passing:
            folder = os.path.dirname(folder)
        aside = f"{folder.rstrip('/')}/.{name[:200]}.config_set-{token}-{number}"
        before = change.before
        steps.append(
            Step(
                path=change.path,
                before=before.kind,
                after=change.after.kind,
                owner=before.owner,
                group=before.group,
                mode=before.mode,
                new=f"{aside}.new",
                old=f"{aside}.old",
            )
        )
    return tuple(steps)

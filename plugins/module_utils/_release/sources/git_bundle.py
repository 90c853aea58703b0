# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A git repository that the controller reads for a host: what the host's mirror lacks is sent to it
as a bundle (git-bundle(1)). All else is as with a mirror that the host fills by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    NotSent,
    Revision,
)

from .git_mirror import Repository

REFS = "refs/sent"  # what is sent, by its commit; git forgets in time what none of them leads to
TIPS = 100  # commits that a mirror is asked for at most, to know what need not be sent


@dataclass(frozen=True)
class Found:
    """What the controller has found: a revision. Once it was asked for, the folder ``path`` has
    bundles, named by the mirrors that they are for, or ``problem`` says why it has not."""

    revision: str = ""
    version: str = ""
    path: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Bundled(Repository):
    """A repository whose server this host never asks."""

    found: Found = Found()

    def resolve(self, version: str) -> Revision:
        return Revision(self.found.revision, self.found.version)

    def fetch(self) -> None:
        """``NotSent`` where the controller is to send it."""
        if self.found.problem:
            raise UserError(self.found.problem)
        if not self.found.path:
            raise NotSent(tips=self._tips())
        bundle = Path(self.found.path, self.mirror.name)
        try:
            self.receive(["--", str(bundle), f"+{REFS}/*:{REFS}/*"])
        except UserError as error:
            raise UserError(
                f"its mirror {self.mirror} was damaged. Run the same again, which sends all of it."
                f" ({error})"
            ) from None

    def _tips(self) -> dict[str, list[str]]:
        """What this host has: commits, by the names of the mirrors."""
        mirrors = [self.modules.parent / "repo.git", *self.modules.glob("*.git")]
        there = [mirror for mirror in mirrors if mirror.exists()]
        return {mirror.name: tips(replace(self, mirror=mirror)) for mirror in there}


def tips(repository: Repository) -> list[str]:
    """The newest commits that names in a mirror, or in one that it borrows from, stand for."""
    names = ["--branches", f"--glob={REFS}", "--alternate-refs"]
    rc, out, _err = repository.git("rev-list", "--no-walk", f"--max-count={TIPS}", *names)
    return [] if rc else out.split()


def pack(repository: Repository, commits: Sequence[str], there: Sequence[str], file: Path) -> None:
    """Write a bundle with what a mirror that has the commits ``there`` lacks of ``commits``, unless
    that is nothing."""
    # Some that are there may be of another clone, and unknown here.
    what = ["--ignore-missing", f"--glob={REFS}", "--not", *there]
    # In a copy, for a bundle is made of names, and others may make one of the mirror right now.
    with repository.scratch() as copy:
        for commit in commits:
            copy.git("update-ref", f"{REFS}/{commit}", commit)
        if not copy.git("rev-list", "--max-count=1", *what)[1].strip():
            return
        rc, _out, err = copy.git("bundle", "create", str(file), *what)
    if rc:
        raise UserError(f"{repository.address} could not be packed for the host: {err.strip()}")

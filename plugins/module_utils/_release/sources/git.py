# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A git repository as an app's source."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    COMMIT,
    Revision,
)

from . import git_submodules
from .git_mirror import Repository


@dataclass(frozen=True)
class Git:
    """A ``Source``: the branch, tag or commit ``version`` of a repository."""

    repository: Repository
    version: str
    submodules: bool = False
    built: ClassVar[bool] = False

    @property
    def secrets(self) -> set[str]:
        return self.repository.secrets

    def __str__(self) -> str:
        return f"{self.repository.address}, version {self.version}"

    def package(self, revision: str) -> str:
        return ""

    def missing(self) -> str:
        if shutil.which("git"):
            return ""
        return "there is no git on the host; install it (app_packages names it)"

    def resolve(self) -> Revision:
        """The server is not asked about a commit."""
        if COMMIT.fullmatch(self.version):
            return Revision(self.version, self.version)
        return self.repository.resolve(self.version)

    def obtain(self, revision: str) -> None:
        if not self.repository.has(revision):
            self.repository.fetch()
        if not self.repository.has(revision):
            raise UserError("none of its branches and tags has this commit; push it, or check it")
        for _submodule in self.parts(revision):
            pass

    def parts(self, revision: str) -> Iterator[tuple[Repository, str]]:
        """The repositories that a revision takes, and the commit of each; each is at hand."""
        yield self.repository, revision
        if self.submodules:
            for _path, inner, commit in git_submodules.pinned(self.repository, revision):
                yield inner, commit

    def write(self, revision: str, folder: Path) -> list[str]:
        try:
            self.repository.checkout(revision, folder)
        except UserError:
            # A mirror that has the commit but not all of its files was interrupted, or is damaged.
            shutil.rmtree(self.repository.mirror)
            self.repository.fetch()
            shutil.rmtree(folder)
            folder.mkdir()
            self.repository.checkout(revision, folder)
        if self.submodules:
            git_submodules.write(self.repository, revision, folder)
        elif (folder / ".gitmodules").exists():
            return ["its submodules are not fetched (source.submodules); their folders are empty"]
        return []

    def subject(self, revision: str) -> str:
        return self.repository.subject(revision)

    def commits(self, old: str, new: str) -> list[str]:
        """In check mode fetched for this alone."""
        if not old or old == new:
            return []
        if not self.repository.has(new):
            self.repository.fetch()
        return self.repository.commits(old, new)

    @contextmanager
    def scratch(self) -> Iterator[Git]:
        with self.repository.scratch() as copy:
            yield replace(self, repository=copy)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A package as an app's source: a wheel or sdist that the controller sends, or one of an index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from ansible_collections.pyhost.flask.plugins.module_utils._core import process, redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Revision
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import errors, venv

from .archive import Sent

# A requirement's name, perhaps with extras, and exactly one version, as PEP 508 writes it.
PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*===?\s*([\w.!+-]+)")
ASK_SECONDS = 120


@dataclass(frozen=True)
class Installed:
    """What both kinds have in common: the code is in the venv, and no history is known."""

    built: ClassVar[bool] = False

    @property
    def secrets(self) -> set[str]:
        return set()

    def write(self, revision: str, folder: Path) -> list[str]:
        return []

    def commits(self, old: str, new: str) -> list[str]:
        return []


@dataclass(frozen=True)
class Dist(Installed):
    """A ``Source``: a wheel or sdist. The same version with another content is another release."""

    address: str
    sent: Sent

    def package(self, revision: str) -> str:
        return self.sent.path

    def __str__(self) -> str:
        return self.address

    def missing(self) -> str:
        return ""

    def resolve(self) -> Revision:
        return Revision(self.sent.checksum, self.sent.version)

    def obtain(self, revision: str) -> None:
        self.sent.require()

    def subject(self, revision: str) -> str:
        return self.sent.version

    @contextmanager
    def scratch(self) -> Iterator[Dist]:
        yield self


@dataclass(frozen=True)
class Package(Installed):
    """A ``Source``: a requirement such as ``notes[prod]==1.2.3``, from a package index."""

    module: Module
    requirement: str
    uv: str  # the program, or empty
    python: str
    variables: Mapping[str, str]  # which name the indexes

    def package(self, revision: str) -> str:
        return f"{name_of(self.requirement)}=={revision}"

    def __str__(self) -> str:
        return self.requirement

    def missing(self) -> str:
        if self.uv or PINNED.fullmatch(self.requirement):
            return ""
        return (
            "without uv the newest version is not known; install uv, or pin it, as in notes==1.2.3"
        )

    def resolve(self) -> Revision:
        """The index is asked only where the version is left open."""
        pinned = PINNED.fullmatch(self.requirement) or PINNED.fullmatch(self._newest())
        if not pinned:
            raise UserError("the index has no version of it; check source.package")
        return Revision(pinned[2], f"{pinned[1]} {pinned[2]}")

    def obtain(self, revision: str) -> None:
        """The index has it at hand."""

    def subject(self, revision: str) -> str:
        return self.requirement

    @contextmanager
    def scratch(self) -> Iterator[Package]:
        yield self

    def _newest(self) -> str:
        """The requirement as uv would install it now, with its version."""
        with venv.tools(self.variables) as variables:
            file = Path(variables["TMPDIR"], "wanted.in")
            file.write_text(f"{self.requirement}\n", encoding="utf-8")
            argv = [self.uv, "pip", "compile", "--quiet", "--no-deps", "--no-cache", "--no-header"]
            argv += ["--no-annotate", "--python-version", self.python, str(file)]
            rc, out, err = process.run(self.module, argv, "/", variables, ASK_SECONDS)
        if rc:
            said = redact.redact(err).strip()
            raise UserError(f"the index does not offer it.{errors.remedy(said)}\n{said}")
        return next((line for line in out.splitlines() if "==" in line), "").strip()


def name_of(requirement: str) -> str:
    """The name and the extras of a requirement, without its version: ``notes[prod]``."""
    return re.split(r"[=<>!~\s]", requirement, maxsplit=1)[0]

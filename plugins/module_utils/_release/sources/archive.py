# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive as an app's source: a tar or zip file, which is known by its SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, ClassVar, Protocol

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    NotSent,
    Revision,
)

from . import unpack

BLOCK = 1 << 20


class Content(Protocol):
    """An archive that is to be had: sent by the controller, or from a web server."""

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file, or of what was packed into it, as 64 hexadecimal digits."""

    @property
    def version(self) -> str:
        """What people call it."""

    @property
    def secrets(self) -> set[str]:
        """What must not be shown."""

    def open(self) -> IO[bytes]:
        """The file. ``NotSent`` or ``UserError`` where it is not there."""


@dataclass(frozen=True)
class Sent:
    """What the controller has, known by the checksum of its content. Once it was asked for, it is
    at ``path``, or ``problem`` says why it could not be sent."""

    checksum: str
    version: str
    path: str = ""
    problem: str = ""
    facts: Mapping[str, Any] | None = None  # what a deb or an RPM says of itself

    @property
    def secrets(self) -> set[str]:
        return set()

    def require(self) -> None:
        """Raise ``NotSent`` or ``UserError`` where it is not there."""
        if self.problem:
            raise UserError(self.problem)
        if not self.path:
            raise NotSent

    def open(self) -> IO[bytes]:
        self.require()
        return open(self.path, "rb")


@dataclass
class Archive:
    """A ``Source``: all files of an archive. ``strip`` leaves out a folder that all lies in."""

    address: str
    content: Content
    strip: bool = True
    _file: IO[bytes] | None = field(default=None, repr=False)
    built: ClassVar[bool] = False

    @property
    def secrets(self) -> set[str]:
        return self.content.secrets

    def __str__(self) -> str:
        return self.address

    def package(self, revision: str) -> str:
        return ""

    def missing(self) -> str:
        return ""

    def resolve(self) -> Revision:
        return Revision(self.content.checksum, self.content.version)

    def obtain(self, revision: str) -> None:
        self._file = self.content.open()

    def write(self, revision: str, folder: Path) -> list[str]:
        if self._file:
            unpack.unpack(self._file, folder, self.strip)
        return []

    def subject(self, revision: str) -> str:
        return self.content.version

    def commits(self, old: str, new: str) -> list[str]:
        return []

    @contextmanager
    def scratch(self) -> Iterator[Archive]:
        yield self


def sha256(file: IO[bytes]) -> str:
    """The checksum of a file, which is read from its beginning and left there."""
    found = hashlib.sha256()
    file.seek(0)
    while block := file.read(BLOCK):
        found.update(block)
    file.seek(0)
    return found.hexdigest()

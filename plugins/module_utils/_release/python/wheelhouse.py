# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wheelhouse, in place of an index: a folder of the host, or what the controller has sent."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import NotSent


def on_host(place: str) -> bool:
    """Whether ``python.wheelhouse`` is a folder of the host's own."""
    return place.startswith("host:")


@dataclass(frozen=True)
class Wheelhouse:
    """A ``folder`` on the host, which uv and pip take all packages from.

    ``files`` are those that it must have, by their names, with their SHA-256; there are none where
    the folder is the host's own. ``path`` is a tar file with those that it lacked.
    """

    folder: Path
    files: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    problem: str = ""  # why the controller could not send it

    def variables(self) -> dict[str, str]:
        return {f"{tool}_FIND_LINKS": str(self.folder) for tool in ("UV", "PIP")}

    def lacking(self) -> list[str]:
        """The files that the folder has not got, or with another content."""
        return sorted(
            name for name, wanted in self.files.items() if _sha256(self.folder / name) != wanted
        )

    def require(self) -> None:
        """``NotSent`` where the controller has to send something; ``UserError`` where it could
        not, or where a folder of the host is not there."""
        if self.problem:
            raise UserError(self.problem)
        if not self.files and not self.folder.is_dir():
            raise UserError(f"python.wheelhouse: there is no folder {self.folder} on the host")
        lacking = self.lacking()
        if lacking and not self.path:
            raise NotSent(lacking)

    def fill(self) -> None:
        """Have the files in the folder, and no others."""
        if not self.files:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.iterdir():
            if old.name not in self.files:
                old.unlink()
        if self.path:
            with tarfile.open(self.path) as archive:
                for member in archive:
                    content = archive.extractfile(member)
                    if content and member.name in self.files:
                        _replace(self.folder / member.name, content.read())
        lacking = self.lacking()
        if lacking:
            raise UserError(f"python.wheelhouse: {lacking[0]} has changed while it was sent")


def _replace(file: Path, content: bytes) -> None:
    """Write a new file: check mode has links to the one that there is."""
    file.unlink(missing_ok=True)
    file.write_bytes(content)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""

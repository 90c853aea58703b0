# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller has of an app's source, and what of it a host gets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.module_utils._apps_source import is_web_address

BLOCK = 1 << 20


@dataclass(frozen=True)
class Content:
    """A file or folder of the controller, known by a ``checksum`` (SHA-256) of what is in it;
    ``version`` is what people call it."""

    path: Path
    checksum: str
    version: str

    def pack(self, folder: Path) -> Path:
        """The file to send; where it has to be made, it is made in ``folder``."""
        return self.path


def content(source: dict[str, Any]) -> Content | None:
    """What the controller has of a source, given by its options; None where it is not its part."""
    if source.get("archive") and not is_web_address(source["archive"]):
        return archive(source["archive"], source.get("checksum") or "")
    return None


def archive(given: str, checksum: str) -> Content:
    """An archive. A ``checksum`` that is given as well must be its own."""
    path = existing(given, "archive")
    if not path.is_file():
        raise AnsibleActionFail(f"source.archive: {path} is no file; a folder is a source.path")
    found = sha256(path)
    if checksum and checksum.rpartition(":")[2] != found:
        raise AnsibleActionFail(
            f"source.checksum: {path} has the checksum sha256:{found}, and not {checksum}"
        )
    return Content(path, found, path.name)


def existing(given: str, option: str) -> Path:
    """A file or folder of the controller that must be there."""
    path = Path(given).expanduser()
    if not path.exists():
        raise AnsibleActionFail(f"source.{option}: there is no {path} on the controller")
    return path


def sha256(path: Path) -> str:
    """The checksum of a file, as hexadecimal digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()

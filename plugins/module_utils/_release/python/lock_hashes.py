# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The checksums that a lock file has of its wheels, and which of the wheels was installed.

An installed package does not know its wheel's checksum any more. It knows the wheel's tags, and by
name, version and tags a lock file has one wheel.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

LOCKS = ("uv.lock", "pylock.toml", "poetry.lock")
PLACES = ("name", "filename", "file", "url", "path")  # where each kind has a file's name
Wheel = tuple[str, str, frozenset[str]]  # name, version, and tags such as py3-none-any


def normal(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def hashes(*folders: Path) -> dict[Wheel, str]:
    """The SHA-256 of each wheel in the lock file of the first folder that has one."""
    places = (folder / name for folder in folders for name in LOCKS)
    lock = next((place for place in places if place.is_file()), None)
    return locked(_toml(lock)) if lock else {}


def locked(lock: Mapping[str, Any]) -> dict[Wheel, str]:
    """The same, of what is in a ``uv.lock``, a ``pylock.toml`` (PEP 751) or a ``poetry.lock``."""
    found = {}
    for package in (*lock.get("package", ()), *lock.get("packages", ())):
        for file in (*package.get("wheels", ()), *package.get("files", ())):
            path = next((file[key] for key in PLACES if key in file), "")
            name = unquote(path.rpartition("/")[2])
            checksum = file.get("hash", "") or f"sha256:{file.get('hashes', {}).get('sha256', '')}"
            if name.endswith(".whl") and checksum.startswith("sha256:"):
                found[by_file(name)] = checksum[len("sha256:") :]
    return found


def by_file(name: str) -> Wheel:
    """The wheel of a file's name, as PEP 427 makes it."""
    project, version, *_build, pythons, abis, platforms = name[: -len(".whl")].split("-")
    sets = (part.split(".") for part in (pythons, abis, platforms))
    return normal(project), version, frozenset("-".join(tag) for tag in itertools.product(*sets))


def by_folder(info: Path) -> Wheel:
    """The wheel that a ``.dist-info`` folder came from."""
    project, _hyphen, version = info.name[: -len(".dist-info")].partition("-")
    try:
        lines = (info / "WHEEL").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    tags = (line[len("Tag: ") :].strip() for line in lines if line.startswith("Tag: "))
    return normal(project), version, frozenset(tags)


def _toml(path: Path) -> dict[str, Any]:
    try:
        import tomllib
    except ImportError:  # before Python 3.11
        return {}
    return tomllib.loads(path.read_text(encoding="utf-8"))

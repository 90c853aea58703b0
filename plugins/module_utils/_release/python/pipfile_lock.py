# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Pipfile.lock says, as Pipenv writes it. No input, no output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import lock_file
from .lock_file import Locked

LOCK = "Pipfile.lock"
CATEGORIES = {"dev": "develop", "dev-packages": "develop"}  # what Pipfile.lock calls them
VCS = ("git", "hg", "svn", "bzr")


def pipfile(lock: dict[str, Any], groups: Sequence[str], extras: Sequence[str]) -> Locked:
    """The default packages, and those of ``groups``, which Pipenv calls categories.

    ``UserError`` where there is no such group; a Pipfile has no extras at all.
    """
    lock_file.refuse_unknown(LOCK, "extras", extras, ())
    wanted = [CATEGORIES.get(group, group) for group in groups]
    lock_file.refuse_unknown(LOCK, "groups", wanted, lock.keys() - {"_meta", "default"})
    lines: dict[str, list[str]] = {"pinned": [], "direct": []}
    packages: dict[str, dict[str, Any]] = {}
    for category in ("default", *wanted):
        packages = {**lock.get(category, {}), **packages}
    for name, entry in sorted(packages.items()):
        kind, line = _line(name, entry)
        lines[kind].append(line)
    return Locked(tuple(lines["pinned"]), tuple(lines["direct"]))


def _line(name: str, entry: dict[str, Any]) -> tuple[str, str]:
    marker = entry.get("markers", "")
    if "git" in entry:
        folder = entry.get("subdirectory", "")
        return "direct", lock_file.repository(name, entry["git"], entry["ref"], folder, marker)
    if any(vcs in entry for vcs in VCS):
        raise UserError(f"{LOCK}: {name} comes from a repository that is none of git; use git")
    if "path" in entry:
        return "direct", lock_file.local(entry["path"], bool(entry.get("editable")), marker)
    if "file" in entry:
        return "direct", lock_file.address(name, entry["file"], marker)
    version = entry.get("version", "*")
    if version == "*":
        # Pipenv leaves it so where the marker does not hold on the machine that has locked.
        return "direct", f"{name} ; {marker}" if marker else name
    return "pinned", lock_file.pinned(
        LOCK, name, version.lstrip("="), marker, entry.get("hashes", ())
    )

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a poetry.lock says, as Poetry 1 and 2 write it. No input, no output.

Since format 2.1 (Poetry 2), each package says itself for which groups and where it is needed.
Before that, only the way to it from what ``pyproject.toml`` names does: see ``poetry_graph``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import lock_file, poetry_graph
from .lock_file import Locked

LOCK = "poetry.lock"
MAIN = "main"


def poetry(
    lock: dict[str, Any], project: dict[str, Any], groups: Sequence[str], extras: Sequence[str]
) -> Locked:
    """The packages of the main group, of ``groups`` and of ``extras``.

    ``project`` is the content of ``pyproject.toml``. ``UserError`` where there is no such group
    or extra, or where the two files do not fit together.
    """
    known = lock.get("extras", {})
    lock_file.refuse_unknown(
        LOCK, "extras", map(lock_file.normal, extras), map(lock_file.normal, known)
    )
    packages = lock.get("package", [])
    if _format(lock) >= (2, 1):
        there = {group for package in packages for group in package["groups"]}
        lock_file.refuse_unknown(LOCK, "groups", groups, there - {MAIN})
        markers = [_marker(package, {MAIN, *groups}, extras) for package in packages]
    else:
        found = poetry_graph.walk(
            packages, project.get("tool", {}).get("poetry", {}), known, groups, extras
        )
        markers = [found.get(lock_file.normal(package["name"])) for package in packages]
    hashes = lock["metadata"].get("files", {})
    exact, direct = [], []
    for package, marker in zip(packages, markers):
        if marker is None:
            continue
        if package.get("source", {}).get("type", "legacy") == "legacy":
            files = package.get("files") or hashes.get(package["name"], ())
            sums = [file["hash"] for file in files]
            exact.append(lock_file.pinned(LOCK, package["name"], package["version"], marker, sums))
        else:
            direct.append(_direct(package, marker))
    return Locked(tuple(exact), tuple(direct))


def _format(lock: dict[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, lock["metadata"]["lock-version"].split(".")))


def _marker(package: dict[str, Any], groups: set[str], extras: Sequence[str]) -> str | None:
    """Where a package of the groups is needed; empty is everywhere, None nowhere."""
    wanted = [group for group in package["groups"] if group in groups]
    if not wanted:
        return None
    given = package.get("markers", "")
    each = [given if isinstance(given, str) else given.get(group, "") for group in wanted]
    return lock_file.with_extras(lock_file.any_of(each), extras)


def _direct(package: dict[str, Any], marker: str) -> str:
    name, source = package["name"], package["source"]
    if source["type"] == "git":
        commit, folder = source["resolved_reference"], source.get("subdirectory", "")
        return lock_file.repository(name, source["url"], commit, folder, marker)
    if source["type"] == "url":
        return lock_file.address(name, source["url"], marker)
    return lock_file.local(source["url"], bool(package.get("develop")), marker)

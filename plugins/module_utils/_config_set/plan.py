# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a set of files should look like, what it looks like, and the changes in between.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

SHORTEST = 4  # characters; hiding shorter ones would make any text unreadable
WORD = re.compile(r"[^\s='\"]{6,}")  # what stands between blanks, quotes and equal signs


def reason(error: Exception) -> str:
    """What an error is about, without its number."""
    if isinstance(error, OSError):
        return f"{error.filename2 or error.filename or 'the files'}: {error.strerror}"
    return str(error)


@dataclass(frozen=True)
class Node:
    """What is, or should be, at a path. Fields that a kind does not have keep their defaults."""

    kind: str = "absent"  # or file, directory, link; other for devices, sockets and the like
    owner: str = ""
    group: str = ""
    mode: int = 0
    content: bytes | None = None
    target: str = ""
    children: frozenset[str] = field(default=frozenset(), compare=False)  # paths, of a directory

    def __str__(self) -> str:
        if self.kind == "link":
            return f"link to {self.target}"
        if self.kind in ("file", "directory"):
            return f"{self.kind} {self.owner}:{self.group} {self.mode:04o}"
        return self.kind


@dataclass(frozen=True)
class Host:
    """What ``observe`` found: the nodes of all paths of the set, and which parents are folders.

    ``managed`` are the paths that the set wrote earlier and that no other set manages.
    """

    nodes: dict[str, Node]
    folders: frozenset[str]
    managed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Change:
    """One path, as it is and as it should be."""

    path: str
    before: Node
    after: Node


def plan(want: dict[str, Node], host: Host, strict: bool = True) -> list[Change]:
    """The changes that make ``want`` of the host, in an order that works.

    What the set managed before and no longer wants is removed: files, links, and folders that are
    empty then. Without ``strict`` a missing folder is no mistake (an earlier task of a check mode
    run would have made it). Raises ``UserError`` with all that stands in the way.
    """
    changes, mistakes = [], []
    for path, after in want.items():
        before = host.nodes[path]
        if before == after:
            continue
        obstacle = _obstacle(before, after)
        parent = os.path.dirname(path)
        made = parent in want and want[parent].kind == "directory"
        if obstacle:
            mistakes.append(f"{path}: {obstacle}")
        elif strict and after.kind != "absent" and parent not in host.folders and not made:
            mistakes.append(
                f"{path}: the folder {parent} does not exist; add it to the set as a directory"
            )
        changes.append(Change(path, before, after))
    stale = {path: host.nodes[path] for path in host.managed if path not in want}
    for path, before in stale.items():
        if before.kind in ("file", "link"):
            changes.append(Change(path, before, Node()))
    changes += _empty_folders(want, stale, changes)
    mistakes += [
        f"{change.path}: is a folder that is not empty; only empty ones are removed"
        for change in changes
        if _is_removal(change, "directory") and not _is_emptied(change, changes)
    ]
    if mistakes:
        raise UserError("\n".join(mistakes))
    return sorted(changes, key=_rank)


def split(
    changes: list[Change], want: dict[str, Node], remove: bool
) -> tuple[list[Change], list[str]]:
    """The changes to make now, and the paths of those that wait: without ``remove``, the removals
    of what the set managed before and no longer wants."""
    if remove:
        return changes, []
    now = [change for change in changes if change.path in want]
    return now, sorted(change.path for change in changes if change.path not in want)


def _obstacle(before: Node, after: Node) -> str:
    """Why one cannot become the other, or an empty text."""
    if before.kind == "other":
        return "is a device, a socket or the like on the host; remove it first"
    if before.kind == "directory" and after.kind in ("file", "link"):
        return f"is a folder on the host, and should be a {after.kind}; remove it first"
    if before.kind in ("file", "link") and after.kind == "directory":
        return f"is a {before.kind} on the host, and should be a folder; remove it first"
    return ""


def _empty_folders(
    want: dict[str, Node], stale: dict[str, Node], changes: list[Change]
) -> list[Change]:
    """The removals of folders that are no longer wanted and that hold nothing but what goes."""
    found: list[Change] = []
    for path in sorted(stale, key=_depth, reverse=True):
        change = Change(path, stale[path], Node())
        needed = any(other.startswith(path + "/") for other, node in want.items() if node != Node())
        if change.before.kind != "directory" or needed:
            continue
        if _is_emptied(change, [*changes, *found]):
            found.append(change)
    return found


def _is_removal(change: Change, kind: str) -> bool:
    return change.before.kind == kind and change.after.kind == "absent"


def _is_emptied(folder: Change, changes: list[Change]) -> bool:
    gone = {change.path for change in changes if change.after.kind == "absent"}
    return folder.before.children <= gone


def _depth(path: str) -> int:
    return path.count("/")


def _rank(change: Change) -> tuple[int, int]:
    """Folders first, those above before those below; then files; removals last, in reverse."""
    if change.after.kind == "directory":
        return 0, _depth(change.path)
    if change.after.kind != "absent":
        return 1, 0
    return (3, -_depth(change.path)) if change.before.kind == "directory" else (2, 0)


def diff(changes: Iterable[Change], secrets: frozenset[str]) -> list[dict[str, str]]:
    """The changes as ``--diff`` shows them: owner, group and mode, then the content."""
    shown = []
    for change in changes:
        pairs = []
        if str(change.before) != str(change.after):
            pairs.append((change.path, f"{change.before}\n", f"{change.after}\n"))
        if change.before.content != change.after.content:
            secret = change.path in secrets
            before, after = (_text(node.content, secret) for node in (change.before, change.after))
            if secret and before and after:
                after = "(secret content, a new one)\n"
            pairs.append((f"{change.path} (content)", before, after))
        for header, before, after in pairs:
            shown.append(
                {
                    "before_header": header,
                    "after_header": header,
                    "before": before,
                    "after": after,
                }
            )
    return shown


def _text(content: bytes | None, secret: bool) -> str:
    if content is None:
        return ""
    if secret:
        return "(secret content)\n"
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"(binary, {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()})\n"


def hide(text: str, contents: Iterable[bytes]) -> str:
    """``text`` without the lines of ``contents``, their values, and their longer words."""
    parts: set[str] = set()
    for line in "\n".join(content.decode(errors="replace") for content in contents).split("\n"):
        value = line.partition("=")[2].strip().strip("'\"")
        parts |= {line.strip(), value, *WORD.findall(line)}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST:
            text = text.replace(part, "(hidden)")
    return text

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks at files on the host, and writes them."""

from __future__ import annotations

import contextlib
import functools
import grp
import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from .arguments import LARGEST
from .plan import Change, Host, Node


def resolved(want: dict[str, Node], strict: bool) -> dict[str, Node]:
    """``want`` with users and groups by the names that the host has for them.

    A user or group that does not exist is a mistake, unless not ``strict``: in check mode an
    earlier task would have made it.
    """
    mistakes, found = [], {}
    for path, node in want.items():
        names = {"owner": node.owner, "group": node.group}
        for what, name in names.items():
            number = _number(what, name) if name else None
            if number is not None:
                names[what] = _name(what, number)
            elif name and strict:
                kind = "user" if what == "owner" else "group"
                mistakes.append(f"{path}: the {kind} {name} does not exist on this host")
        found[path] = replace(node, owner=names["owner"], group=names["group"])
    if mistakes:
        raise UserError("\n".join(mistakes))
    return found


@functools.cache
def _number(what: str, name: str) -> int | None:
    """The uid or gid of a name, or of a number in digits."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name).pw_uid if what == "owner" else grp.getgrnam(name).gr_gid
    return int(name) if name.isdigit() else None


@functools.cache
def _name(what: str, number: int) -> str:
    """The name of a uid or gid, or its digits where it has none."""
    try:
        return pwd.getpwuid(number).pw_name if what == "owner" else grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def observe(want: dict[str, Node], managed: Iterable[str]) -> Host:
    """What is at the paths of ``want`` and of ``managed``."""
    nodes = {path: look(path, follow=node.kind == "directory") for path, node in want.items()}
    nodes.update({path: look(path) for path in managed if path not in want})
    parents = {os.path.dirname(path) for path in want}
    return Host(nodes, frozenset(filter(os.path.isdir, parents)), frozenset(managed))


def look(path: str, follow: bool = False) -> Node:
    """What is at ``path``. With ``follow`` a link to a folder counts as the folder.

    A file that is larger than any configuration comes without its content.
    """
    try:
        info = os.lstat(path)
        if stat.S_ISLNK(info.st_mode):
            if not (follow and os.path.isdir(path)):
                return Node("link", target=os.readlink(path))
            info = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return Node()
    rights = (_name("owner", info.st_uid), _name("group", info.st_gid), stat.S_IMODE(info.st_mode))
    if stat.S_ISDIR(info.st_mode):
        # What is in a folder matters only where the folder may have to go.
        names = [] if follow else os.listdir(path)
        return Node("directory", *rights, children=frozenset(f"{path}/{name}" for name in names))
    if stat.S_ISREG(info.st_mode) and info.st_size > LARGEST:
        return Node("file", *rights)
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as file:
            return Node("file", *rights, content=file.read())
    return Node("other")


def write(path: str, content: bytes, mode: int, owner: int = -1, group: int = -1) -> None:
    """Write a file whose name nobody else uses; its rights are in place before its content."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:
        os.fchown(descriptor, owner, group)
        os.fchmod(descriptor, mode)
        file.write(content)


def make(path: str, node: Node) -> None:
    """Make the file or link ``node`` at ``path``, a name that nobody else uses."""
    if node.kind == "link":
        os.symlink(node.target, path)
    elif node.content is not None:
        write(path, node.content, node.mode, *_numbers(node.owner, node.group))


def keep(changes: Iterable[Change], folder: str) -> bool:
    """Copy the files that are about to change or go into ``folder``, under their whole paths.

    Returns whether there are any. Root alone can look into the folder.
    """
    old = [change for change in changes if change.before.content is not None]
    if old:
        os.makedirs(folder, mode=0o700)
    for change in old:
        copy = f"{folder}{change.path}"
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        make(copy, change.before)
    return bool(old)


def set_rights(path: str, owner: str, group: str, mode: int) -> None:
    """Owner and group first: changing them takes special bits of the mode away."""
    os.chown(path, *_numbers(owner, group))
    os.chmod(path, mode)


def _numbers(owner: str, group: str) -> tuple[int, int]:
    user, team = _number("owner", owner), _number("group", group)
    if user is None or team is None:
        raise UserError(f"the user {owner} or the group {group} does not exist on this host")
    return user, team


def flush(paths: Iterable[str]) -> None:
    """Make what is in these files, and the names in these folders, outlive a power cut."""
    for path in sorted(set(paths)):
        with contextlib.suppress(FileNotFoundError):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

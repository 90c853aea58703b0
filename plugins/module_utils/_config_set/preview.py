# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows a set of files to a program at their real paths, while everybody else sees the old ones.

The program runs in a mount namespace of its own. There, each folder with changes is covered by an
overlay (see overlayfs in the kernel's documentation) of that folder and one that holds only what
changes. Other mounts below such a folder, such as ``/etc/hosts`` in a container, are put back on
top. The namespace and its mounts end with the program.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from . import filesystem
from .plan import Change

Run = Callable[[list[str]], "tuple[int, str, str]"]
Mount = tuple[str, str, str, str]  # type, options, source, destination

SCRIPT = """
while [ "$1" != -- ]; do mount -t "$1" -o "$2" "$3" "$4" || exit 125; shift 4; done
shift
exec "$@"
"""


def prepare(changes: list[Change], scratch: str, run: Run) -> list[str] | None:
    """The words to put before a command that shall see ``changes``; None where that cannot be.

    ``scratch`` is an empty folder on a tmpfs. It cannot be where the host does not allow
    namespaces or overlays (unprivileged containers), or for a change in ``/`` itself.
    """
    covers = _covers(changes)
    roots = [os.path.realpath(folder).rstrip("/") for folder in covers.values()]
    if any(scratch.startswith(f"{root}/") for root in roots):
        return None
    try:
        mounts = _fill(changes, covers, scratch)
    except OSError:  # no device nodes, or no room, in this scratch folder
        return None
    words = [word for mount in mounts for word in mount]
    prefix = ["unshare", "--mount", "sh", "-c", SCRIPT, "config_set", *words, "--"]
    return prefix if run([*prefix, "true"])[0] == 0 else None


def _covers(changes: list[Change]) -> dict[str, str]:
    """For each change that a program can see, the nearest folder that exists, by its real path."""
    made = {change.path for change in changes if change.before.kind == "absent"}
    covers = {}
    for change in changes:
        if change.before.kind == "directory":
            continue  # its rights or its end; the files in it are changes of their own
        folder = os.path.dirname(change.path)
        while folder in made:
            folder = os.path.dirname(folder)
        covers[change.path] = folder
    return covers


def _fill(changes: list[Change], covers: dict[str, str], scratch: str) -> list[Mount]:
    """Write what changes into ``scratch``; return the mounts that show it, in their order."""
    parts: dict[str, str] = {}
    for folder in sorted(set(map(os.path.realpath, covers.values()))):
        part = parts[folder] = f"{scratch}/{len(parts)}"
        for name in ("", "/old", "/new", "/work"):
            os.mkdir(part + name)
        info = os.stat(folder)
        os.chown(f"{part}/new", info.st_uid, info.st_gid)
        os.chmod(f"{part}/new", stat.S_IMODE(info.st_mode))
    for change in changes:
        if change.path in covers:
            folder = covers[change.path]
            part = parts[os.path.realpath(folder)]
            _fill_in(change, f"{part}/new/{os.path.relpath(change.path, folder)}")
    return _mounts(parts, scratch)


def _fill_in(change: Change, path: str) -> None:
    after = change.after
    if after.kind == "directory":
        os.mkdir(path)
        filesystem.set_rights(path, after.owner, after.group, after.mode)
    elif after.kind == "absent":
        os.mknod(path, stat.S_IFCHR, os.makedev(0, 0))  # what overlayfs takes for a deleted file
    else:
        filesystem.make(path, after)


def _mounts(parts: dict[str, str], scratch: str) -> list[Mount]:
    """Keep hold of what will be covered, cover it, and put other mounts back; top down."""
    kept: list[Mount] = []
    shown: list[Mount] = []
    for folder, part in parts.items():
        kept.append(("none", "bind", folder, f"{part}/old"))
        layers = f"lowerdir={part}/old,upperdir={part}/new,workdir={part}/work"
        shown.append(("overlay", layers, "overlay", folder))
    for number, point in enumerate(_mounts_below(list(parts))):
        aside = f"{scratch}/mount{number}"
        if os.path.isdir(point):
            os.mkdir(aside)
        else:
            os.close(os.open(aside, os.O_CREAT, 0o600))
        kept.append(("none", "bind", point, aside))
        shown.append(("none", "bind", aside, point))
    return kept + sorted(shown, key=lambda mount: mount[3].count("/"))


def _mounts_below(folders: list[str]) -> list[str]:
    """The mount points below these folders."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        points = {_unescaped(line.split()[4]) for line in file}
    tops = tuple(f"{folder}/" for folder in folders)
    return sorted(point for point in points if point.startswith(tops) and os.path.exists(point))


def _unescaped(path: str) -> str:
    """A path out of mountinfo, where blanks are written as ``\\040``; see proc(5)."""
    return path.encode().decode("unicode_escape").encode("latin-1").decode()

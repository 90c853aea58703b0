# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be unpacked from an archive. No input, no output.

An archive says where each of its entries is to be written, and a hostile one says it so that
something outside is overwritten, or that the disk fills up. Here all entries are looked at before
the first is written, and one bad entry condemns the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

MOST_BYTES = 1 << 30  # of all files together
MOST_ENTRIES = 100_000
# Source code shrinks to a fifth, an empty disk image to a thousandth.
MOST_RATIO, RATIO_FROM = 200, 64 << 20
MOST_LINKS = 40  # that are followed for one path, as in Linux (path_resolution(7))

FILE, FOLDER, LINK, HARD_LINK = "file", "folder", "link", "hard link"
Place = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """An entry as the archive has it, its ``place`` in the folder to unpack to, and for a hard link
    the ``same`` file's. ``kind`` is one of the four above, or what else it is."""

    name: str
    kind: str = FILE
    size: int = 0
    executable: bool = False
    target: str = ""  # of a link
    member: Any = None  # the archive's own description
    place: Place = ()
    same: Place = ()


class Refused(UserError):
    """An archive that is not unpacked; its text names the entry."""

    def __init__(self, entry: Entry, why: str) -> None:
        super().__init__(
            f"the archive is refused: its entry {entry.name!r} {why}. Nothing of it was unpacked"
        )


def judge(entries: Iterable[Entry], packed: int, strip: bool) -> list[Entry]:
    """The entries with their places, if all may be written. ``packed`` is the archive's own size;
    ``strip`` leaves out a folder that all lies in. Raises ``Refused``."""
    found = [replace(entry, place=_place(entry, entry.name)) for entry in _few(entries, packed)]
    found = [entry for entry in found if entry.place]
    top = _top(found) if strip else 0
    placed = []
    for entry in found:
        same = _place(entry, entry.target)[top:] if entry.kind == HARD_LINK else ()
        placed.append(replace(entry, place=entry.place[top:], same=same))
    placed = [entry for entry in placed if entry.place]
    _check_places(placed)
    _check_links(placed)
    return placed


def _few(entries: Iterable[Entry], packed: int) -> Iterator[Entry]:
    """The entries one by one, so that a bomb is not even listed to its end."""
    total = 0
    for count, entry in enumerate(entries, start=1):
        total += max(entry.size, 0)
        if count > MOST_ENTRIES:
            raise Refused(entry, f"is one more than {MOST_ENTRIES}")
        if total > MOST_BYTES:
            raise Refused(entry, f"makes it more than {MOST_BYTES >> 20} MiB")
        if total > RATIO_FROM and total > packed * MOST_RATIO:
            raise Refused(entry, f"makes it more than {MOST_RATIO} times as large as it is packed")
        yield entry


def _place(entry: Entry, name: str) -> Place:
    """The parts of a name; none for the archive's own folder."""
    if name.startswith("/"):
        raise Refused(entry, "has an absolute path")
    if "\0" in name:
        raise Refused(entry, "has a name that no file can have")
    place = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in place:
        raise Refused(entry, "leads out of the folder (..)")
    return place


def _top(entries: list[Entry]) -> int:
    """1 where all lies in one folder, otherwise 0."""
    inside = all(len(entry.place) > 1 or entry.kind == FOLDER for entry in entries)
    return int(inside and len({entry.place[0] for entry in entries}) == 1)


def _check_places(entries: list[Entry]) -> None:
    """Each place is taken once, and everything lies in folders."""
    kinds: dict[Place, str] = {}
    for entry in entries:
        if entry.kind not in (FILE, FOLDER, LINK, HARD_LINK):
            raise Refused(entry, f"is a {entry.kind}; only files, folders and links are unpacked")
        if entry.place in kinds and not kinds[entry.place] == entry.kind == FOLDER:
            raise Refused(entry, "stands in it twice, and would replace the first one")
        kinds[entry.place] = entry.kind
        if entry.kind == HARD_LINK and kinds.get(entry.same) not in (FILE, HARD_LINK):
            raise Refused(entry, f"is a hard link to {entry.target!r}, no file before it in there")
    for entry in entries:
        for length in range(1, len(entry.place)):
            if kinds.get(entry.place[:length], FOLDER) != FOLDER:
                outer = "/".join(entry.place[:length])
                raise Refused(entry, f"lies behind {outer!r}, which is not a folder in it")


def _check_links(entries: list[Entry]) -> None:
    """No link leads out, alone or through others."""
    links = {entry.place: entry.target for entry in entries if entry.kind == LINK}
    for entry in entries:
        if entry.kind == LINK and not _stays_inside(entry.place, links):
            raise Refused(entry, f"is a link to {entry.target!r}, which leads out of the folder")


def _stays_inside(link: Place, links: Mapping[Place, str]) -> bool:
    """Whether a link ends in the folder, which is empty but for the archive's own entries."""
    where: list[str] = []
    todo = list(reversed(link))
    followed = 0
    while todo:
        part = todo.pop()
        if part in ("", "."):
            continue
        if part == "..":
            if not where:
                return False
            where.pop()
            continue
        where.append(part)
        target = links.get(tuple(where))
        if target is not None:
            followed += 1
            if target.startswith("/") or followed > MOST_LINKS:
                return False
            where.pop()
            todo.extend(reversed(target.split("/")))
    return True

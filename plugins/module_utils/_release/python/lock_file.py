# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lock files that uv and pip do not read, as requirements that both do. No input, no output."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

# What a marker says of an extra is known here; to uv and pip, it is no requirement's.
EXTRA = re.compile(r"""extra\s*(==|!=)\s*["']([^"']+)["']""")
TRUE, FALSE = 'python_version >= "3"', 'python_version < "3"'


@dataclass(frozen=True)
class Locked:
    """The lines of two files of requirements.

    ``pinned`` have versions and hashes; ``direct`` are folders of the code, repositories at their
    commit and the like, which uv and pip take without a hash.
    """

    pinned: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()


def pinned(lock: str, name: str, version: str, marker: str, hashes: Iterable[str]) -> str:
    """The line of a package of an index; ``UserError`` where ``lock`` has no hash of it."""
    found = list(dict.fromkeys(hashes))
    if not found:
        raise UserError(f"{lock} has no hash of {name}, so nobody knows what to trust; lock again")
    return " ".join([_marked(f"{name}=={version}", marker), *(f"--hash={each}" for each in found)])


def repository(name: str, url: str, commit: str, subdirectory: str, marker: str) -> str:
    """The line of a package in a git repository, at a commit."""
    if "://" not in url:  # git@host:path
        url = "ssh://" + url.replace(":", "/", 1)
    folder = f"#subdirectory={subdirectory}" if subdirectory else ""
    return _marked(f"{name} @ git+{url}@{commit}{folder}", marker)


def address(name: str, url: str, marker: str) -> str:
    """The line of a package at a web address."""
    return _marked(f"{name} @ {url}", marker)


def local(path: str, editable: bool, marker: str) -> str:
    """The line of a package in a folder of the code, from where the lock is."""
    place = path if path.startswith("/") else f"./{path}"
    return f"--editable {place}" if editable else _marked(place, marker)


def with_extras(marker: str, extras: Iterable[str]) -> str:
    """``marker`` with all that it says of extras replaced by what is so where ``extras`` are."""
    chosen = set(map(normal, extras))

    def known(found: re.Match[str]) -> str:
        return TRUE if (normal(found[2]) in chosen) == (found[1] == "==") else FALSE

    return EXTRA.sub(known, marker)


def any_of(markers: Sequence[str]) -> str:
    """A marker that holds where one of ``markers`` does; empty is always."""
    unique = list(dict.fromkeys(markers))
    if "" in unique:
        return ""
    return unique[0] if len(unique) == 1 else " or ".join(f"({marker})" for marker in unique)


def refuse_unknown(lock: str, option: str, wanted: Iterable[str], known: Iterable[str]) -> None:
    """``UserError`` where a lock has not got what ``python.groups`` or the like names."""
    there = sorted(set(known))
    for name in wanted:
        if name not in there:
            has = f"it has {', '.join(there)}" if there else "it has none"
            raise UserError(f"python.{option}: {lock} has no {name!r}; {has}")


def normal(name: str) -> str:
    """A package's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _marked(requirement: str, marker: str) -> str:
    return f"{requirement} ; {marker}" if marker else requirement

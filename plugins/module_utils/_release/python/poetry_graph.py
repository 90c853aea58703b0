# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which packages of an older poetry.lock are needed, and where. No input, no output.

The formats 1.x and 2.0, of Poetry 1, hold all packages of all groups, and what each requires. So
this follows the requirements from those in ``pyproject.toml``, and keeps for each package the
markers on the ways to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import lock_file
from .lock_file import FALSE

LOCK = "poetry.lock"
PYTHON = re.compile(r"(\^|~|[<>=!]=?|)\s*(\d+(?:\.\d+)*)(\.\*)?")
Package = Mapping[str, Any]
Way = frozenset[str]  # markers that all must hold


@dataclass(frozen=True)
class Edge:
    """That a package is required, with extras, where a marker holds."""

    name: str
    marker: str = ""
    extras: tuple[str, ...] = ()


def walk(
    packages: Sequence[Package],
    project: Mapping[str, Any],
    known: Mapping[str, Sequence[str]],
    groups: Sequence[str],
    extras: Sequence[str],
) -> dict[str, str]:
    """The marker of each package that is needed, by its name; empty is everywhere.

    ``project`` is what ``pyproject.toml`` says of ``tool.poetry``, ``known`` the extras of the lock
    with the packages that each stands for.
    """
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        by_name.setdefault(lock_file.normal(package["name"]), []).append(package)
    ways: dict[tuple[str, str], set[Way]] = {}
    optional = {name for extra in extras for name in _names(known, extra)}
    todo = [(edge, Way()) for edge in _roots(project, groups, optional)]
    while todo:
        edge, way = todo.pop()
        way = way | {edge.marker} if edge.marker else way
        package = _only(by_name, edge.name)
        for extra in ("", *edge.extras):
            before = ways.setdefault((edge.name, extra), set())
            if any(shorter <= way for shorter in before):
                continue
            ways[edge.name, extra] = {each for each in before if not way <= each} | {way}
            todo += [(further, way) for further in _required(package, extra)]
    return {name: _marker(found) for (name, extra), found in ways.items() if not extra}


def _roots(project: Mapping[str, Any], groups: Sequence[str], optional: set[str]) -> Iterator[Edge]:
    sections = {name: each["dependencies"] for name, each in project.get("group", {}).items()}
    if "dev-dependencies" in project:
        sections["dev"] = {**project["dev-dependencies"], **sections.get("dev", {})}
    lock_file.refuse_unknown(LOCK, "groups", groups, sections)
    if "dependencies" not in project:
        raise UserError(
            f"{LOCK} is of an older format, which needs tool.poetry.dependencies in pyproject.toml;"
            " write it again with Poetry 2 (poetry lock)"
        )
    for section in (project["dependencies"], *(sections[group] for group in groups)):
        for name, given in section.items():
            for each in given if isinstance(given, list) else [given]:
                entry = each if isinstance(each, dict) else {}
                if lock_file.normal(name) == "python" or (
                    entry.get("optional") and lock_file.normal(name) not in optional
                ):
                    continue
                yield _edge(name, entry, entry.get("markers", ""))


def _required(package: Package, extra: str) -> Iterator[Edge]:
    """What a package requires, where it is wanted with an extra, or with none."""
    for name, given in package.get("dependencies", {}).items():
        for each in given if isinstance(given, list) else [given]:
            entry = each if isinstance(each, dict) else {}
            marker = lock_file.with_extras(entry.get("markers", ""), [extra])
            if marker != FALSE:
                yield _edge(name, entry, marker)


def _edge(name: str, entry: Mapping[str, Any], marker: str) -> Edge:
    both = [each for each in (marker, _python(entry.get("python", ""))) if each]
    joined = " and ".join(f"({each})" for each in both) if len(both) > 1 else "".join(both)
    return Edge(lock_file.normal(name), joined, tuple(entry.get("extras", ())))


def _names(known: Mapping[str, Sequence[str]], extra: str) -> set[str]:
    """The packages that an extra stands for."""
    named = {lock_file.normal(name): texts for name, texts in known.items()}
    return {
        lock_file.normal(re.split(r"[^\w.-]", text, maxsplit=1)[0])
        for text in named[lock_file.normal(extra)]
    }


def _only(by_name: Mapping[str, Sequence[Package]], name: str) -> Package:
    found = by_name.get(name, ())
    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(f"{LOCK} has no {name}, which is required; lock again (poetry lock)")
    raise UserError(
        f"{LOCK} has several versions of {name}, and is of a format that does not say which is"
        " meant; write it again with Poetry 2 (poetry lock)"
    )


def _marker(ways: set[Way]) -> str:
    """The marker that holds where all on one of the ways do."""
    texts = sorted(
        " and ".join(f"({each})" for each in sorted(way)) if len(way) > 1 else "".join(way)
        for way in ways
    )
    return lock_file.any_of(texts)


def _python(constraint: str) -> str:
    """Poetry's ``python = ">=3.8,<3.11"`` of a dependency, as a marker."""
    parts = []
    for part in filter(None, re.split(r"\s*,\s*", constraint.strip())):
        found = PYTHON.fullmatch(part)
        if part == "*":
            continue
        if not found or found[3]:
            raise UserError(
                f"pyproject.toml: python = {constraint!r} of a dependency is not understood here;"
                " write the lock again with Poetry 2 (poetry lock)"
            )
        parts += _compared(found[1] or "==", found[2])
    return " and ".join(parts)


def _compared(operator: str, version: str) -> list[str]:
    numbers = [int(number) for number in version.split(".")]
    variable = "python_version" if len(numbers) < 3 else "python_full_version"
    if operator not in ("^", "~"):
        return [f'{variable} {operator if operator != "=" else "=="} "{version}"']
    # https://python-poetry.org/docs/dependency-specification/: up to the next major or minor one
    minor = operator == "~" and len(numbers) > 1
    end = f"{numbers[0]}.{numbers[1] + 1}" if minor else f"{numbers[0] + 1}"
    return [f'{variable} >= "{version}"', f'python_version < "{end}"']

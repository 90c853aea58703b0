# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who imports whom, read from the code: lazy imports and those for types alone as well."""

from __future__ import annotations

import ast
from pathlib import Path

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
PREFIX = ("ansible_collections", "pyhost", "flask", "plugins")


def imported_by(file: Path) -> set[Path]:
    """The files below ``plugins`` that one of them imports."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            module = _absolute(node, file)
            for alias in node.names:
                found |= _files([*module, alias.name])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                found |= _files(alias.name.split("."))
    return found


def needed_by(file: Path) -> set[Path]:
    """The file, and all that it imports, directly or not."""
    needed: set[Path] = set()
    left = {file}
    while left:
        needed |= left
        left = {each for file in left for each in imported_by(file)} - needed
    return needed


def _absolute(node: ast.ImportFrom, file: Path) -> list[str]:
    module = node.module.split(".") if node.module else []
    if not node.level:
        return module
    folder = file.parents[node.level - 1].relative_to(PLUGINS)
    return [*PREFIX, *folder.parts, *module]


def _files(parts: list[str]) -> set[Path]:
    """The file that a dotted name stands for, or that one of its parents does."""
    if tuple(parts[: len(PREFIX)]) != PREFIX:
        return set()
    names = parts[len(PREFIX) :]
    places = (PLUGINS.joinpath(*names[:end]).with_suffix(".py") for end in range(len(names), 0, -1))
    return {next(place for place in places if place.is_file())} if names else set()

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in a release that say what it requires, read on the host."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Inputs

from . import install_plan, pipfile_lock, poetry_lock
from .install_plan import MANIFESTS, Project
from .lock_file import Locked

COMMENT = re.compile(r"(^|\s)#.*", re.MULTILINE)  # as pip's "Requirements File Format" has it


def find(root: Path, app: Path, inputs: Inputs) -> tuple[Path, str]:
    """The folder that is installed, and the file in it that says how; empty where there is none.

    That is the app's folder or, where that has no such file, the top of the code.
    """
    wanted = inputs.dependencies
    if not wanted:
        folder = next((place for place in (app, root) if manifests(place)), app)
        return folder, install_plan.chosen(manifests(folder), "", inputs.installer)
    place = next((place for place in (app, root) if (place / wanted).is_file()), None)
    if not place:
        raise UserError(f"python.dependencies: there is no file {wanted} in its code")
    install_plan.chosen((), wanted, inputs.installer)
    # A lock is one of the project beside it; a file of requirements may be anywhere.
    path = place / wanted
    return (path.parent, path.name) if path.name in MANIFESTS else (place, wanted)


def manifests(folder: Path) -> frozenset[str]:
    """Which files in a folder name requirements. Settings of tools alone are none."""
    found = {name for name in MANIFESTS if (folder / name).is_file()}
    if "pyproject.toml" in found and not {"project", "build-system"} & _toml(folder).keys():
        found.remove("pyproject.toml")
    return frozenset(found)


def look(folder: Path, file: str, app: Path, inputs: Inputs) -> Project:
    """The project in a folder, whose ``file`` says what is installed."""
    files = manifests(folder)
    # Where uv or pip reads it itself, this need not, which takes a newer Python.
    read = file in ("pyproject.toml", "setup.py", "poetry.lock") or "pyproject.toml" in files
    pyproject = _toml(folder) if read and (folder / "pyproject.toml").is_file() else {}
    text = (folder / file).read_text(encoding="utf-8") if file else ""
    module = app / inputs.wsgi.partition(":")[0].partition(".")[0]
    return Project(
        files=files,
        pyproject=pyproject,
        hashed="--hash=" in COMMENT.sub("", text),
        importable=module.is_dir() or module.with_name(f"{module.name}.py").is_file(),
        locked=_locked(folder, file, pyproject, inputs),
    )


def _locked(folder: Path, file: str, pyproject: dict[str, Any], inputs: Inputs) -> Locked:
    """What the lock of Poetry or Pipenv says."""
    try:
        if file == "poetry.lock":
            return poetry_lock.poetry(_toml(folder, file), pyproject, inputs.groups, inputs.extras)
        if file == "Pipfile.lock":
            content = json.loads((folder / file).read_text(encoding="utf-8"))
            return pipfile_lock.pipfile(content, inputs.groups, inputs.extras)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{folder / file} is broken ({error!r}); write it again") from error
    return Locked()


def _toml(folder: Path, name: str = "pyproject.toml") -> dict[str, Any]:
    try:
        import tomllib
    except ImportError as error:
        raise UserError(f"{name} needs Python 3.11 or newer on the host") from error
    try:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{folder / name} is not valid TOML: {error}") from error

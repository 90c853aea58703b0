# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Inputs
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import project


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def inputs(wsgi: str = "notes:app", dependencies: str = "") -> Inputs:
    return Inputs("1", wsgi=wsgi, dependencies=dependencies)


@pytest.mark.parametrize("build", ["", "[build-system]\nrequires = []\n"])
def test_a_project_is_looked_at(tmp_path: Path, build: str) -> None:
    write(tmp_path / "pyproject.toml", f'{build}[project]\nname = "x"\n')
    write(tmp_path / "notes.py")
    found = project.look(tmp_path, "pyproject.toml", tmp_path, inputs())
    assert found.is_package == bool(build)
    assert found.files == {"pyproject.toml"}
    assert found.importable
    assert not project.look(
        tmp_path, "pyproject.toml", tmp_path, inputs("other.web:app")
    ).importable


def test_settings_of_tools_are_no_requirements(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", "[tool.ruff]\n")
    assert project.manifests(tmp_path) == frozenset()
    assert project.find(tmp_path, tmp_path, inputs()) == (tmp_path, "")


def test_the_top_of_the_code_has_the_files(tmp_path: Path) -> None:
    write(tmp_path / "requirements.txt")
    app = tmp_path / "web"
    assert project.find(tmp_path, app, inputs()) == (tmp_path, "requirements.txt")
    write(app / "setup.py")
    assert project.find(tmp_path, app, inputs()) == (app, "setup.py")


@pytest.mark.parametrize(
    ("wanted", "folder", "file"),
    [
        ("requirements/prod.txt", "", "requirements/prod.txt"),
        ("deploy/poetry.lock", "deploy", "poetry.lock"),
        ("requirements.txt", "web", "requirements.txt"),
    ],
)
def test_the_file_that_was_asked_for(tmp_path: Path, wanted: str, folder: str, file: str) -> None:
    for name in ("requirements/prod.txt", "deploy/poetry.lock", "web/requirements.txt", "uv.lock"):
        write(tmp_path / name)
    asked = inputs(dependencies=wanted)
    assert project.find(tmp_path, tmp_path / "web", asked) == (tmp_path / folder, file)


def test_the_file_that_was_asked_for_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no file prod.txt in its code"):
        project.find(tmp_path, tmp_path, inputs(dependencies="prod.txt"))


def test_hashes_are_seen(tmp_path: Path) -> None:
    write(tmp_path / "prod.txt", "a==1 --hash=sha256:0\n")
    assert project.look(tmp_path, "prod.txt", tmp_path, inputs()).hashed
    write(tmp_path / "prod.txt", "# add --hash=... some day\na==1  # --hash=sha256:0\n")
    assert not project.look(tmp_path, "prod.txt", tmp_path, inputs()).hashed


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("pyproject.toml", "[project", r"pyproject\.toml is not valid TOML"),
        ("poetry.lock", "[[package", r"poetry\.lock is not valid TOML"),
        ("poetry.lock", "[metadata]\n", r"poetry\.lock is broken"),
        ("Pipfile.lock", "{", r"Pipfile\.lock is broken"),
        ("Pipfile.lock", "[]", r"Pipfile\.lock is broken"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, file: str, text: str, message: str) -> None:
    write(tmp_path / file, text)
    with pytest.raises(UserError, match=message):
        project.look(tmp_path, file, tmp_path, inputs())


def test_a_lock_is_read(tmp_path: Path) -> None:
    write(tmp_path / "Pipfile.lock", '{"default": {"a": {"version": "==1", "hashes": ["x:0"]}}}')
    assert project.look(tmp_path, "Pipfile.lock", tmp_path, inputs()).locked.pinned == (
        "a==1 --hash=x:0",
    )

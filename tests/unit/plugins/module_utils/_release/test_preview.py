# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that is built to be thrown away, with a real git repository and without packages."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Release
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release import builder, preview
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Inputs
from ansible_collections.pyhost.flask.plugins.module_utils._release.builder import Job
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import git_mirror
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git import Git
from ansible_collections.pyhost.flask.tests.unit import examples

FILES = ("notes.py", "instance/first", "migrations/env.py", "migrations/script.py.mako")


class Module(examples.Module):
    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        env = {**os.environ, **options["environ_update"]}
        done = subprocess.run(
            argv, cwd=options["cwd"], env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where scratch folders are made, and caches that are there already."""
    for name in ("place", "cache/uv", "pythons"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "cache/uv/wheel").write_text("kept")
    monkeypatch.setattr(preview, "PLACE", tmp_path / "place")
    monkeypatch.setattr(preview, "CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(preview, "PYTHONS", str(tmp_path / "pythons"))
    return tmp_path / "place"


@pytest.fixture
def source(tmp_path: Path) -> Git:
    origin = tmp_path / "origin"
    for file in FILES:
        (origin / file).parent.mkdir(parents=True, exist_ok=True)
        (origin / file).touch()
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for argv in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "-m", "1"]):
        subprocess.run(["git", *argv], cwd=origin, check=True)
    mirror = git_mirror.repository(Module(), str(origin), tmp_path / "repo.git")
    mirror.fetch()
    return Git(mirror, "HEAD")


@pytest.fixture
def job(tmp_path: Path, source: Git) -> Job:
    (tmp_path / "srv/shared").mkdir(parents=True)
    part = examples.release(migrate="never")
    return Job(
        module=Module(),
        app={**part, "user": "root"},
        root=tmp_path / "srv",
        known="1",
        inputs=Inputs(source.resolve().id, shared=("instance",)),
        environment={},
    )


def filled_by(monkeypatch: pytest.MonkeyPatch, function: Callable[[Job, Git], list[str]]) -> None:
    monkeypatch.setattr(builder, "fill", function)


def everything(folder: Path) -> dict[str, float]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("shared", [True, False])
def test_the_code_is_laid_out_and_nothing_of_it_stays(
    shared: bool, job: Job, source: Git, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shared:
        (job.root / "shared/instance").mkdir()
    before = everything(tmp_path / "srv") | everything(tmp_path / "cache")
    tried: list[Job] = []

    def fill(found: Job, source: Git) -> list[str]:
        tried.append(found)
        instance = found.code / "instance"
        assert (found.code / "notes.py").exists()
        assert instance.is_symlink() == shared
        assert instance.is_dir()
        assert Path(found.variables["UV_CACHE_DIR"], "wheel").read_text() == "kept"
        return ["a warning"]

    filled_by(monkeypatch, fill)
    assert preview.preview(job, source).warnings == ["a warning"]
    assert not tried[0].root.exists()
    assert everything(tmp_path / "srv") | everything(tmp_path / "cache") == before


def test_what_cannot_be_filled_is_not_known(
    job: Job, source: Git, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    def fill(found: Job, source: Git) -> list[str]:
        raise UserError("no pg_config")

    filled_by(monkeypatch, fill)
    found = preview.preview(job, source)
    assert "not known, because it could not be tried out: no pg_config" in found.warnings[0]
    assert found.pending is None
    assert not list(place.iterdir())


@pytest.mark.parametrize(
    ("change", "why"),
    [({}, "no user 'nobody-here'"), ({"environment": None}, "environment")],
)
def test_migrations_of_an_app_that_was_never_deployed(
    change: dict[str, Any],
    why: str,
    job: Job,
    source: Git,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled_by(monkeypatch, lambda job, source: [])
    user = "root" if change else "nobody-here"
    app: Release = {**examples.release(), "user": user}
    found = preview.preview(replace(job, app=app, **change), source)
    assert found.warnings[0].startswith("its migrations are not known yet")
    assert why in found.warnings[0]


def test_what_a_killed_run_has_left_is_removed(place: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    for pid in (dead.pid, os.getpid()):
        (place / f"{preview.PREFIX}{pid}-x/releases").mkdir(parents=True)
    with preview.scratch("root") as folder:
        assert folder.stat().st_mode & 0o777 == 0o750
        assert (
            sorted(path.name.split("-")[-2] for path in place.iterdir()) == [str(os.getpid())] * 2
        )
    assert [path.name for path in place.iterdir()] == [f"{preview.PREFIX}{os.getpid()}-x"]

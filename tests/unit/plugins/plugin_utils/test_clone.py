# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real repositories that the controller reads, and what a host that never asks them gets."""

from __future__ import annotations

import os
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import Owner
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import NotSent
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git import Git
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git_bundle import (
    Bundled,
    Found,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git_mirror import (
    Repository,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils import _clone
from ansible_collections.pyhost.flask.plugins.plugin_utils._clone import Clone, folder_of
from ansible_collections.pyhost.flask.plugins.plugin_utils._deploy_step import play

APP = ["app.py", "libs/again/lib.py", "libs/lib/lib.py"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def git(folder: Path, *argv: str) -> str:
    own = ["user.name=A", "user.email=a@example.org", "protocol.file.allow=always"]
    options = [word for setting in own for word in ("-c", setting)]
    command = ["git", "-C", str(folder), *options, *argv]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, subject: str) -> str:
    (folder / f"{folder.name}.py").write_text(subject)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", subject)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository that has another one as a submodule twice, at different commits."""
    for name in ("lib", "app"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "--quiet", "--initial-branch=main")
        commit(tmp_path / name, f"First of {name}")
    git(tmp_path / "app", "submodule", "add", "../lib", "libs/lib")
    commit(tmp_path / "lib", "Second of lib")
    git(tmp_path / "app", "submodule", "add", "../lib", "libs/again")
    commit(tmp_path / "app", "Second of app")
    git(tmp_path / "app", "tag", "v1.0")
    return tmp_path / "app"


def clone(origin: Path, me: Owner | None = None, **source: Any) -> Clone:
    asked = {"git": str(origin), "key": "", "submodules": True, **source}
    return Clone(asked, me or play(os.getpid()))


class Host:
    """A host with its mirrors, and how many bytes each that it was sent had."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: list[dict[str, int]] = []
        folder.mkdir()

    def source(self, origin: Path, submodules: bool = True, **found: str) -> Git:
        repository = Bundled(
            _clone.run, str(origin), self.folder / "repo.git", found=Found(**found)
        )
        return Git(repository, "HEAD", submodules)

    def release(self, clone: Clone, plan: bool = False, submodules: bool = True) -> list[str]:
        """The files of the release that it gets, or would get, which takes one sending at most."""
        number = len(list(self.folder.iterdir()))
        found, origin = clone.resolve(), Path(clone.address)
        files = self.folder / f"files{number}"
        files.mkdir()
        try:
            self._write(self.source(origin, submodules, **found), files, plan)
        except NotSent as needed:
            bundles = self.folder / f"bundles{number}"
            bundles.mkdir()
            clone.pack(found["revision"], needed.tips or {}, bundles)
            self.sent.append({file.name: file.stat().st_size for file in bundles.iterdir()})
            found["path"] = str(bundles)
            self._write(self.source(origin, submodules, **found), files, plan)
        return sorted(str(path.relative_to(files)) for path in files.rglob("*.py"))

    def _write(self, source: Git, files: Path, plan: bool) -> None:
        revision = source.resolve().id
        if plan:
            with source.scratch() as copy:
                copy.obtain(revision)
                copy.write(revision, files)
        else:
            source.obtain(revision)
            source.write(revision, files)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


def test_a_host_gets_what_it_lacks_and_no_more(origin: Path, host: Host) -> None:
    (origin / "large").write_bytes(os.urandom(100_000))
    commit(origin, "With something large")
    assert host.release(clone(origin)) == APP
    modules = [path.name for path in (host.folder / "modules").iterdir()]
    assert host.sent[0].keys() == {"repo.git", *modules}
    assert host.sent[0]["repo.git"] > 100_000

    assert host.release(clone(origin)) == APP
    assert len(host.sent) == 1

    commit(origin, "Not in the same play")
    assert host.release(clone(origin, play(os.getppid()))) == APP
    assert list(host.sent[1]) == ["repo.git"]
    assert host.sent[1]["repo.git"] < 10_000


def test_a_plan_leaves_nothing_and_asks_for_what_is_new(origin: Path, host: Host) -> None:
    (origin / "large").write_bytes(os.urandom(100_000))
    commit(origin, "With something large")
    host.release(clone(origin))
    new = commit(origin, "Planned")
    planned = clone(origin, play(os.getppid()))
    assert host.release(planned, plan=True) == APP
    assert host.sent[1]["repo.git"] < 10_000
    assert planned.resolve()["revision"] == new
    assert not host.source(origin).repository.has(new)


@pytest.mark.parametrize("submodules", [False, True])
def test_both_ways_are_the_same(origin: Path, host: Host, submodules: bool) -> None:
    """The host's own mirror serves when the controller reads, and the other way round."""
    found = clone(origin, submodules=submodules).resolve()
    own = Repository(_clone.run, str(origin), host.folder / "repo.git")
    assert Git(own, "HEAD", submodules).resolve().id == found["revision"]
    Git(own, "HEAD", submodules).obtain(found["revision"])
    files = APP if submodules else APP[:1]
    assert host.release(clone(origin, submodules=submodules), submodules=submodules) == files
    assert host.sent == []

    new = commit(origin, "Third of app")
    later = clone(origin, play(os.getppid()), submodules=submodules)
    assert host.release(later, submodules=submodules) == files
    assert own.commits(found["revision"], new) == ["Third of app"]
    Git(own, "HEAD", submodules).repository.fetch()
    assert own.has(new)


def test_a_damaged_mirror_is_sent_anew(origin: Path, host: Host) -> None:
    host.release(clone(origin))
    mirror = host.folder / "repo.git"
    for pack in (mirror / "objects/pack").glob("pack-*"):
        pack.unlink()
    assert host.release(clone(origin)) == APP
    assert "repo.git" in host.sent[1]


def test_what_does_not_fit_the_mirror_says_to_run_again(origin: Path, host: Host) -> None:
    host.release(clone(origin))
    (host.folder / "empty").mkdir()
    source = host.source(origin, path=str(host.folder / "empty"))
    with pytest.raises(UserError, match=r"repo\.git was damaged. Run the same again, which"):
        source.repository.fetch()
    assert host.release(clone(origin)) == APP


def test_the_server_is_asked_once_in_a_play(origin: Path) -> None:
    first = clone(origin).resolve()
    second = commit(origin, "While the play runs")
    assert clone(origin).resolve() == first
    assert clone(origin, version="v1.0").resolve()["version"] == "v1.0"
    assert clone(origin, play(os.getppid())).resolve()["revision"] == second
    assert clone(origin).resolve() == first


@pytest.mark.parametrize(
    ("version", "found"),
    [("", "main"), ("main", "main"), ("v1.0", "v1.0"), ("latest-tag", "v1.0")],
)
def test_versions(origin: Path, version: str, found: str) -> None:
    revision = git(origin, "rev-parse", "HEAD")
    assert clone(origin, version=version).resolve() == {"revision": revision, "version": found}


def test_the_server_is_not_asked_about_a_commit(tmp_path: Path) -> None:
    assert clone(tmp_path / "none", version="0" * 40).resolve()["revision"] == "0" * 40


@pytest.mark.parametrize(
    ("address", "version", "text"),
    [
        ("{app}", "v1", r"app, version v1: it has no branch or tag 'v1'; did you mean v1\.0\?"),
        (
            "{app}x",
            "",
            r"appx, version HEAD: it cannot be read: .*\nCheck the address in source\.git",
        ),
        (
            "http://me:s3cr3tword@no.invalid/x",
            "",
            "resolve host.*and that the controller can resol",
        ),
        ("git@127.0.0.1:/x.git", "", "127.0.0.1:/x.git, version HEAD: it cannot be read: "),
    ],
)
def test_what_goes_wrong_is_said_each_time(
    origin: Path, address: str, version: str, text: str
) -> None:
    for _time in range(2):
        with pytest.raises(UserError, match=f"(?s){text}") as error:
            clone(Path(), git=address.replace("{app}", str(origin)), version=version).resolve()
        assert "s3cr3t" not in str(error.value)


def test_nobody_else_reads_what_is_kept(origin: Path, host: Host) -> None:
    host.release(clone(origin))
    assert folder_of(str(origin)).stat().st_mode & 0o777 == 0o700


def test_the_key_and_the_password_are_not_kept(tmp_path: Path, cache: Path) -> None:
    asked = {"git": "https://me:s3cr3tword@no.invalid/x", "key": "the-private-key"}
    found = Clone(asked, play(os.getpid()))
    assert found.address == "https://no.invalid/x"
    with pytest.raises(UserError):
        found.resolve()
    kept = "".join(file.read_text() for file in cache.rglob("*") if file.is_file())
    assert "no.invalid" in kept
    assert "s3cr3tword" not in kept
    assert "the-private-key" not in kept


def test_a_program_gets_what_the_user_has_but_no_other_repository(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GIT_DIR", "/none")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    script = "echo $SSH_AUTH_SOCK $GIT_DIR $MORE"
    run = partial(_clone.run, ["sh", "-c", script], "/", {"MORE": "more"})
    assert run() == (0, "/run/agent more\n", "")
    assert _clone.run(["sleep", "9"], "/", {}, 1)[0] == 124

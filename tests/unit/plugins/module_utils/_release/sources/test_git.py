# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Submodules from real repositories, and keys for ssh that are in no file."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core import process
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import (
    git_mirror,
    git_ssh,
    git_submodules,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git import Git
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git_mirror import (
    Repository,
)
from ansible_collections.pyhost.flask.tests.unit import examples

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\ns3cr3t\n-----END OPENSSH PRIVATE KEY-----"


class Module(examples.Module):
    """As much of AnsibleModule as running a program takes."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: dict[str, str] = {}

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        self.variables = options["environ_update"]
        env = {**os.environ, **options["environ_update"]}
        done = subprocess.run(
            argv, cwd=options["cwd"], env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr


def git(folder: Path, *argv: str) -> None:
    own = [
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "-c",
        "protocol.file.allow=always",
    ]
    subprocess.run(["git", "-C", str(folder), *own, *argv], check=True, capture_output=True)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository whose submodule ``libs/lib`` has one of its own, ``deep``."""
    for name in ("deep", "lib", "app"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.py").write_text(name)
        git(folder, "init", "--quiet", "--initial-branch=main")
        if name == "lib":
            git(folder, "submodule", "add", str(tmp_path / "deep"), "deep")
        if name == "app":
            git(folder, "submodule", "add", "../lib", "libs/lib")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "-m", "First")
    return tmp_path / "app"


def source(origin: Path, submodules: bool) -> Git:
    root = origin.parent / "srv"
    root.mkdir(exist_ok=True)
    return Git(git_mirror.repository(Module(), str(origin), root / "repo.git"), "HEAD", submodules)


def written(source: Git, folder: Path) -> tuple[list[str], list[str]]:
    revision = source.resolve().id
    source.obtain(revision)
    folder.mkdir()
    warnings = source.write(revision, folder)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.py")), warnings


def test_submodules_are_fetched(origin: Path, tmp_path: Path) -> None:
    files = ["app.py", "libs/lib/deep/deep.py", "libs/lib/lib.py"]
    assert written(source(origin, True), tmp_path / "release") == (files, [])
    assert len(list((tmp_path / "srv/modules").iterdir())) == 2
    git(tmp_path / "lib", "commit", "--quiet", "--allow-empty", "-m", "Not for the app")
    assert written(source(origin, True), tmp_path / "again") == (files, [])


def test_submodules_are_left_out_with_a_word(origin: Path, tmp_path: Path) -> None:
    files, warnings = written(source(origin, False), tmp_path / "release")
    assert files == ["app.py"]
    assert "source.submodules" in warnings[0]


def test_a_plan_keeps_no_mirror_of_a_submodule(origin: Path, tmp_path: Path) -> None:
    with source(origin, True).scratch() as copy:
        written(copy, tmp_path / "release")
    assert list((tmp_path / "srv").iterdir()) == []


def test_a_commit_that_the_submodule_does_not_have(origin: Path, tmp_path: Path) -> None:
    git(tmp_path / "lib", "commit", "--quiet", "--amend", "-m", "Rewritten")
    git(tmp_path / "lib", "reflog", "expire", "--expire=now", "--all")
    git(tmp_path / "lib", "gc", "--quiet", "--prune=now")
    with pytest.raises(UserError, match=r"the submodule libs/lib .* has no commit"):
        written(source(origin, True), tmp_path / "release")


@pytest.mark.parametrize(
    ("outer", "url", "address"),
    [
        ("https://h/team/app.git", "https://other/x.git", "https://other/x.git"),
        ("https://h/team/app.git", "../lib.git", "https://h/team/lib.git"),
        ("https://h/team/app.git/", "../../lib.git", "https://h/lib.git"),
        ("git@h:team/app.git", "../lib.git", "git@h:team/lib.git"),
        ("git@h:app.git", "../lib.git", "git@h:lib.git"),
        ("/srv/git/app.git", "./lib.git", "/srv/git/app.git/lib.git"),
    ],
)
def test_addresses_of_submodules(outer: str, url: str, address: str) -> None:
    assert git_submodules.absolute(outer, url) == address


@pytest.mark.parametrize(
    ("url", "password"),
    [("../lib.git", "s3cr3t"), ("https://h/x.git", "s3cr3t"), ("https://other/x.git", "")],
)
def test_credentials_are_for_one_server(tmp_path: Path, url: str, password: str) -> None:
    outer = Repository(
        partial(process.run, Module()),
        "https://h/team/app.git",
        tmp_path / "repo.git",
        "me",
        "s3cr3t",
    )
    assert git_submodules.submodule(outer, "lib", url).password == password


@pytest.mark.parametrize("url", ["/etc", "file:///etc", "ext::sh -c id", "--upload-pack=x", "a b"])
def test_addresses_that_are_not_followed(tmp_path: Path, url: str) -> None:
    outer = Repository(
        partial(process.run, Module()), "https://h/team/app.git", tmp_path / "repo.git"
    )
    with pytest.raises(UserError, match="lib has an address that is not followed"):
        git_submodules.submodule(outer, "lib", url)


def test_keys_are_in_no_file_and_no_command_line(tmp_path: Path) -> None:
    said = git_ssh.options(KEY, ["h ssh-ed25519 AAAA", "i ssh-rsa BBBB"])
    key, hosts = [word for word in said.split() if "/proc/" in word]
    assert Path(key).read_text() == KEY + "\n"
    assert Path(key).stat().st_mode & 0o777 == 0o600
    assert not os.path.exists(os.readlink(key))
    assert Path(hosts.partition("=")[2]).read_text() == "h ssh-ed25519 AAAA\ni ssh-rsa BBBB\n"
    assert "StrictHostKeyChecking=yes" in said
    assert "s3cr3t" not in said
    assert git_ssh.options("", []) == ""


def test_the_key_is_used(tmp_path: Path) -> None:
    module = Module()
    found = git_mirror.repository(
        module, "git@127.0.0.1:x.git", tmp_path / "repo.git", " -i /proc/1/fd/9"
    )
    with pytest.raises(UserError):
        found.remote()
    assert module.variables["GIT_SSH_COMMAND"].endswith(" -i /proc/1/fd/9")

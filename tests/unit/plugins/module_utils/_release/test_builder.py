# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mirror and the venv's files, with real git repositories in a temporary folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release import builder, preflight
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import store
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Inputs,
    Revision,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import git_mirror
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git import Git
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git_mirror import (
    Repository,
)
from ansible_collections.pyhost.flask.tests.unit import examples


class Module(examples.Module):
    """As much of AnsibleModule as running a program takes."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[list[str]] = []

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        self.ran.append([*argv])
        env = {**os.environ, **options["environ_update"]}
        done = subprocess.run(
            argv, cwd=options["cwd"], env=env, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    def asked(self, word: str) -> int:
        return sum(word in argv for argv in self.ran)


class Origin:
    """A repository to deploy from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *argv: str) -> str:
        person = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        command = ["git", "-C", str(self.path), *person, *argv]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(self, subject: str) -> str:
        (self.path / "app.py").write_text(f"# {subject}\n", encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={subject}")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def module() -> Module:
    return Module()


@pytest.fixture
def source(tmp_path: Path, origin: Origin, module: Module) -> Repository:
    return git_mirror.repository(module, str(origin.path), tmp_path / "repo.git")


def test_only_what_is_new_is_fetched(origin: Origin, source: Repository) -> None:
    first = origin.commit("First")
    assert source.resolve("HEAD").id == first
    assert not source.has(first)
    source.fetch()
    assert source.has(first)
    assert source.subject(first) == "First"
    second, third = origin.commit("Second"), origin.commit("Third")
    source.fetch()
    assert source.commits(first, third) == ["Third", "Second"]
    assert source.commits(third, first) == []
    assert source.commits("", second) == []


def test_the_latest_tag_is_the_newest_of_the_default_branch(
    origin: Origin, source: Repository, module: Module
) -> None:
    first = origin.commit("First")
    origin.git("tag", "v2")
    origin.git("checkout", "--quiet", "-b", "side")
    origin.commit("Aside")
    origin.git("tag", "v9")
    origin.git("checkout", "--quiet", "main")
    assert source.resolve("latest-tag") == Revision(first, "v2")
    second = origin.commit("Second")
    origin.git("tag", "--annotate", "v1", "--message=older name, newer tag")
    assert source.resolve("latest-tag") == Revision(second, "v1")
    fetched = module.asked("fetch")
    assert source.resolve("latest-tag").version == "v1"
    assert module.asked("fetch") == fetched
    origin.git("tag", "--force", "v1", "v2^{}")  # moved
    assert source.resolve("latest-tag").id == first


def test_a_repository_without_a_tag_on_its_branch(origin: Origin, source: Repository) -> None:
    origin.commit("First")
    with pytest.raises(UserError, match="it has no tag"):
        source.resolve("latest-tag")
    origin.git("checkout", "--quiet", "-b", "side")
    origin.commit("Aside")
    origin.git("tag", "v9")
    origin.git("checkout", "--quiet", "main")
    with pytest.raises(UserError, match="no tag is on main"):
        source.resolve("latest-tag")


@pytest.mark.parametrize("damage", ["config", "objects", "locks"])
def test_a_damaged_mirror_is_made_anew(origin: Origin, source: Repository, damage: str) -> None:
    origin.commit("First")
    source.fetch()
    second = origin.commit("Second")
    if damage == "config":
        (source.mirror / "config").write_text("rubbish", encoding="utf-8")
    elif damage == "objects":
        for file in (source.mirror / "objects").rglob("*.pack"):
            file.unlink()
    else:
        (source.mirror / "packed-refs.lock").touch()
        (source.mirror / "refs" / "heads" / "main.lock").touch()
    source.fetch()
    assert source.subject(second) == "Second"


def test_an_unreachable_repository_leaves_no_mirror(tmp_path: Path) -> None:
    source = git_mirror.repository(Module(), str(tmp_path / "nothing"), tmp_path / "repo.git")
    with pytest.raises(UserError, match=r"cannot be read: .*not appear(.|\n)*Check the address"):
        source.remote()
    assert not source.mirror.exists()


def test_the_scratch_copy_leaves_the_mirror_alone(origin: Origin, source: Repository) -> None:
    first = origin.commit("First")
    origin.commit("Between")
    source.fetch()
    # git would renew the time of a file that comes back, in the mirror that it borrows from.
    origin.git("checkout", "--quiet", first, "--", ".")
    (origin.path / "new.py").touch()
    origin.git("add", "--all")
    origin.git("commit", "--quiet", "--message=Back")
    for path in source.mirror.rglob("objects/??/*"):
        os.utime(path, (0, 0))
    before = sorted((str(path), path.stat().st_mtime_ns) for path in source.mirror.rglob("*"))
    second = origin.commit("Second")
    with source.scratch() as copy:
        assert not copy.has(second)
        copy.fetch()
        assert copy.subject(second) == "Second"
    assert not copy.mirror.exists()
    assert not source.has(second)
    after = sorted((str(path), path.stat().st_mtime_ns) for path in source.mirror.rglob("*"))
    assert after == before


def test_the_files_of_a_revision_are_written(
    tmp_path: Path, origin: Origin, source: Repository
) -> None:
    first = origin.commit("First")
    origin.commit("Second")
    source.fetch()
    folder = tmp_path / "release"
    folder.mkdir()
    source.checkout(first, folder)
    assert [path.name for path in folder.iterdir()] == ["app.py"]
    assert (folder / "app.py").read_text(encoding="utf-8") == "# First\n"


def test_files_that_the_mirror_has_lost_are_fetched_again(
    tmp_path: Path, origin: Origin, source: Repository, module: Module
) -> None:
    revision = origin.commit("First")
    blob = origin.git("rev-parse", "HEAD:app.py")
    source.fetch()
    for pack in list((source.mirror / "objects").rglob("*.pack")):
        loose = tmp_path / pack.name
        pack.rename(loose)
        with loose.open("rb") as content:
            unpack = ["git", f"--git-dir={source.mirror}", "unpack-objects", "-q"]
            subprocess.run(unpack, stdin=content, check=True)
    (source.mirror / "objects" / blob[:2] / blob[2:]).unlink()
    assert source.has(revision)
    job = job_in(tmp_path, module, revision)
    job.folder.parent.mkdir(parents=True)
    builder.write_code(job, Git(source, "HEAD"))
    assert (job.folder / "app.py").exists()


def job_in(root: Path, module: Module, revision: str, **inputs: Any) -> builder.Job:
    part = examples.release()
    return builder.Job(
        module=module,
        app={**part, "user": "root", "static": ["static", "media"]},
        root=root,
        known="1",
        inputs=Inputs(revision, **inputs),
    )


def test_a_missing_folder_of_the_app_is_named(
    tmp_path: Path, origin: Origin, source: Repository, module: Module
) -> None:
    revision = origin.commit("First")
    source.fetch()
    job = job_in(tmp_path, module, revision, subdir="web")
    job.folder.parent.mkdir(parents=True)
    with pytest.raises(UserError, match=r"no folder 'web'.*source\.subdir"):
        builder.write_code(job, Git(source, "HEAD"))


def test_what_belongs_to_the_release_is_not_taken_from_the_code(
    tmp_path: Path, origin: Origin, source: Repository, module: Module
) -> None:
    (origin.path / "release.json").write_text('{"revision": "", "version": "", "built": ""}')
    revision = origin.commit("First")
    (origin.path / ".venv").mkdir()
    (origin.path / ".venv" / "pyvenv.cfg").touch()
    other = origin.commit("Second")
    source.fetch()
    job = job_in(tmp_path, module, revision)
    job.folder.parent.mkdir(parents=True)
    builder.write_code(job, Git(source, "HEAD"))
    assert [path.name for path in job.folder.iterdir()] == ["app.py"]
    with pytest.raises(UserError, match=r"its code has a \.venv"):
        builder.write_code(job_in(tmp_path, module, other), Git(source, "HEAD"))


def test_missing_static_folders_are_named(tmp_path: Path) -> None:
    job = job_in(tmp_path, Module(), "")
    (job.code / "static").mkdir(parents=True)
    with pytest.raises(UserError, match="no folder media in"):
        builder.check_static(job)


@pytest.mark.parametrize("name", ["outside/x", "instance/x"])
def test_a_shared_folder_behind_a_link_is_refused(tmp_path: Path, name: str) -> None:
    job = job_in(tmp_path, Module(), "", shared=(name,))
    job.code.mkdir(parents=True)
    for link in ("outside", "instance"):
        (tmp_path / link).mkdir()
        (job.code / link).symlink_to(tmp_path / link)
    (tmp_path / "shared").mkdir()
    with pytest.raises(UserError, match=f"shared: {name} lies behind a link"):
        builder.share(job)
    assert not list((tmp_path / "outside").iterdir())


@pytest.mark.parametrize(
    ("url", "address", "user", "password", "secrets"),
    [
        ("https://git.example.org/x.git", "https://git.example.org/x.git", "", "", set()),
        ("git@git.example.org:x.git", "git@git.example.org:x.git", "", "", set()),
        ("ssh://git@example.org/x", "ssh://git@example.org/x", "", "", set()),
        ("https://me:p%40ss@h:8443/x", "https://h:8443/x", "me", "p@ss", {"p@ss"}),
        ("https://me@h/x", "https://h/x", "me", "", set()),
        (
            "https://ghp_0123456789abcdef@h/x",
            "https://h/x",
            "ghp_0123456789abcdef",
            "",
            {"ghp_0123456789abcdef"},
        ),
    ],
)
def test_credentials_are_taken_out_of_the_address(
    url: str, address: str, user: str, password: str, secrets: set[str]
) -> None:
    source = git_mirror.repository(Module(), url, Path("/nowhere"))
    assert (source.address, source.user, source.password) == (address, user, password)
    assert source.secrets == secrets


def test_credentials_are_in_no_command_line(tmp_path: Path) -> None:
    module = Module()
    source = git_mirror.repository(
        module, "http://someone:s3cr3tword@127.0.0.1:1/x", tmp_path / "repo.git"
    )
    with pytest.raises(UserError, match=r"^(?!.*s3cr3tword).*127\.0\.0\.1:1"):
        source.remote()
    assert "s3cr3tword" not in str(module.ran)
    assert "someone" not in str(module.ran)


def test_releases_without_a_record_are_rubbish(tmp_path: Path) -> None:
    for name, text in {
        "good": '{"revision": "a", "version": "main", "built": "2026", "packages": {}}',
        "half": '{"revision": ',
        "other": "[]",
        "none": None,
    }.items():
        folder = tmp_path / "releases" / name
        folder.mkdir(parents=True)
        if text is not None:
            (folder / "release.json").write_text(text, encoding="utf-8")
    (tmp_path / "current").symlink_to("releases/good")
    (tmp_path / "slots" / "blue").mkdir(parents=True)
    (tmp_path / "slots" / "blue" / "release").symlink_to("../../releases/half")
    have = store.observe(tmp_path)
    assert list(have.releases) == ["good"]
    assert have.rubbish == {"half", "other", "none"}
    assert (have.live, have.previous, set(have.running)) == ("good", "", {"half"})


def test_packages_are_read_from_their_folders(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.13" / "site-packages"
    for name in ("Flask_Migrate-4.1.0.dist-info", "zope.interface-7+local.dist-info", "flask"):
        (site / name).mkdir(parents=True)
    assert venv.installed(tmp_path) == {"flask-migrate": "4.1.0", "zope-interface": "7+local"}


def test_compiled_files_are_borrowed_where_there_are_none(tmp_path: Path) -> None:
    old, new = (tmp_path / name / "lib" / "python3" for name in ("old", "new"))
    for place in (old / "flask" / "__pycache__", old / "gone" / "__pycache__", new / "flask"):
        place.mkdir(parents=True)
    (old / "flask" / "__pycache__" / "app.pyc").write_bytes(b"compiled")
    assert venv._borrow(tmp_path / "old", tmp_path / "new") == 1
    assert (new / "flask" / "__pycache__" / "app.pyc").read_bytes() == b"compiled"
    assert venv._borrow(tmp_path / "old", tmp_path / "new") == 0
    assert not (new / "gone").exists()


class CannotImport(Module):
    """Python, where the app's import fails in a file of the release."""

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        where = f'File "{options["cwd"]}/app.py", line 3'
        return 1, "", f"Traceback\n  {where}\nKeyError: {options['environ_update']['API_KEY']!r}\n"


def test_a_failed_import_says_in_which_release(tmp_path: Path) -> None:
    release = tmp_path / "releases/3f2a9c41b0de-5c1f2e9a"
    user = Path("/proc/self").owner()
    with pytest.raises(UserError) as failed:
        preflight.preflight(
            CannotImport(), user, release, release, "app:app", {"API_KEY": "of-the-app"}
        )
    assert f'File "{release}/app.py", line 3' in str(failed.value)
    assert "KeyError: '(hidden)'" in str(failed.value)

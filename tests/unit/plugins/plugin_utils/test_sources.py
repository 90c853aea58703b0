# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller knows of a source before anything is sent."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import content


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "notes.tar.gz").write_bytes(b"packed")
    return tmp_path / "notes.tar.gz"


def test_the_host_gets_what_only_the_controller_has(archive: Path) -> None:
    assert content({"git": "/srv/git/notes.git"}) is None
    assert content({"archive": "https://h/x.zip", "checksum": "sha256:1"}) is None
    found = content({"archive": str(archive)})
    assert found
    assert found.checksum == hashlib.sha256(b"packed").hexdigest()
    assert found.version == "notes.tar.gz"
    assert found.pack(Path("/nowhere")) == archive


def test_what_is_not_there_is_named(archive: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r"source\.archive: there is no /none on the con"):
        content({"archive": "/none"})
    with pytest.raises(AnsibleActionFail, match=r"is not a file; a folder is a source\.path"):
        content({"archive": str(archive.parent)})


def test_a_checksum_is_compared(archive: Path) -> None:
    good = hashlib.sha256(b"packed").hexdigest()
    assert content({"archive": str(archive), "checksum": f"sha256:{good}"})
    with pytest.raises(
        AnsibleActionFail, match=f"has the checksum sha256:{good}, and not sha256:0"
    ):
        content({"archive": str(archive), "checksum": "sha256:0"})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    for name in ("app.py", "web/x.py", ".venv/lib/y.py", "web/__pycache__/x.pyc", "ignored.log"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    (folder / "web/x.py").chmod(0o755)
    (folder / "link").symlink_to("app.py")
    os.mkfifo(folder / "pipe")
    return folder


def git(folder: Path, *argv: str) -> None:
    person = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *person, *argv], check=True, capture_output=True)


def in_git(folder: Path) -> None:
    git(folder, "init", "--quiet")
    (folder / ".gitignore").write_text("*.log\n.venv\n__pycache__\n")
    git(folder, "add", "app.py", "web")
    git(folder, "commit", "--quiet", "-m", "First")
    git(folder, "tag", "v1.0")


def sent(folder: Path, tmp_path: Path, **options: list[str]) -> dict[str, str]:
    """What is packed: the files' content, or the links' targets."""
    found = content({"path": str(folder), **options})
    assert found
    with tarfile.open(found.pack(tmp_path)) as archive:
        return {
            member.name: member.linkname or archive.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in archive
        }


def test_a_folder_is_sent_without_what_nobody_means(tree: Path, tmp_path: Path) -> None:
    everything = {
        "app.py": "app.py",
        "ignored.log": "ignored.log",
        "link": "app.py",
        "web/x.py": "web/x.py",
    }
    assert sent(tree, tmp_path) == everything
    found = content({"path": str(tree)})
    assert found
    assert found.version == "notes"


def test_what_git_tracks_or_would_track_is_sent(tree: Path, tmp_path: Path) -> None:
    in_git(tree)
    (tree / "app.py").write_text("changed")
    (tree / "new.py").write_text("not added yet")
    (tree / "web/x.py").unlink()
    kept = {".gitignore": "*.log\n.venv\n__pycache__\n", "link": "app.py"}
    assert sent(tree, tmp_path) == {**kept, "app.py": "changed", "new.py": "not added yet"}
    found = content({"path": str(tree)})
    assert found
    assert found.version == "v1.0-dirty"


def test_a_subfolder_and_a_submodule(tree: Path, tmp_path: Path) -> None:
    in_git(tree)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "inner.py").write_text("inner")
    git(inner, "init", "--quiet")
    git(inner, "add", ".")
    git(inner, "commit", "--quiet", "-m", "First")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "add", str(inner), "web/inner")
    assert sent(tree / "web", tmp_path) == {"x.py": "web/x.py", "inner/inner.py": "inner"}


@pytest.mark.parametrize(
    ("exclude", "gone"),
    [
        (["web"], {"web/x.py"}),
        (["web/"], {"web/x.py"}),
        (["*.py"], {"app.py", "web/x.py"}),
        (["web/*.py"], {"web/x.py"}),
        (["x.py", "link"], {"web/x.py", "link"}),
        (["we"], set()),
    ],
)
def test_more_can_be_left_out(
    tree: Path, tmp_path: Path, exclude: list[str], gone: set[str]
) -> None:
    assert sent(tree, tmp_path).keys() - sent(tree, tmp_path, exclude=exclude).keys() == gone


def test_the_same_content_is_the_same_revision(tree: Path, tmp_path: Path) -> None:
    def revision() -> str:
        found = content({"path": str(tree)})
        assert found
        return found.checksum

    before = revision()
    os.utime(tree / "app.py", (1, 1))
    (tree / "web/__pycache__/new.pyc").touch()
    (tree / "web/x.py").chmod(0o700)
    assert revision() == before
    changes: list[Callable[[], object]] = [
        lambda: (tree / "web/x.py").chmod(0o644),
        lambda: (tree / "app.py").write_text("changed"),
        lambda: (tree / "app.py").rename(tree / "other.py"),
        lambda: (tree / "new").symlink_to("app.py"),
    ]
    seen = {before}
    for change in changes:
        change()
        assert revision() not in seen
        seen.add(revision())


def test_the_checksum_is_that_of_the_tar_file(tree: Path, tmp_path: Path) -> None:
    found = content({"path": str(tree)})
    assert found
    unpacked = gzip.decompress(found.pack(tmp_path).read_bytes())
    assert hashlib.sha256(unpacked).hexdigest() == found.checksum
    with tarfile.open(fileobj=io.BytesIO(unpacked)) as archive:
        assert archive.getnames()[0] == "app.py"


def test_a_folder_that_changes_while_it_is_packed(tree: Path, tmp_path: Path) -> None:
    found = content({"path": str(tree)})
    (tree / "app.py").write_text("edited")
    assert found
    with pytest.raises(AnsibleActionFail, match="changed while it was packed"):
        found.pack(tmp_path)


def test_a_folder_with_nothing_to_send(tree: Path, archive: Path) -> None:
    in_git(tree)
    (tree / ".gitignore").write_text("*\n")
    (tree / "build").mkdir()
    (tree / "build/x").touch()
    with pytest.raises(AnsibleActionFail, match=r"no file in .*build, or git ignores all of it"):
        content({"path": str(tree / "build")})
    with pytest.raises(AnsibleActionFail, match=r"is not a folder; a file is a source\.archive"):
        content({"path": str(archive)})


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("notes-1.2.3-py3-none-any.whl", "1.2.3"),
        ("my_notes-1.0rc1-1-cp313-cp313-linux_x86_64.whl", "1.0rc1"),
        ("my-notes-1.2.tar.gz", "1.2"),
        ("notes.tar.gz", ""),
        ("notes-latest.zip", ""),
        ("notes-1.2.rpm", ""),
    ],
)
def test_the_version_of_a_dist_is_in_its_name(tmp_path: Path, name: str, version: str) -> None:
    (tmp_path / name).write_bytes(b"built")
    if version:
        found = content({"dist": str(tmp_path / name)})
        assert found
        assert (found.version, found.pack(Path("/nowhere"))) == (version, tmp_path / name)
    else:
        with pytest.raises(AnsibleActionFail, match=r"is not a file name of a wheel or an sdist"):
            content({"dist": str(tmp_path / name)})


UV = """#!/bin/sh
[ "$1 $2 $3" = "build --wheel --out-dir" ] || exit 1
ls -A "$5" | sort > "$LISTED"
mkdir "$5/build"
[ ! -e "$5/broken.py" ] || { echo "no backend"; exit 2; }
mkdir "$4"; echo wheel > "$4/notes-1-py3-none-any.whl"
"""


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a program uv has found in the folder that it was to build."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/uv").write_text(UV)
    (tmp_path / "bin/uv").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("LISTED", str(tmp_path / "listed"))
    return tmp_path / "listed"


def test_the_wheel_of_a_folder_that_was_built_last(tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    folder.mkdir()
    with pytest.raises(AnsibleActionFail, match=r"neither a wheel nor an sdist in .*/dist; build"):
        content({"dist": str(folder)})
    for age, name in enumerate(("notes-1.3-py3-none-any.whl", "notes-1.2.tar.gz", "README.txt")):
        (folder / name).write_text(name, encoding="utf-8")
        os.utime(folder / name, (age, age))
    found = content({"dist": str(folder)})
    assert found
    assert (found.version, found.pack(tmp_path)) == ("1.2", folder / "notes-1.2.tar.gz")


def test_a_project_is_built_from_a_copy(tree: Path, tmp_path: Path, listed: Path) -> None:
    in_git(tree)
    (tree / "pyproject.toml").touch()
    before = sorted(tree.iterdir())
    found = content({"dist": str(tree)})
    assert found
    assert found.version == "v1.0"
    assert not listed.exists()
    work = tmp_path / "work"
    work.mkdir()
    assert found.pack(work).read_text() == "wheel\n"
    assert listed.read_text().split() == [
        ".git",
        ".gitignore",
        *["app.py", "link", "pyproject.toml", "web"],
    ]
    assert sorted(tree.iterdir()) == before


def test_a_project_that_cannot_be_built(tree: Path, tmp_path: Path, listed: Path) -> None:
    found = content({"dist": str(tree)})
    assert found
    with pytest.raises(AnsibleActionFail, match=r"neither pyproject\.toml nor setup\.py"):
        found.pack(tmp_path)
    for name in ("pyproject.toml", "broken.py"):
        (tree / name).touch()
    found = content({"dist": str(tree)})
    assert found
    with pytest.raises(AnsibleActionFail, match=r"cannot be built:\nno backend"):
        found.pack(tmp_path)

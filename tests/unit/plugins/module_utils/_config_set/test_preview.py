# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program sees the new files at their real paths, and nobody else does.

Needs root and a kernel that allows mount namespaces and overlays, as a managed host does.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._config_set import preview
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.plan import Change, Node

READ = """
import json, pathlib, sys
root = pathlib.Path(sys.argv[1])
print(json.dumps({
    str(path.relative_to(root)): path.read_text() if path.is_file() else "folder"
    for path in sorted(root.rglob("*"))
}))
"""
ABSENT = Node()


def file(content: str) -> Node:
    return Node("file", "root", "root", 0o644, content.encode())


def run(command: list[str]) -> tuple[int, str, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


PROBE = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
allowed = os.getuid() == 0 and run(PROBE)[0] == 0


@pytest.fixture
def scratch() -> Iterator[str]:
    path = f"/dev/shm/config_set-test-{os.getpid()}"
    os.mkdir(path)
    yield path
    shutil.rmtree(path)


def seen(prefix: list[str], root: Path) -> dict[str, str]:
    status, out, err = run([*prefix, sys.executable, "-c", READ, str(root)])
    assert status == 0, err
    return json.loads(out)


@pytest.mark.skipif(not allowed, reason="needs root and the right to mount")
def test_a_program_sees_the_new_set_and_others_the_old_one(tmp_path: Path, scratch: str) -> None:
    root = tmp_path / "etc"
    (root / "sites").mkdir(parents=True)
    (tmp_path / "alias").symlink_to(root / "sites")
    for name in ("main", "same", "sites/gone", "sites/same"):
        (root / name).write_text("old")
    changes = [
        Change(f"{root}/made", ABSENT, Node("directory", "root", "root", 0o700)),
        Change(f"{root}/made/inner", ABSENT, Node("directory", "root", "root", 0o700)),
        Change(f"{root}/made/inner/new", ABSENT, file("new")),
        Change(f"{root}/main", file("old"), file("new")),
        Change(f"{root}/link", ABSENT, Node("link", target="main")),
        Change(f"{root}/sites/new", ABSENT, file("new")),
        Change(f"{tmp_path}/alias/other", ABSENT, file("new")),
        Change(f"{root}/sites/gone", file("old"), ABSENT),
    ]
    before = seen([], root)
    prefix = preview.prepare(changes, scratch, run)
    assert prefix is not None
    assert seen(prefix, root) == {
        "link": "new",
        "made": "folder",
        "made/inner": "folder",
        "made/inner/new": "new",
        "main": "new",
        "same": "old",
        "sites": "folder",
        "sites/new": "new",
        "sites/other": "new",
        "sites/same": "old",
    }
    assert seen([], root) == before


@pytest.mark.skipif(not allowed, reason="needs root and the right to mount")
def test_other_mounts_stay_visible(tmp_path: Path, scratch: str) -> None:
    root = tmp_path / "etc"
    (root / "mounted here").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("mounted")
    run(["mount", "--bind", f"{tmp_path}/other", f"{root}/mounted here"])
    try:
        prefix = preview.prepare([Change(f"{root}/new", ABSENT, file("new"))], scratch, run)
        assert prefix is not None
        assert seen(prefix, root) == {
            "mounted here": "folder",
            "mounted here/file": "mounted",
            "new": "new",
        }
    finally:
        run(["umount", f"{root}/mounted here"])


def test_a_change_beside_the_root_folder_cannot_be_shown(tmp_path: Path) -> None:
    assert preview.prepare([Change("/new", ABSENT, file("new"))], str(tmp_path), run) is None


def test_a_host_that_allows_no_namespace_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "scratch").mkdir()
    change = Change(f"{tmp_path}/etc/link", ABSENT, Node("link", target="x"))
    assert preview.prepare([change], f"{tmp_path}/scratch", lambda _: (1, "", "denied")) is None

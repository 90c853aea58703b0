# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What builds leave behind: nothing in the folder for temporary files, and a cache that is used."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Inputs
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import uv_cache
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.venv import Venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.python_package import (
    Package,
)
from ansible_collections.pyhost.flask.tests.unit import examples

MONTHS = 90 * 24 * 3600


class Module(examples.Module):
    """As much of AnsibleModule as running uv takes; uv leaves a lock in its temporary folder."""

    def __init__(self, rc: int = 0) -> None:
        super().__init__()
        self.rc = rc
        self.ran: list[list[str]] = []
        self.left: list[Path] = []

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        self.ran.append([*argv[argv.index("uv") :]])
        folder = options["environ_update"].get("TMPDIR", tempfile.gettempdir())
        self.left.append(Path(folder, f"uv-setuptools-{len(self.ran)}.lock"))
        self.left[-1].touch()
        return self.rc, "notes==1.0\n", "disk full\n" if self.rc else ""


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """With packages that a venv is linked to, that none is linked to, and that was built."""
    cache = tmp_path / "uv"
    for path in (
        "archive-v0/used/flask/app.py",
        "archive-v0/unused/cython/compiler.py",
        "archive-v0/new/cython/compiler.py",
        "sdists-v10/pypi/docopt/0.6.2/id/src/setup.py",
        "sdists-v10/pypi/docopt/0.6.2/id/docopt-0.6.2-py3-none-any.whl",
        ".lock",
    ):
        (cache / path).parent.mkdir(parents=True, exist_ok=True)
        (cache / path).touch()
    os.link(cache / "archive-v0/used/flask/app.py", tmp_path / "app.py")
    for name in ("used", "unused"):
        os.utime(cache / "archive-v0" / name, (0, time.time() - MONTHS))
    return cache


def left(cache: Path) -> set[str]:
    return {str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()} - {".lock"}


def test_what_no_release_needs_goes(cache: Path) -> None:
    module = Module()
    assert uv_cache.prune(module, "uv", cache, time.time()) == ""
    assert left(cache) == {
        "archive-v0/used/flask/app.py",
        "archive-v0/new/cython/compiler.py",
        "sdists-v10/pypi/docopt/0.6.2/id/docopt-0.6.2-py3-none-any.whl",
    }
    assert module.ran == [["uv", "cache", "prune", "--quiet", "--force"]]
    said = uv_cache.prune(Module(rc=2), "uv", cache, time.time())
    assert said == f"uv's cache {cache} could not be pruned: disk full"


def test_nothing_goes_while_another_build_is_at_work(cache: Path) -> None:
    before, module = left(cache), Module()
    with (cache / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert uv_cache.prune(module, "uv", cache, time.time()) == ""
    assert (left(cache), module.ran) == (before, [])


def test_uv_leaves_no_locks(tmp_path: Path) -> None:
    module = Module()
    inputs = Inputs(revision="r", packages=("docopt",))
    Venv(module, tmp_path, inputs, "uv").make()
    Venv(module, tmp_path, inputs, "uv").install_package("notes==1.0")
    assert Package(module, "notes", "uv", "3.11", {}).resolve().id == "1.0"
    assert len(module.left) == 3
    assert [path for path in module.left if path.exists()] == []

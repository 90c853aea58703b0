# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release import prebuilt, run, source_of
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Inputs,
    NotSent,
    Revision,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.builder import Job
from ansible_collections.pyhost.flask.plugins.module_utils._release.prebuilt import Packaged
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import deb
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.archive import Sent
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source
from ansible_collections.pyhost.flask.tests.unit import examples

ID = "9f8e7d6c5b4a-6a7b8c9d"
INPUTS = Inputs("9f8e7d6c5b4a", shared=("instance",), wsgi="notes:app", packages=("gunicorn",))
RECORD = {
    "id": ID,
    "inputs": {"subdir": "", "shared": ["instance"], "wsgi": "notes:app"},
    "packages": {"gunicorn": "23.0.0", "pymysql": "1.1.1"},
}


class Module(examples.Module):
    """As much of AnsibleModule as a package takes; nothing is installed, and nothing runs."""

    check_mode = False

    def __init__(self) -> None:
        super().__init__()
        self.answer = (0, "", "")

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        return self.answer


def source_in(module: Module, **facts: Any) -> Source:
    """A deb of the controller's, which says this of itself."""
    about = {
        "package": "flask-notes",
        "version": "1.2.0-1",
        "arch": "all",
        "depends": [f"python3 (>= {venv.python_version('')})"],
        "app": "notes",
        "release": ID,
        **facts,
    }
    part = examples.release({"deb": "/tmp/notes.deb"})
    sent = {"checksum": ID, "version": "1.2.0-1", "facts": about}
    return source_of.source_of(run.job(module, part, "", "", {}), {"sent": sent})


def test_a_file_is_known_before_it_is_sent() -> None:
    source = source_in(Module())
    assert source.built
    assert source.resolve() == Revision(ID, "1.2.0-1")
    with pytest.raises(NotSent):
        source.obtain(ID)


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"arch": "s390"}, "flask-notes is built for s390, and the host is"),
        ({"depends": ["python3 (>= 3.2)"]}, "for a distribution with Python 3.2, and the host has"),
    ],
)
def test_what_the_host_cannot_run_is_not_sent(facts: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        source_in(Module(), **facts).obtain(ID)


def test_a_package_that_is_installed_as_well_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prebuilt, "MANAGED", tmp_path / "managed")
    module = Module()
    module.answer = (0, "installed 1.1.0-1", "")
    with pytest.raises(UserError, match=r"flask-notes 1\.1\.0-1 is installed on the host"):
        source_in(module).obtain(ID)
    (tmp_path / "managed").touch()
    with pytest.raises(NotSent):
        source_in(module).obtain(ID)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("installed 1.1.0-1", "1.1.0-1"),
        ("half-configured 1.1.0-1", "1.1.0-1"),
        ("config-files 1.1.0-1", ""),
        ("not-installed ", ""),
        ("", ""),
    ],
)
def test_what_dpkg_says_of_a_package(said: str, version: str) -> None:
    module = Module()
    module.answer = (1 if not said else 0, said, "")
    assert deb.installed(module, "flask-notes") == version


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({}, ""),
        ({"packages": ("gunicorn", "PyMySQL>=1")}, ""),
        ({"subdir": "web"}, "built with source.subdir = '', and the app has 'web'; give both"),
        ({"shared": ("instance", "up")}, "shared = ['instance'], and the app has ['instance', 'up"),
        ({"wsgi": "notes:other"}, "wsgi = 'notes:app', and the app has 'notes:other'"),
        ({"packages": ("gunicorn", "psycopg[binary]")}, "without psycopg, which the app needs"),
    ],
)
def test_what_was_decided_when_it_was_built(inputs: dict[str, Any], says: str) -> None:
    found = prebuilt.disagreement(RECORD, Inputs(**{**vars(INPUTS), **inputs}))
    assert says in found
    assert bool(says) == bool(found)


class Unpacked(Packaged):
    """A package whose files are written as they are in ``tree``."""

    tree: dict[str, str]

    def write(self, revision: str, folder: Path) -> list[str]:
        for name, text in self.tree.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return []


def job(root: Path, inputs: Inputs) -> Job:
    (root / "releases").mkdir()
    part = examples.release()
    return Job(Module(), {**part, "user": "root"}, root, inputs, known=ID)


def test_only_the_release_is_taken_out_of_it(tmp_path: Path) -> None:
    source = Unpacked(Module(), "notes", "deb", "x", Sent(ID, "1"))
    home = "usr/lib/flask-notes"
    source.tree = {
        f"{home}/release/release.json": json.dumps(RECORD),
        f"{home}/release/app.py": "app = 1",
        f"{home}/program/__main__.py": "",
        "etc/notes/gunicorn.conf.py": "",
    }
    wanted = job(tmp_path, Inputs(**{**vars(INPUTS), "shared": ()}))
    with pytest.raises(UserError, match="give both the same"):
        prebuilt.lay_out(wanted, source)
    assert os.listdir(tmp_path / "releases") == []

    source.tree[f"{home}/release/release.json"] = json.dumps(
        {**RECORD, "inputs": {**RECORD["inputs"], "shared": []}}  # type: ignore[dict-item]
    )
    assert prebuilt.lay_out(wanted, source)["id"] == ID
    assert os.listdir(tmp_path / "releases") == [ID]
    assert os.listdir(tmp_path / "releases" / ID) == ["app.py"]  # no release before its record
    assert os.listdir(tmp_path) == ["releases"]


def test_a_package_without_a_release_is_refused(tmp_path: Path) -> None:
    source = Unpacked(Module(), "notes", "deb", "/tmp/x.deb", Sent(ID, "1"))
    source.tree = {"usr/bin/x": ""}
    with pytest.raises(UserError, match=r"/tmp/x\.deb has no release in it"):
        prebuilt.lay_out(job(tmp_path, INPUTS), source)

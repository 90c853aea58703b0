# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apps that are installed as packages: which release is meant, and where its parts are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release import builder, run, source_of
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import model
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Inputs,
    NotSent,
    Revision,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.builder import Job
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import (
    venv as python_venv,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.venv import Venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import python_package
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source
from ansible_collections.pyhost.flask.tests.unit import examples

STRATEGY = "unsafe-best-match"
PRIVATE = "https://deploy:s3cr3tword@index.example.org/simple"


class Module(examples.Module):
    """As much of AnsibleModule as a package takes; a program says ``answer``."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = (0, "", "")
        self.ran: list[list[str]] = []
        self.variables: dict[str, str] = {}

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        self.ran.append([*argv])
        self.variables = options["environ_update"]
        return self.answer


def source_in(
    module: Module,
    options: dict[str, str],
    sent: dict[str, str] | None = None,
    uv: str = "/bin/true",
) -> Source:
    """The source of an app with these options of ``source``, of which the controller has this."""
    python = {"extra_indexes": [PRIVATE], "version": "3.12", "index_strategy": STRATEGY}
    part = examples.release(python=python)
    part["source"] = {**part["source"], "git": None, **options}
    return source_of.source_of(run.job(module, part, uv, "", {}), {"sent": sent} if sent else {})


@pytest.mark.parametrize(
    ("requirement", "name", "revision"),
    [
        ("notes==1.2.3", "notes", Revision("1.2.3", "notes 1.2.3")),
        ("notes[prod,x] == 1.2", "notes[prod,x]", Revision("1.2", "notes 1.2")),
        ("my.notes===1!2.0+local", "my.notes", Revision("1!2.0+local", "my.notes 1!2.0+local")),
    ],
)
def test_a_pinned_version_asks_nobody(requirement: str, name: str, revision: Revision) -> None:
    module = Module()
    source = source_in(module, {"package": requirement})
    assert python_package.name_of(requirement) == name
    assert source.resolve() == revision
    assert source.package(revision.id) == f"{name}=={revision.id}"
    assert module.ran == []


@pytest.mark.parametrize("requirement", ["notes", "notes[prod]>=1,<2", "notes==1.*", "notes~=1.4"])
def test_an_open_version_is_asked_for(requirement: str) -> None:
    module = Module()
    source = source_in(module, {"package": requirement})
    module.answer = (0, "notes[prod]==1.4.2\n", "")
    assert source.resolve() == Revision("1.4.2", "notes 1.4.2")
    assert source.package("1.4.2") == f"{python_package.name_of(requirement)}==1.4.2"
    assert "s3cr3tword" not in str(module.ran)
    assert module.variables["UV_EXTRA_INDEX_URL"] == PRIVATE
    assert module.variables["UV_INDEX_STRATEGY"] == STRATEGY
    module.answer = (1, "", f"error: Failed to fetch {PRIVATE}/notes/")
    with pytest.raises(UserError, match=r"does not offer it(?!(.|\n)*s3cr3tword)"):
        source.resolve()


def test_without_uv_only_a_pinned_version_is_known() -> None:
    source = source_in(Module(), {"package": "notes>=1"}, uv="")
    assert "pin it, as in notes==1.2.3" in source.missing()
    assert source_in(Module(), {"package": "notes==1"}, uv="").missing() == ""


def test_passwords_of_indexes_are_known_and_in_no_command_line(tmp_path: Path) -> None:
    module = Module()
    part = examples.release(python={"extra_indexes": [PRIVATE]})
    assert source_of.secrets(part) == {"s3cr3tword"}
    variables = python_venv.indexes("https://pypi.example.org", [PRIVATE, "https://b.example.org"])
    way = python_venv.way_out("http://proxy:3128", "/etc/ca.pem")
    assert (way["HTTPS_PROXY"], way["SSL_CERT_FILE"]) == ("http://proxy:3128", "/etc/ca.pem")
    assert python_venv.way_out("", "") == {}
    assert variables["PIP_INDEX_URL"] == variables["UV_INDEX_URL"] == "https://pypi.example.org"
    venv = Venv(module, tmp_path, Inputs("1", packages=("gunicorn",)), "uv", variables)
    venv.install_package("notes==1")
    assert module.ran[0][-2:] == ["notes==1", "gunicorn"]
    assert "s3cr3tword" not in str(module.ran)
    assert module.variables["PIP_EXTRA_INDEX_URL"] == f"{PRIVATE} https://b.example.org"


def test_a_wheel_that_is_not_sent_yet() -> None:
    sent = {"checksum": "ab12", "version": "1.2"}
    source = source_in(Module(), {"dist": "/home/me/notes-1.2-py3-none-any.whl"}, sent)
    assert source.resolve() == Revision("ab12", "1.2")
    with pytest.raises(NotSent):
        source.obtain("ab12")
    source = source_in(Module(), {"dist": "/home/me/notes.whl"}, {**sent, "path": "/tmp/notes.whl"})
    source.obtain("ab12")
    assert source.package("ab12") == "/tmp/notes.whl"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"git": "https://h/x"}, ""),
        ({"dist": "/x"}, "dist"),
        ({"package": "notes[prod]>=1"}, "package notes[prod]"),
    ],
)
def test_kinds(options: dict[str, str], kind: str) -> None:
    assert source_of.kind_of(examples.release(options)["source"]) == kind


def test_the_kind_is_a_part_of_the_id() -> None:
    ids = {
        model.release_id(Inputs("1", kind=kind)) for kind in ("", "dist", "package a", "package b")
    }
    assert len(ids) == 4
    assert model.release_id(Inputs("1!2.0+local")).startswith("1-2.0-local-")
    # Releases that stand on hosts keep their names.
    known = Inputs("a" * 40, python="3.13", packages=("gunicorn",), wsgi="notes:app")
    assert model.release_id(known) == "aaaaaaaaaaaa-fe119e18"


def job_in(tmp_path: Path, wsgi: str, **options: Any) -> Job:
    folder = tmp_path / "releases" / "1"
    (folder / ".venv/lib/python3.13/site-packages/notes/static").mkdir(parents=True)
    (tmp_path / "shared/instance").mkdir(parents=True)
    part = examples.release()
    return Job(
        module=Module(),
        app={**part, "user": "root", "static": ["site-packages/notes/static"]},
        root=tmp_path,
        known="1",
        inputs=Inputs("1", shared=("instance",), wsgi=wsgi),
        **options,
    )


@pytest.mark.parametrize(
    ("wsgi", "names"),
    [
        ("notes:app", ["notes-instance"]),
        ("notes.web:app", ["notes-instance", "notes.web-instance"]),
    ],
)
def test_an_installed_app_finds_its_folders(tmp_path: Path, wsgi: str, names: list[str]) -> None:
    job = job_in(tmp_path, wsgi)
    builder.show_installed(job)
    builder.check_static(job)
    assert str((job.folder / "site-packages").readlink()) == ".venv/lib/python3.13/site-packages"
    made = sorted((job.folder / ".venv/var").iterdir())
    assert [path.name for path in made] == names
    assert {path.readlink() for path in made} == {tmp_path / "shared/instance"}


def test_a_preview_makes_no_shared_folder(tmp_path: Path) -> None:
    job = job_in(tmp_path, "notes:app", preview_of=tmp_path / "app")
    builder.show_installed(job)
    assert (job.folder / ".venv/var/notes-instance").is_dir()
    assert not (tmp_path / "app").exists()

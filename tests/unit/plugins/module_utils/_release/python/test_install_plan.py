# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Inputs
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import install_plan
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.install_plan import (
    Install,
    Project,
    Step,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.lock_file import Locked

SELF = ("--editable", ".")
EXTRA = ("gunicorn",)
OWN = Step(("--no-deps", *SELF))
BUILD: dict[str, dict[str, str]] = {"build-system": {}}
PROJECT = {
    "project": {"dependencies": ["flask>=3"], "optional-dependencies": {"Mail_er": ["m1", "m2"]}},
    "dependency-groups": {
        "docs": ["d1", {"include-group": "both"}],
        "both": ["b1", {"include-group": "docs"}],
    },
}


def want(installer: str = "uv", **others: Any) -> Inputs:
    return Inputs("1", packages=EXTRA, installer=installer, **others)


def project(*files: str, **others: Any) -> Project:
    return Project(frozenset(files), **others)


def read(*arguments: str) -> tuple[str, ...]:
    return ("--requirement", *arguments)


@pytest.mark.parametrize(
    ("files", "wanted", "installer", "file"),
    [
        ((), "", "uv", ""),
        (("uv.lock", "poetry.lock", "requirements.txt"), "", "uv", "uv.lock"),
        (("uv.lock", "poetry.lock", "requirements.txt"), "", "pip", "poetry.lock"),
        (("pylock.toml", "Pipfile.lock"), "", "uv", "pylock.toml"),
        (("pylock.toml", "Pipfile.lock"), "", "pip", "Pipfile.lock"),
        (("requirements.txt", "pyproject.toml"), "", "uv", "requirements.txt"),
        (("setup.py", "pyproject.toml"), "", "uv", "pyproject.toml"),
        (("uv.lock",), "requirements/prod.txt", "uv", "requirements/prod.txt"),
    ],
)
def test_the_first_file_counts(
    files: tuple[str, ...], wanted: str, installer: str, file: str
) -> None:
    assert install_plan.chosen(files, wanted, installer) == file


def test_pip_cannot_read_what_was_asked_for() -> None:
    with pytest.raises(UserError, match=r"deploy/uv.lock needs uv"):
        install_plan.chosen((), "deploy/uv.lock", "pip")


LOCKED = Locked(("a==1 --hash=sha256:0",), ("./b",))
EXACT = Step(("--no-deps", "--require-hashes"), LOCKED.pinned, resolved=False)
DIRECT = Step(("--no-deps",), LOCKED.direct, resolved=False)
SYNC = ("--frozen", "--no-dev")


@pytest.mark.parametrize(
    ("given", "inputs", "file", "expected"),
    [
        (project(), want(), "uv.lock", Install(SYNC, steps=(Step(EXTRA),))),
        (
            project(),
            want(groups=("docs",), extras=("x",)),
            "uv.lock",
            Install((*SYNC, "--group", "docs", "--extra", "x"), steps=(Step(EXTRA),)),
        ),
        (
            project(),
            want(groups=("dev",)),
            "uv.lock",
            Install(("--frozen", "--group", "dev"), steps=(Step(EXTRA),)),
        ),
        (
            project(),
            want("pip"),
            "requirements/prod.txt",
            Install(steps=(Step((*read("requirements/prod.txt"), *EXTRA)),)),
        ),
        (
            project("setup.py", importable=False),
            want(),
            "requirements.txt",
            Install(steps=(Step((*read("requirements.txt"), *SELF, *EXTRA)),)),
        ),
        (
            project(pyproject=BUILD),
            want(extras=("x",)),
            "pylock.toml",
            Install(steps=(Step(read("pylock.toml", "--extra", "x"), resolved=False), Step(EXTRA))),
        ),
        (
            project("setup.py", importable=False),
            want(),
            "pylock.toml",
            Install(steps=(Step(read("pylock.toml"), resolved=False), OWN, Step(EXTRA))),
        ),
        (
            project(locked=LOCKED),
            want("pip"),
            "Pipfile.lock",
            Install(steps=(EXACT, DIRECT, Step(EXTRA))),
        ),
        (
            project(pyproject=BUILD, locked=LOCKED, importable=False),
            want(groups=("docs",), require_hashes=True),
            "poetry.lock",
            Install(steps=(EXACT, DIRECT, OWN, Step(("--no-index", *EXTRA)))),
        ),
        (
            project(hashed=True),
            want("pip"),
            "requirements.txt",
            Install(steps=(Step(read("requirements.txt")), Step(EXTRA))),
        ),
        (
            project(hashed=True),
            want(require_hashes=True),
            "requirements.txt",
            Install(
                steps=(
                    Step(("--require-hashes", *read("requirements.txt"))),
                    Step(("--no-index", *EXTRA)),
                )
            ),
        ),
        (
            project(pyproject=BUILD),
            want(),
            "pyproject.toml",
            Install(steps=(Step((*SELF, *EXTRA)),)),
        ),
        (
            project(pyproject={**PROJECT, **BUILD}),
            want(extras=("mail-er", "x"), groups=("docs",)),
            "pyproject.toml",
            Install(steps=(Step(("--editable", ".[mail-er,x]", "d1", "b1", *EXTRA)),)),
        ),
        (
            project("setup.py"),
            want("pip", extras=("x",)),
            "setup.py",
            Install(steps=(Step(("--editable", ".[x]", *EXTRA)),)),
        ),
        (
            project(pyproject=PROJECT),
            want(extras=("mail-er",), groups=("docs",)),
            "pyproject.toml",
            Install(steps=(Step(("flask>=3", "m1", "m2", "d1", "b1", *EXTRA)),)),
        ),
        (
            project(pyproject=PROJECT, importable=False),
            want(),
            "pyproject.toml",
            Install(steps=(Step(("flask>=3", *SELF, *EXTRA)),)),
        ),
    ],
)
def test_what_is_installed(given: Project, inputs: Inputs, file: str, expected: Install) -> None:
    assert install_plan.install(given, inputs, file) == expected


def test_locks_without_an_index() -> None:
    given = project(pyproject=BUILD, importable=False)
    expected = Install(export=SYNC, steps=(OWN, Step(EXTRA)))
    assert install_plan.install(given, want(), "uv.lock", no_index=True) == expected
    with pytest.raises(UserError, match=r"from the addresses in it; name another file"):
        install_plan.install(given, want(), "pylock.toml", no_index=True)


def test_an_app_without_requirements_gets_flask_and_a_warning() -> None:
    done = install_plan.install(project(), want(), "")
    assert done.steps == (Step(("flask", "gunicorn")),)
    assert "requirements.txt" in done.warning


def test_pip_says_that_it_does_not_read_a_lock() -> None:
    given = project("uv.lock", "requirements.txt")
    said = "uv.lock is not used, because uv is not on the host"
    assert said in install_plan.install(given, want("pip"), "requirements.txt").warning
    # It was asked for.
    asked = want("pip", dependencies="requirements.txt")
    assert install_plan.install(given, asked, "requirements.txt").warning == ""


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("requirements.txt", {"groups": ("x",)}, "python.groups: requirements.txt has no groups"),
        ("setup.py", {"groups": ("x",)}, "python.groups: setup.py has no groups"),
        ("", {"extras": ("x",)}, "python.extras: an app without .* has no extras"),
        ("pyproject.toml", {"extras": ("x",)}, "pyproject.toml has no 'x'; it has mail-er"),
        ("pyproject.toml", {"groups": ("x",)}, "pyproject.toml has no 'x'; it has both, docs"),
        ("requirements.txt", {"require_hashes": True}, "requirements.txt has no hashes"),
        ("pyproject.toml", {"require_hashes": True}, "pyproject.toml has no hashes"),
    ],
)
def test_what_a_file_has_not_got(file: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        install_plan.install(project(pyproject=PROJECT), want(**options), file)


@pytest.mark.parametrize(
    ("package", "expected"),
    [
        ("/tmp/notes-1-py3-none-any.whl", "/tmp/notes-1-py3-none-any.whl[a,b]"),
        ("notes==1", "notes[a,b]==1"),
        ("notes[b,c]==1", "notes[b,c,a]==1"),
    ],
)
def test_extras_of_a_package(package: str, expected: str) -> None:
    assert install_plan.with_extras(package, ("a", "b")) == expected
    assert install_plan.with_extras(package, ()) == package

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files in ``locks`` were written by Poetry 1.1, 1.8 and 2.5 and by Pipenv 2026.10."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import (
    lock_file,
    pipfile_lock,
    poetry_lock,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.lock_file import Locked

LOCKS = Path(__file__).parent / "locks"
LINUX = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "python_version": "3.11",
    "python_full_version": "3.11.2",
    "extra": "",
}
OLD = {**LINUX, "python_version": "3.9", "python_full_version": "3.9.2"}
WINDOWS = {**LINUX, "os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}
MAIN = {"click", "itsdangerous"}
# anyio wants typing-extensions before Python 3.13.
CLIENT = {
    *("anyio", "certifi", "h11", "h2", "hpack", "httpcore", "httpx", "hyperframe", "idna"),
    *("sniffio", "typing-extensions"),
}
FORMATS = ["1.1", "2.0", "2.1"]


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((LOCKS / name).read_text(encoding="utf-8"))


def read(form: str, *groups: str, extras: tuple[str, ...] = ()) -> Locked:
    lock, project = toml(f"poetry-{form}.lock"), toml(f"pyproject-{form}.toml")
    return poetry_lock.poetry(lock, project, groups, extras)


def there(locked: Locked, environment: dict[str, str]) -> set[str]:
    """The packages that are installed where the variables of PEP 508 are these."""
    found = [Requirement(line.partition(" --hash")[0]) for line in locked.pinned]
    return {each.name for each in found if not each.marker or each.marker.evaluate(environment)}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("groups", "extras", "environment", "expected"),
    [
        ((), (), LINUX, MAIN),
        ((), (), OLD, {*MAIN, "tomli"}),
        ((), (), WINDOWS, {*MAIN, "colorama"}),
        ((), ("client",), LINUX, MAIN | CLIENT),
        ((), ("client",), OLD, MAIN | CLIENT | {"tomli", "exceptiongroup"}),
        (("dev",), (), LINUX, {*MAIN, "iniconfig"}),
    ],
)
def test_poetry_installs_the_same(
    form: str,
    groups: tuple[str, ...],
    extras: tuple[str, ...],
    environment: dict[str, str],
    expected: set[str],
) -> None:
    assert there(read(form, *groups, extras=extras), environment) == expected


@pytest.mark.parametrize("form", FORMATS[1:])
def test_a_group_of_poetry(form: str) -> None:
    assert there(read(form, "docs"), LINUX) == {*MAIN, "markdown"}
    assert there(read(form, "docs"), OLD) == {
        *MAIN,
        "markdown",
        "tomli",
        "importlib-metadata",
        "zipp",
    }


@pytest.mark.parametrize("form", FORMATS)
def test_versions_and_hashes_are_those_of_the_lock(form: str) -> None:
    (line,) = (line for line in read(form).pinned if line.startswith("itsdangerous"))
    assert line == (
        "itsdangerous==2.2.0"
        " --hash=sha256:c6242fc49e35958c8b15141343aa660db5fc54d4f13a1db01a3f5891b98700ef"
        " --hash=sha256:e0050c0b7da1eea53ffaf149c0cfbb5c6e2e2b69c4bef22c81fa6eb73e5f6173"
    )


@pytest.mark.parametrize("form", FORMATS)
def test_what_poetry_has_not_got_is_named(form: str) -> None:
    with pytest.raises(UserError, match=r"python.groups: poetry.lock has no 'tests'; it has "):
        read(form, "tests")
    with pytest.raises(UserError, match=r"python.extras: poetry.lock has no 'x'; it has client"):
        read(form, extras=("x",))


def package(name: str, version: str = "1", **more: Any) -> dict[str, Any]:
    files = [{"file": "x", "hash": f"sha256:{version}"}]
    return {"name": name, "version": version, "groups": ["main"], "files": files, **more}


def lock(form: str, *packages: dict[str, Any]) -> dict[str, Any]:
    return {"package": list(packages), "metadata": {"lock-version": form}}


def required(**dependencies: Any) -> dict[str, Any]:
    return {"tool": {"poetry": {"dependencies": dependencies}}}


GIT = {"type": "git", "url": "git@x.org:a/b.git", "reference": "main", "resolved_reference": "c0"}


@pytest.mark.parametrize(
    ("source", "more", "line"),
    [
        (GIT, {}, "a @ git+ssh://git@x.org/a/b.git@c0"),
        (
            {**GIT, "url": "https://x.org/b", "subdirectory": "s"},
            {},
            "a @ git+https://x.org/b@c0#subdirectory=s",
        ),
        ({"type": "url", "url": "https://x.org/a.whl"}, {}, "a @ https://x.org/a.whl"),
        ({"type": "directory", "url": "libs/a"}, {}, "./libs/a"),
        ({"type": "directory", "url": "libs/a"}, {"develop": True}, "--editable ./libs/a"),
        (
            {"type": "file", "url": "a.whl"},
            {"markers": "os_name == 'nt'"},
            "./a.whl ; os_name == 'nt'",
        ),
    ],
)
def test_what_poetry_has_from_elsewhere(
    source: dict[str, str], more: dict[str, Any], line: str
) -> None:
    assert poetry_lock.poetry(
        lock("2.1", package("a", source=source, **more)), {}, (), ()
    ).direct == (line,)


def test_a_marker_of_each_group() -> None:
    markers = {"main": "os_name == 'nt'", "dev": "os_name == 'posix'"}
    both = lock("2.1", package("a", groups=["main", "dev"], markers=markers))
    assert poetry_lock.poetry(both, {}, (), ()).pinned == (
        "a==1 ; os_name == 'nt' --hash=sha256:1",
    )
    (line,) = poetry_lock.poetry(both, {}, ("dev",), ()).pinned
    assert line == "a==1 ; (os_name == 'nt') or (os_name == 'posix') --hash=sha256:1"


def test_the_markers_on_all_ways_are_kept() -> None:
    b = {"c": {"version": "*", "markers": "os_name == 'nt'"}}
    packages = [package("a"), package("b", dependencies=b), package("c", dependencies={"b": "*"})]
    project = required(
        python="^3.9", a="*", b={"version": "1", "python": "~3.9"}, c={"markers": "x"}
    )
    found = poetry_lock.poetry(lock("2.0", *packages), project, (), ()).pinned
    python = 'python_version >= "3.9" and python_version < "3.10"'
    assert [line.partition(" --hash")[0] for line in found] == [
        "a==1",
        f"b==1 ; ({python}) or (x)",
        f"c==1 ; ((os_name == 'nt') and ({python})) or (x)",
    ]


@pytest.mark.parametrize(
    ("packages", "project", "message"),
    [
        ([package("a"), package("a", "2")], required(a="*"), "several versions of a, .* Poetry 2"),
        ([], required(a="*"), "has no a, which is required; lock again"),
        ([package("a", files=[])], required(a="*"), "has no hash of a"),
        ([package("a")], {"project": {"dependencies": ["a"]}}, "write it again with Poetry 2"),
        ([package("a")], required(a={"python": "3.9 || 3.11"}), "is not understood here"),
    ],
)
def test_an_old_lock_that_does_not_say_enough(
    packages: list[dict[str, Any]], project: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        poetry_lock.poetry(lock("2.0", *packages), project, (), ())


def pipenv() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((LOCKS / "Pipfile.lock").read_text(encoding="utf-8"))
    return found


def test_pipenv_installs_the_same() -> None:
    locked = pipfile_lock.pipfile(pipenv(), (), ())
    default = {"itsdangerous", *CLIENT} - {"typing-extensions"}
    assert there(locked, LINUX) >= default
    assert not {"markdown", "iniconfig"} & there(locked, LINUX)
    # Pipenv has locked on Python 3.11, where nobody needs it.
    assert locked.direct == ("tomli ; python_version < '3.11'",)
    assert there(pipfile_lock.pipfile(pipenv(), ("docs", "dev"), ()), LINUX) >= {
        "markdown",
        "iniconfig",
    }
    (line,) = (line for line in locked.pinned if line.startswith("itsdangerous==2.2.0 ; "))
    assert line.count("--hash=sha256:") == 2


def test_what_pipenv_has_not_got_is_named() -> None:
    with pytest.raises(UserError, match=r"python.groups: .* no 'x'; it has develop, docs"):
        pipfile_lock.pipfile(pipenv(), ("x",), ())
    with pytest.raises(UserError, match=r"python.extras: Pipfile.lock has no 'x'; it has none"):
        pipfile_lock.pipfile(pipenv(), (), ("x",))


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ({"git": "https://x.org/a.git", "ref": "c0"}, "a @ git+https://x.org/a.git@c0"),
        ({"path": "libs/a", "editable": True}, "--editable ./libs/a"),
        ({"file": "https://x.org/a.whl", "markers": "x"}, "a @ https://x.org/a.whl ; x"),
    ],
)
def test_what_pipenv_has_from_elsewhere(entry: dict[str, Any], line: str) -> None:
    assert pipfile_lock.pipfile({"default": {"a": entry}}, (), ()).direct == (line,)


@pytest.mark.parametrize("entry", [{"version": "==1"}, {"svn": "https://x.org"}])
def test_what_is_not_taken_from_pipenv(entry: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"Pipfile.lock.* a\b"):
        pipfile_lock.pipfile({"default": {"a": entry}}, (), ())


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ('extra == "a"', 'python_version >= "3"'),
        ('extra == "B"', 'python_version < "3"'),
        ("x and extra != 'b_c' or y", 'x and python_version >= "3" or y'),
        ("os_name == 'nt'", "os_name == 'nt'"),
    ],
)
def test_extras_are_decided(marker: str, expected: str) -> None:
    assert lock_file.with_extras(marker, ["A"]) == expected

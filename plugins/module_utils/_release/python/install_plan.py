# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is installed into a release's venv, and from which of the files that name it.

No input, no output.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Inputs

from . import lock_file
from .lock_file import Locked

# In this order.
MANIFESTS = (
    "uv.lock",
    "pylock.toml",
    "poetry.lock",
    "Pipfile.lock",
    "requirements.txt",
    "pyproject.toml",
    "setup.py",
)
ONLY_UV = ("uv.lock", "pylock.toml")
SELF = ("--editable", ".")


@dataclass(frozen=True)
class Project:
    """The folder that names an app's requirements, as far as it matters for installing them.

    ``pyproject`` is the content of ``pyproject.toml``, and ``locked`` what the lock of Poetry or
    Pipenv says.
    """

    files: frozenset[str] = frozenset()
    pyproject: Mapping[str, Any] = field(default_factory=dict)
    hashed: bool = False  # the file of requirements has hashes
    importable: bool = True  # the module of the app stands in the app's folder
    locked: Locked = field(default_factory=Locked)

    @property
    def is_package(self) -> bool:
        return "build-system" in self.pyproject or "setup.py" in self.files


@dataclass(frozen=True)
class Step:
    """One call of the installer: its arguments, and the ``lines`` of a file of requirements.

    What is ``resolved`` keeps to the user's constraints; a lock has decided already.
    """

    arguments: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    resolved: bool = True


@dataclass(frozen=True)
class Install:
    """How to fill a venv: by ``uv sync`` with these options, or by what ``uv export`` writes with
    them, if any, and then step by step."""

    sync: tuple[str, ...] = ()
    export: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    warning: str = ""


def chosen(files: Collection[str], wanted: str, installer: str) -> str:
    """The file that says what is installed: the one that is ``wanted``, or the first of
    ``MANIFESTS`` that the installer reads; empty where there is none."""
    if wanted and posixpath.basename(wanted) in ONLY_UV and installer != "uv":
        raise UserError(
            f"python.dependencies: {wanted} needs uv, which is not on the host; set"
            " python_installer to uv, or name another file"
        )
    readable = (name for name in MANIFESTS if installer == "uv" or name not in ONLY_UV)
    return wanted or next((name for name in readable if name in files), "")


def install(project: Project, inputs: Inputs, file: str, no_index: bool = False) -> Install:
    """How to install what ``file`` names, and the packages that go with every app.

    uv takes what it has locked from the addresses in the lock; with ``no_index``, it must not.
    """
    name = posixpath.basename(file)
    _refuse(inputs, file, hashed=project.hashed or name.endswith(".lock") or name == "pylock.toml")
    own = SELF if project.is_package and not project.importable else ()
    warning = "" if inputs.dependencies else _unread_lock(project.files, inputs.installer)
    alone = (_own(own), _extra(inputs))
    steps: tuple[Step, ...]
    if name == "pylock.toml" and no_index:
        raise UserError(
            "python.wheelhouse: uv installs pylock.toml from the addresses in it; name another file"
            " in python.dependencies, such as requirements.txt"
        )
    if name == "uv.lock" and no_index:
        return Install(export=_sync(inputs), steps=_some(*alone))
    if name == "uv.lock":
        return Install(_sync(inputs), steps=_some(_extra(inputs)))
    if name == "pylock.toml":
        # uv takes nothing else in the same resolution.
        steps = (Step(("--requirement", file, *_chosen(inputs)), resolved=False), *alone)
    elif name.endswith(".lock"):
        locked = project.locked
        exact = Step(("--no-deps", "--require-hashes"), locked.pinned, resolved=False)
        direct = Step(("--no-deps",), locked.direct, resolved=False)
        steps = (exact, direct, *alone)
    elif name == "pyproject.toml" and not project.is_package:
        asked = _dependencies(project.pyproject, inputs)
        steps = (Step((*asked, *(() if project.importable else SELF), *inputs.packages)),)
    elif name in ("pyproject.toml", "setup.py"):
        extras = f"[{','.join(inputs.extras)}]" if inputs.extras else ""
        groups = _groups(project.pyproject, inputs.groups)
        steps = (Step(("--editable", f".{extras}", *groups, *inputs.packages)),)
    elif name:
        strict = ("--require-hashes",) if inputs.require_hashes else ()
        given = (*strict, "--requirement", file)
        # pip wants a hash for everything in a resolution where anything has one.
        apart = (Step(given), *alone)
        steps = apart if project.hashed else (Step((*given, *own, *inputs.packages)),)
    else:
        steps = (Step(("flask", *inputs.packages)),)
        warning = warning or (
            f"none of {', '.join(MANIFESTS)} is there, so Flask's newest version is installed; "
            "name what the app needs in a requirements.txt or in python.packages"
        )
    return Install(steps=_some(*steps), warning=warning)


def with_extras(package: str, extras: Collection[str]) -> str:
    """A wheel's path or a requirement such as ``notes[a]==1.2``, with more extras."""
    if not extras:
        return package
    bare, equals, version = package.partition("==")
    name, _bracket, given = bare.rstrip("]").partition("[")
    names = dict.fromkeys([*filter(None, given.split(",")), *extras])
    return f"{name}[{','.join(names)}]{equals}{version}"


def _refuse(inputs: Inputs, file: str, hashed: bool) -> None:
    """``UserError`` where a file has not got what the options ask for."""
    groups = file.endswith((".lock", ".toml"))
    for option, there in (("groups", groups), ("extras", groups or file.endswith("setup.py"))):
        if getattr(inputs, option) and not there:
            what = file or "an app without a file of requirements"
            raise UserError(f"python.{option}: {what} has no {option}; leave it out")
    if inputs.require_hashes and not hashed:
        raise UserError(
            f"python.require_hashes: {file or 'the app'} has no hashes; lock it (uv lock, or uv pip"
            " compile --generate-hashes), or name the file that has them in python.dependencies"
        )


def _sync(inputs: Inputs) -> tuple[str, ...]:
    development = () if "dev" in inputs.groups else ("--no-dev",)
    return ("--frozen", *development, *_chosen(inputs))


def _chosen(inputs: Inputs) -> tuple[str, ...]:
    """uv's options for groups and extras."""
    pairs = (("--group", inputs.groups), ("--extra", inputs.extras))
    return tuple(word for option, names in pairs for name in names for word in (option, name))


def _own(own: tuple[str, ...]) -> Step:
    """The app itself; what it needs is there by then."""
    return Step(("--no-deps", *own) if own else ())


def _extra(inputs: Inputs) -> Step:
    """The packages that go with every app. With hashes required, they have to be there already,
    since nothing says which hashes they have."""
    if not inputs.packages:
        return Step()
    return Step((*(("--no-index",) if inputs.require_hashes else ()), *inputs.packages))


def _some(*steps: Step) -> tuple[Step, ...]:
    """The steps that install anything."""
    empty = {("--no-deps", "--require-hashes"), ("--no-deps",), ()}
    return tuple(step for step in steps if step.lines or step.arguments not in empty)


def _dependencies(pyproject: Mapping[str, Any], inputs: Inputs) -> tuple[str, ...]:
    """What a project that is no package requires, with groups and extras."""
    project = pyproject.get("project", {})
    optional = {
        lock_file.normal(name): each
        for name, each in project.get("optional-dependencies", {}).items()
    }
    wanted = [lock_file.normal(extra) for extra in inputs.extras]
    lock_file.refuse_unknown("pyproject.toml", "extras", wanted, optional)
    found = [*project.get("dependencies", ())]
    found += [each for extra in wanted for each in optional[extra]]
    return tuple(dict.fromkeys([*found, *_groups(pyproject, inputs.groups)]))


def _groups(pyproject: Mapping[str, Any], wanted: Collection[str]) -> tuple[str, ...]:
    """The requirements of dependency groups (PEP 735)."""
    groups = {
        lock_file.normal(name): each
        for name, each in pyproject.get("dependency-groups", {}).items()
    }
    found: list[str] = []
    todo = [lock_file.normal(name) for name in wanted]
    for name in todo:  # which grows
        lock_file.refuse_unknown("pyproject.toml", "groups", [name], groups)
        found += [each for each in groups[name] if isinstance(each, str)]
        further = [
            lock_file.normal(each["include-group"])
            for each in groups[name]
            if isinstance(each, dict)
        ]
        todo += [each for each in further if each not in todo]
    return tuple(dict.fromkeys(found))


def _unread_lock(files: Collection[str], installer: str) -> str:
    """A warning where the versions that the project has locked are not those that it gets."""
    for lock in ONLY_UV:
        if lock in files and installer != "uv":
            return f"{lock} is not used, because uv is not on the host; pip resolves again"
    return ""

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The venv of a release, made by uv or by venv and pip, and what their failures mean."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._redact import redact
from ansible_collections.pyhost.flask.plugins.module_utils._release import (
    FOREIGN_LOCKS,
    MANIFESTS,
    Inputs,
    Install,
    Project,
    ReleaseError,
    install,
)
from ansible_collections.pyhost.flask.plugins.module_utils._run import TIMED_OUT, run

CACHE = "/var/cache/pyhost-flask"
PYTHONS = "/opt/pyhost-flask/python"  # what uv downloads, where the app can read it
SYSTEM_PYTHON = "/usr/bin/python3"
INSTALL_SECONDS = 1800
PAUSES = (3, 10)  # seconds before the second and the third attempt
HEAD, TAIL = 3, 15  # lines of a tool's words in a message
UV = {
    "UV_CACHE_DIR": f"{CACHE}/uv",
    "UV_HTTP_TIMEOUT": "60",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_INSTALL_DIR": PYTHONS,
    "UV_PYTHON_PREFERENCE": "system",
    "UV_SYSTEM_CERTS": "1",
}
PIP = {
    "PIP_CACHE_DIR": f"{CACHE}/pip",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_COMPILE": "1",
    "PIP_NO_INPUT": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_TIMEOUT": "60",
}
PASSING = re.compile(
    r"error sending request|dns error|name resolution|timed out|Connection (broken|reset|refused|"
    r"aborted)|Request failed after|IncompleteRead|error decoding response|"
    r"\b(429|50[0234]) \w+",
    re.IGNORECASE,
)
REMEDIES = [  # (what a tool says, what to do); the first that fits
    (
        r"python-build-standalone|No interpreter found|No download found",
        "uv could neither find that Python version on the host nor download it: install it, or "
        "change python.version.",
    ),
    (
        r"pkg_resources",
        "It needs an older setuptools: add 'setuptools<81' to python.packages.",
    ),
    (
        r"Python\.h: No such file|gcc'?: No such file|command '?\S*gcc'? failed: No such file|"
        r"[Uu]nable to find a compiler|unable to execute|`?\S*(cc|gcc|c\+\+)`?.{0,3}not found",
        "A package has to be compiled: add build-essential and python3-dev to "
        "python.system_packages.",
    ),
    (r"pg_config", "psycopg2 is compiled: add libpq-dev to python.system_packages."),
    (
        r"mysql_config|mysqlclient",
        "mysqlclient is compiled: add default-libmysqlclient-dev, pkg-config, build-essential and "
        "python3-dev to python.system_packages.",
    ),
    (r"ffi\.h", "Add libffi-dev to python.system_packages."),
    (
        r"(\S+\.h): No such file",
        "Add the Debian package that has the header to python.system_packages (apt-file search "
        "finds it).",
    ),
    (
        r"No solution found|ResolutionImpossible|conflicting dependencies|"
        r"No matching distribution|not found in the package registry",
        "Change the app's requirements or python.packages so that they fit together and with the "
        "Python version (python.version).",
    ),
    (
        r"No module named '?([\w.]+)'?",
        "Add the missing package to the app's requirements or to python.packages; where it is the "
        "app's own module, check wsgi and source.subdir.",
    ),
    (r"Failed to find attribute", "Check wsgi."),
    (r"No space left", "The disk is full."),
]


@dataclass(frozen=True)
class Venv:
    """A venv at its final path. ``uv`` is the program, or empty for venv and pip.

    ``variables`` go to both, and win over those that they get in any case.
    """

    module: Any
    path: Path
    inputs: Inputs
    uv: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def python(self) -> str:
        return str(self.path / "bin" / "python")

    def make(self) -> None:
        """Make the empty venv."""
        wanted = self.inputs.python_version
        if self.uv:
            python = wanted or SYSTEM_PYTHON
            argv = [self.uv, "venv", "--quiet", "--python", python, str(self.path)]
            self._run(argv, Path("/"), "the venv could not be made")
            return
        found = shutil.which(f"python{wanted}") if wanted else SYSTEM_PYTHON
        if not found:
            raise ReleaseError(
                f"there is no python{wanted} on the host, and without uv none is downloaded; "
                "install it or uv, or leave out python.version"
            )
        rc, out, err = run(self.module, [found, "-m", "venv", str(self.path)])
        if rc:
            raise ReleaseError(
                "the venv could not be made; is the Debian package python3-venv installed?\n"
                + _ends(out + err)
            )

    def fill(self, root: Path, app: Path) -> str:
        """Install the app's requirements and the extra packages; return a warning, or nothing."""
        folder = next((place for place in (app, root) if _manifests(place)), app)
        project = _project(folder, app, self.inputs.wsgi)
        todo = install(project, self.inputs.packages, self.inputs.installer)
        for argv in self._commands(todo):
            self._run(argv, folder, "the packages could not be installed")
        # uv leaves it, writable for everybody.
        (self.path / ".lock").unlink(missing_ok=True)
        return todo.warning

    def install_package(self, package: str) -> None:
        """Install the app itself, and the extra packages."""
        todo = Install(steps=((package, *self.inputs.packages),))
        for argv in self._commands(todo):
            self._run(argv, Path("/"), "the package could not be installed")
        (self.path / ".lock").unlink(missing_ok=True)

    def compile(self, root: Path, other: Path | None) -> None:
        """Compile everything in the release, because the app cannot keep what it compiles.

        What another release's venv has compiled serves here too: Python compares the time and the
        size of the source, which are the same when both came from uv's cache, and puts the right
        path into tracebacks. What does not fit is compiled anew.
        """
        borrowed = _borrow(other, self.path) if other else 0
        jobs = [] if borrowed else ["-j", "0"]
        # A package may well hold a file that is not for this Python: nothing to fail for.
        run(self.module, [self.python, "-m", "compileall", "-qq", *jobs, str(root)])

    def _commands(self, todo: Install) -> list[list[str]]:
        if not self.uv:
            return [[self.python, "-m", "pip", "install", "--quiet", *step] for step in todo.steps]
        sync = [self.uv, "sync", "--quiet", "--frozen", "--no-dev", "--python", self.python]
        pip = [self.uv, "pip", "install", "--quiet", "--python", self.python]
        return [sync] * todo.locked + [[*pip, *step] for step in todo.steps]

    def _run(self, argv: list[str], cwd: Path, failure: str) -> None:
        """Run uv or pip, again after a failure of the network. The error says why it failed."""
        own = {"NO_COLOR": "1", "UV_PROJECT_ENVIRONMENT": str(self.path)}
        variables = {**UV, **PIP, **own, **self.variables}
        for pause in (*PAUSES, 0):
            rc, out, err = run(self.module, argv, str(cwd), variables, INSTALL_SECONDS)
            if not rc:
                return
            if not pause or rc in TIMED_OUT or not PASSING.search(out + err):
                break
            time.sleep(pause)
        said = redact(out + err, dict(os.environ))
        if rc in TIMED_OUT:
            said += f"\nno end within {INSTALL_SECONDS} seconds"
        hint = remedy(said)
        if not hint and PASSING.search(said):
            hint = " The package index cannot be reached from the host; try again later."
        raise ReleaseError(f"{failure}.{hint}\n{_ends(said)}")


def remedy(said: str) -> str:
    """What to do about a tool's words, as a further sentence; empty where that is unknown."""
    return next((f" {text}" for pattern, text in REMEDIES if re.search(pattern, said)), "")


def indexes(index: str, extra: Sequence[str]) -> dict[str, str]:
    """Variables that name package indexes to uv and pip: so their passwords are in no command line.

    uv takes a package from the first index that has it, and asks ``extra`` ones first; so nobody
    can put another one of that name into the public index. pip takes the best version of all.
    """
    found = {}
    for tool in ("UV", "PIP"):
        found.update({f"{tool}_INDEX_URL": index} if index else {})
        found.update({f"{tool}_EXTRA_INDEX_URL": " ".join(extra)} if extra else {})
    return found


def usable(uv: str) -> str:
    """The program uv; empty where it is not there."""
    return uv if os.access(uv, os.X_OK) else ""


def python_version(wanted: str) -> str:
    """Major and minor version of the interpreter that is taken, found without starting it."""
    if wanted:
        return ".".join(wanted.split(".")[:2])
    return os.path.basename(os.path.realpath(SYSTEM_PYTHON))[len("python") :]


def installed(venv: Path) -> dict[str, str]:
    """The packages in a venv, as in ``{"flask-migrate": "4.1.0"}``, from their folders' names."""
    found = {}
    for folder in venv.glob("lib/python*/site-packages/*.dist-info"):
        name, _hyphen, version = folder.name[: -len(".dist-info")].partition("-")
        found[re.sub(r"[-_.]+", "-", name).lower()] = version
    return dict(sorted(found.items()))


def _manifests(folder: Path) -> frozenset[str]:
    """Which files in a folder name requirements. Settings of tools alone are none."""
    found = {name for name in MANIFESTS if (folder / name).is_file()}
    if "pyproject.toml" in found and not {"project", "build-system"} & _pyproject(folder).keys():
        found.remove("pyproject.toml")
    return frozenset(found)


def _project(folder: Path, app: Path, wsgi: str) -> Project:
    files = _manifests(folder)
    pyproject = _pyproject(folder) if "pyproject.toml" in files else {}
    requirements = folder / "requirements.txt"
    hashed = "requirements.txt" in files and "--hash=" in requirements.read_text(encoding="utf-8")
    module = app / wsgi.partition(":")[0].partition(".")[0]
    return Project(
        files=files | {name for name in FOREIGN_LOCKS if (folder / name).is_file()},
        has_build_system="build-system" in pyproject,
        dependencies=tuple(pyproject.get("project", {}).get("dependencies", ())),
        hashed=hashed,
        importable=module.is_dir() or module.with_name(f"{module.name}.py").is_file(),
    )


def _pyproject(folder: Path) -> dict[str, Any]:
    path = folder / "pyproject.toml"
    try:
        import tomllib
    except ImportError as error:
        raise ReleaseError("pyproject.toml needs Python 3.11 or newer on the host") from error
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ReleaseError(f"{path} is no valid TOML: {error}") from error


def _borrow(old: Path, new: Path) -> int:
    """Link the compiled files of one venv into another; return how many."""
    count = 0
    for folder, folders, _files in os.walk(new / "lib"):
        source = old / os.path.relpath(folder, new) / "__pycache__"
        if "__pycache__" in folders or not source.is_dir():
            continue
        target = os.path.join(folder, "__pycache__")
        os.mkdir(target)
        for entry in os.scandir(source):
            os.link(entry.path, os.path.join(target, entry.name))
            count += 1
    return count


def _ends(text: str) -> str:
    """The first lines of a tool's words, which name the package, and the last, which say why."""
    lines = text.strip().splitlines()
    if len(lines) > HEAD + TAIL:
        lines = [*lines[:HEAD], "...", *lines[-TAIL:]]
    return "\n".join(lines)

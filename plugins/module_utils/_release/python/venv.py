# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The venv of a release, made by uv or by venv and pip, and what their failures mean."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import process, redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._core.process import TIMED_OUT
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Inputs

from . import errors, install_plan
from . import project as python_project
from .errors import PASSING
from .install_plan import Install, Step

CACHE = "/var/cache/pyhost-flask"
PYTHONS = "/opt/pyhost-flask/python"  # what uv downloads, where the app can read it
SYSTEM_PYTHON = "/usr/bin/python3"
INSTALL_SECONDS = 1800
PAUSES = (3, 10)  # seconds before the second and the third attempt
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


@dataclass(frozen=True)
class Venv:
    """A venv at its final path. ``uv`` is the program, or empty for venv and pip.

    ``variables`` go to both, and win over those that they get in any case.
    """

    module: Module
    path: Path
    inputs: Inputs
    uv: str
    variables: Mapping[str, str] = field(default_factory=dict)
    no_index: bool = False  # all packages come from a wheelhouse

    @property
    def python(self) -> str:
        return str(self.path / "bin" / "python")

    def make(self) -> None:
        """Make the empty venv."""
        wanted = self.inputs.version
        if self.uv:
            python = wanted or SYSTEM_PYTHON
            argv = [self.uv, "venv", "--quiet", "--python", python, str(self.path)]
            self._run(argv, Path("/"), "the venv could not be made")
            return
        found = shutil.which(f"python{wanted}") if wanted else SYSTEM_PYTHON
        if not found:
            raise UserError(
                f"there is no python{wanted} on the host, and without uv none is downloaded; "
                "install it or uv, or leave out python.version"
            )
        rc, out, err = process.run(self.module, [found, "-m", "venv", str(self.path)])
        if rc:
            raise UserError(
                "the venv could not be made; is the Debian package python3-venv installed?\n"
                + errors.ends(out + err)
            )

    def fill(self, root: Path, app: Path) -> str:
        """Install the app's requirements and the extra packages; return a warning, or nothing."""
        folder, file = python_project.find(root, app, self.inputs)
        project = python_project.look(folder, file, app, self.inputs)
        todo = install_plan.install(project, self.inputs, file, self.no_index)
        self._install(todo, folder, "the packages could not be installed")
        return todo.warning

    def install_package(self, package: str) -> None:
        """Install the app itself, and the extra packages."""
        wanted = install_plan.with_extras(package, self.inputs.extras)
        todo = Install(steps=(Step((wanted, *self.inputs.packages)),))
        self._install(todo, Path("/"), "the package could not be installed")

    def compile(self, root: Path, other: Path | None) -> None:
        """Compile everything in the release, because the app cannot keep what it compiles.

        What another release's venv has compiled serves here too: Python compares the time and the
        size of the source, which are the same when both came from uv's cache, and puts the right
        path into tracebacks. What does not fit is compiled again.
        """
        borrowed = _borrow(other, self.path) if other else 0
        jobs = [] if borrowed else ["-j", "0"]
        # A package may well hold a file that is not for this Python: nothing to fail for.
        process.run(self.module, [self.python, "-m", "compileall", "-qq", *jobs, str(root)])

    def _install(self, todo: Install, folder: Path, failure: str) -> None:
        with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as scratch:
            for argv in self._commands(todo, Path(scratch)):
                self._run(argv, folder, failure)
        # uv leaves it, writable for everybody.
        (self.path / ".lock").unlink(missing_ok=True)

    def _commands(self, todo: Install, scratch: Path) -> Iterator[list[str]]:
        """The calls of uv or pip. What they read from files is written into ``scratch``."""
        pip = [self.python, "-m", "pip", "install", "--quiet"]
        if self.uv:
            pip = [self.uv, "pip", "install", "--quiet", "--python", self.python]
        if todo.sync:
            yield [self.uv, "sync", "--quiet", "--python", self.python, *todo.sync]
        if todo.export:
            file = str(scratch / "exported.txt")
            asked = [*todo.export, "--no-emit-project", "--offline", "--output-file", file]
            yield [self.uv, "export", "--quiet", "--python", self.python, *asked]
            yield [*pip, "--no-index", "--no-deps", "--require-hashes", "--requirement", file]
        for step in todo.steps:
            constraints = self.inputs.constraints if step.resolved else ()
            files = (("--constraint", constraints), ("--requirement", step.lines))
            more = []
            for option, lines in files:
                if lines:
                    more += [option, str(_write(scratch / f"{option[2:]}s.txt", lines))]
            if self.no_index and "--no-index" not in step.arguments:
                more.append("--no-index")
            yield [*pip, *step.arguments, *more]

    def _run(self, argv: list[str], cwd: Path, failure: str) -> None:
        """Run uv or pip, again after a failure of the network. The error says why it failed."""
        own = {"NO_COLOR": "1", "UV_PROJECT_ENVIRONMENT": str(self.path)}
        for pause in (*PAUSES, 0):
            with tools({**own, **self.variables}) as variables:
                rc, out, err = process.run(self.module, argv, str(cwd), variables, INSTALL_SECONDS)
            if not rc:
                return
            if not pause or rc in TIMED_OUT or not PASSING.search(out + err):
                break
            time.sleep(pause)
        said = redact.redact(out + err, dict(os.environ))
        if rc in TIMED_OUT:
            said += f"\nno end within {INSTALL_SECONDS} seconds"
        raise UserError(f"{failure}.{errors.remedy(said)}\n{errors.ends(said)}")


@contextmanager
def tools(variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The variables that uv and pip get, with a folder for temporary files that goes with them: of
    each package that uv has built, it leaves a lock there."""
    with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as scratch:
        yield {**UV, **PIP, **variables, "TMPDIR": scratch}


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


def way_out(proxy: str, ca: str) -> dict[str, str]:
    """Variables that lead uv and pip through a proxy, and name the authorities that they trust."""
    names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    found = dict.fromkeys(names, proxy) if proxy else {}
    found.update(dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT"), ca) if ca else {})
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


def _write(file: Path, lines: Sequence[str]) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file

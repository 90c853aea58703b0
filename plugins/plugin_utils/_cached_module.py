# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection's modules from code that the host keeps until its next boot.

Ansible packs each module again in each run, with all that it imports, sends that in each task, and
the host compiles it: for a task with nothing to do, most of its time. Here the first task sends the
code of all modules; from then on a task sends its arguments. The folder on the host has its name
from the code's digest, so that other versions, of the collection or of Ansible, do not meet.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import ansible.module_utils
from ansible import constants
from ansible.plugins.action import ActionBase

Options = dict[str, Any]
FOLDER = PurePosixPath("/run/pyhost-flask/code")
PLUGINS = Path(__file__).resolve().parent.parent
OURS = PurePosixPath("ansible_collections/pyhost/flask/plugins")


def read() -> dict[str, bytes]:
    """The code: all files by their places below the folder on the host."""
    trees = {PurePosixPath("ansible/module_utils"): Path(ansible.module_utils.__path__[0])}
    trees |= {OURS / name: PLUGINS / name for name in ("module_utils", "modules")}
    files = {
        str(place / path.relative_to(tree).as_posix()): path.read_bytes()
        for place, tree in trees.items()
        for path in sorted(tree.rglob("*.py"))
    }
    folders = {parent for place in files for parent in PurePosixPath(place).parents[:-1]}
    return {**{str(folder / "__init__.py"): b"" for folder in sorted(folders)}, **files}


def digest(files: dict[str, bytes]) -> str:
    """A name for these files, the same on all controllers."""
    found = hashlib.sha256()
    for place, content in sorted(files.items()):
        found.update(f"{place} {len(content)}\n".encode() + content)
    return found.hexdigest()[:20]


def packed(files: dict[str, bytes]) -> str:
    """The files as a zip file, in base64."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as code:
        for place, content in files.items():
            code.writestr(place, content)
    return base64.b64encode(file.getvalue()).decode()


# Once in a run: Ansible loads an action plugin before it forks the workers that run the tasks.
CODE = FOLDER / digest(read())


class CachedModule(ActionBase):
    """Runs the module that the task names; the base of the actions of all our modules.

    Each module has an action file of its own, if only to name this class: a redirect in
    ``meta/runtime.yml`` would have ansible-lint ask users for the name that it leads to.
    """

    _supports_check_mode = True
    _supports_async = False

    @property
    def name(self) -> str:
        """The module's name, without the collection's."""
        return str(self._task.action).rpartition(".")[2]

    def run(self, tmp: str | None = None, task_vars: Options | None = None) -> Options:
        super().run(tmp, task_vars)
        self._pipeline(task_vars or {})
        return self._act(task_vars or {})

    def _act(self, task_vars: Options) -> Options:
        """Run the module with the task's arguments."""
        return self._run_module(dict(self._task.args), task_vars)

    def _pipeline(self, task_vars: Options) -> None:
        """Have modules sent as input, not as files, which halves a task, unless a user says how."""
        with contextlib.suppress(KeyError):  # not every way to a host has the option
            _value, origin = self._connection.get_option_and_origin("pipelining", task_vars)
            if origin == "default":
                self._connection.set_option("pipelining", True)

    def _run_module(self, arguments: Options, task_vars: Options) -> Options:
        """What the module returns."""
        request = {"module": self.name, "arguments": arguments, "folder": str(CODE)}
        result = self._run_cached(request, task_vars)
        if result.get("code_missing") and not self._task.check_mode:
            result = self._run_cached({**request, "code": packed(read())}, task_vars)
        if result.get("code_missing"):
            return self._execute_module(
                module_name=f"pyhost.flask.{self.name}", module_args=arguments, task_vars=task_vars
            )
        return result

    def _run_cached(self, request: Options, task_vars: Options) -> Options:
        if constants.DEFAULT_KEEP_REMOTE_FILES:  # somebody wants to see what Ansible sends
            return {"code_missing": True}
        return self._execute_module(
            module_name="pyhost.flask.run_cached", module_args=request, task_vars=task_vars
        )

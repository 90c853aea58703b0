# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Building a wheel of a project on the controller."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ansible.errors import AnsibleActionFail

LINES = 20  # of the tool's words in a message


def build(project: Path, files: Sequence[str], folder: Path) -> Path:
    """A wheel of the ``files`` of a project, made in ``folder``.

    It is built from a copy: the tools leave folders in a project, which would be another content,
    and two builds at the same time would meet in them.
    """
    if not {"pyproject.toml", "setup.py"} & set(files):
        raise AnsibleActionFail(
            f"source.dist: {project} has neither pyproject.toml nor setup.py; a folder of code that"
            " is not a package is a source.path"
        )
    copy, out = folder / "project", folder / "dist"
    for name in files:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / name, copy / name, follow_symlinks=False)
    if (project / ".git").exists():  # some take their version from it
        (copy / ".git").symlink_to((project / ".git").resolve())
    scratch = folder / "tmp"  # uv leaves locks there
    scratch.mkdir()
    done = subprocess.run(
        [*tool(), str(out), str(copy)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "NO_COLOR": "1", "TMPDIR": str(scratch)},
        check=False,
    )
    wheels = sorted(out.glob("*.whl"))
    if done.returncode or not wheels:
        said = "\n".join(done.stdout.strip().splitlines()[-LINES:])
        raise AnsibleActionFail(f"source.dist: {project} cannot be built:\n{said}")
    return wheels[0]


def tool() -> list[str]:
    """What builds a wheel, up to the folder for it: uv, or build in Ansible's own Python."""
    if shutil.which("uv"):
        return ["uv", "build", "--wheel", "--out-dir"]
    if importlib.util.find_spec("build"):
        return [sys.executable, "-m", "build", "--wheel", "--outdir"]
    raise AnsibleActionFail(
        "source.dist: neither uv nor the Python package build is on the controller; install one of"
        " them, or build the wheel yourself and name the file"
    )

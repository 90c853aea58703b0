# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the app's user does for a release: import the app, and fill its shared folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import process, redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._core.process import TIMED_OUT
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import errors

PREFLIGHT_SECONDS = 60
PREFLIGHT_LINES = 30
# gunicorn's own way to find the app. The exit is hard because threads that an app starts when it
# is imported would keep the interpreter waiting.
PREFLIGHT = """
import os, sys, traceback
status = 1
try:
    from gunicorn.util import import_app
    import_app(sys.argv[1])
    status = 0
except BaseException:
    traceback.print_exc()
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
"""


def preflight(
    module: Module, user: str, release: Path, app: Path, wsgi: str, environment: Mapping[str, str]
) -> None:
    """Import the app of a release as gunicorn does, in its environment. ``app`` is its folder."""
    venv = str(release / ".venv")
    variables = {**environment, "APP_RELEASE": release.name}
    argv = [f"{venv}/bin/python", "-c", PREFLIGHT, wsgi]
    rc, _out, err = process.run_as(module, user, argv, str(app), variables, venv, PREFLIGHT_SECONDS)
    if rc in TIMED_OUT:
        raise UserError(
            f"importing {wsgi} took longer than {PREFLIGHT_SECONDS} seconds; it must not wait "
            "for anything, such as a server that does not answer"
        )
    if rc:
        said = redact.redact(err, variables)
        tail = "\n".join(said.rstrip().splitlines()[-PREFLIGHT_LINES:])
        raise UserError(f"{wsgi} cannot be imported.{errors.import_remedy(said)}\n{tail}")


def first_content(module: Module, user: str, content: Path | None, kept: Path) -> None:
    """Make a shared folder with what the code has for it; whole, or not at all."""
    new = f"{kept}.new"
    steps = [["rm", "-rf", new], ["mkdir", "--parents", new]]
    if content:
        steps.append(["cp", "--recursive", f"{content}/.", new])
    steps += [["chmod", "0750", new], ["mv", "--no-target-directory", new, str(kept)]]
    for step in steps:
        rc, _out, err = process.run_as(module, user, step, "/", {})
        if rc:
            raise UserError(f"the shared folder {kept} could not be made: {err.strip()}")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds a wheel on the controller."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.pyhost.flask.plugins.plugin_utils import _tree
from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import sha256
from ansible_collections.pyhost.flask.plugins.plugin_utils._wheel import build

Options = dict[str, Any]


class ActionModule(ActionBase):
    """Builds the project that a folder lies in, and says what came of it."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Options | None = None) -> Options:
        """Build the wheel; return its path and its checksum."""
        super().run(tmp, task_vars)
        spec = {"folder": {"type": "path", "required": True}}
        _result, args = self.validate_argument_spec(spec)
        if self._task.check_mode:
            return {"changed": True}
        path = pack(Path(args["folder"]))
        checksum = sha256(path)
        Display().display(f"packed {path}\n  sha256:{checksum}")
        return {"changed": True, "path": str(path), "checksum": checksum}


def pack(folder: Path) -> Path:
    """Build a wheel of the project that ``folder`` lies in; return its place in the folder."""
    project = folder.parent
    files = _tree.names(project, [folder.name])
    with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as scratch:
        wheel = build(project, files, Path(scratch))
        folder.mkdir(exist_ok=True)
        return Path(shutil.copy(wheel, folder / wheel.name))

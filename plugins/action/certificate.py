# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the certificates that users provide on the controller, and sends them with the module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.pyhost.flask.plugins.module_utils._core import payload
from ansible_collections.pyhost.flask.plugins.plugin_utils._cached_module import CachedModule
from ansible_collections.pyhost.flask.plugins.plugin_utils._vault import read

Options = dict[str, Any]


class ActionModule(CachedModule):
    """The controller's half of certificate."""

    def _act(self, task_vars: Options) -> Options:
        """Read the files, and run the module with them. It checks all else."""
        args = dict(self._task.args)
        contents = {path: self._read(path) for path in _paths(args.get("sites"))}
        args["_contents"] = payload.pack(contents)
        return self._run_module(args, task_vars)

    def _read(self, path: str) -> bytes:
        """A file on the controller."""
        try:
            return read(self._loader, path)
        except (AnsibleError, OSError) as error:
            raise AnsibleActionFail(f"{path}: cannot be read on the controller: {error}") from error


def _paths(sites: Any) -> Iterator[str]:
    """The files that are on the controller."""
    for site in sites or ():
        if site.get("https") == "provided" and site.get("source", "controller") == "controller":
            yield from (site[key] for key in ("chain", "key") if site.get(key))

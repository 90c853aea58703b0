# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads secrets that are there already by a plain command, a third of what a module costs."""

from __future__ import annotations

import shlex
from typing import Any

from ansible.release import __version__
from ansible.utils.display import Display

from ansible_collections.pyhost.flask.plugins.module_utils._core.secret_store import (
    FOLDER,
    PREVIOUS,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._cached_module import CachedModule

Options = dict[str, Any]


class ActionModule(CachedModule):
    """Runs the module only where something is to be made, changed or refused."""

    def _act(self, task_vars: Options) -> Options:
        """Return the secrets of ``names``, if that is all that is asked for, and all are there."""
        args = self._task.args
        names = [str(name) for name in args.get("names") or []]
        only_read = set(args) <= {"names", "needs_site"}
        if names and only_read and not any("/" in name for name in names):
            printed = self._low_level_execute_command(command(names))["stdout"]
            kept = result(names, printed)
            if kept:
                return kept
        done = self._run_module(dict(args), task_vars)
        if done.get("failed") and __version__.startswith("2.18."):
            # Such a task has no_log, which hides the reason as well there.
            Display().error(str(done.get("msg")))
        return done


def command(names: list[str], folder: str = FOLDER) -> str:
    """A command that prints NAME:SECRET for each of these secrets, and of their previous values."""
    files = shlex.join([name + end for name in names for end in ("", PREVIOUS)])
    return f"cd {folder} && grep -s -H '' -- {files}"


def result(names: list[str], printed: str) -> Options | None:
    """What the module would return; None where one of the secrets was not printed."""
    kept = dict(line.split(":", 1) for line in printed.splitlines() if ":" in line)
    if not set(names) <= set(kept):
        return None
    return {
        "changed": False,
        "secrets": {name: kept[name] for name in names},
        "previous": {name: kept[name + PREVIOUS] for name in names if name + PREVIOUS in kept},
    }

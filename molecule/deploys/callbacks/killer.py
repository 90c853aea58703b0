# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kills the play at the end of a task: that with the number in KILL_AT, of those that are done."""

from __future__ import annotations

DOCUMENTATION = """
name: killer
type: aggregate
short_description: Kill the play at the end of a task
description: As a crash of the controller would.
"""

import os  # noqa: E402
import signal  # noqa: E402
from typing import Any  # noqa: E402

from ansible.plugins.callback import CallbackBase  # noqa: E402


class CallbackModule(CallbackBase):
    """Counts the tasks that were not skipped."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "killer"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.left = int(os.environ["KILL_AT"])

    def v2_runner_on_ok(self, result: Any) -> None:
        self.left -= 1
        if not self.left:
            print(f"killed after: {result.task.get_name()}", flush=True)
            os.killpg(0, signal.SIGKILL)

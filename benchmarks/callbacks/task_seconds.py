# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes to the file that BENCH_TASKS names how many tasks ran, as the recap counts them, and how
long each took: from its start to the next one's, so with all that Ansible does around it."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_seconds
type: aggregate
short_description: Tasks and their seconds, for the benchmarks
description:
  - Writes the recap's counts and each task's seconds to a file.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_seconds"

    def __init__(self) -> None:
        super().__init__()
        self.started: list[tuple[str, float]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self.started.append((task.get_name(), time.monotonic()))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        ends = [*(start for name, start in self.started[1:]), time.monotonic()]
        recap = [stats.summarize(host) for host in stats.processed]
        counts = {
            # 'ok' counts the changed ones as well, and the failed ones that were ignored.
            "tasks": sum(host["ok"] + host["failures"] + host["rescued"] for host in recap),
            "skipped": sum(host["skipped"] for host in recap),
            "changed": sum(host["changed"] for host in recap),
        }
        seconds = [
            (name, round(end - start, 3))
            for (name, start), end in zip(self.started, ends, strict=True)
        ]
        with open(os.environ["BENCH_TASKS"], "w", encoding="utf-8") as file:
            json.dump({**counts, "seconds": seconds}, file)

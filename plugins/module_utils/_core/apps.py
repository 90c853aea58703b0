# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One execution of a module for all apps: each has a process of its own, as it would have had an
execution of its own, so nothing that happens to one of them reaches another."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .module import Module

Result = dict[str, Any]
PR_SET_PDEATHSIG = 1  # prctl(2)


@dataclass
class Worker:
    """A ``Module`` for one app: what is to be shown or hidden comes back with its result."""

    module: Module
    warnings: list[str] = field(default_factory=list)
    no_log_values: set[str] = field(default_factory=set)

    @property
    def check_mode(self) -> bool:
        return self.module.check_mode

    @property
    def _diff(self) -> bool:
        return self.module._diff

    def run_command(self, args: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        return self.module.run_command(args, **options)

    def warn(self, warning: str, /) -> None:
        self.warnings.append(warning)


def run(
    module: Module,
    apps: Iterable[str],
    work: Callable[[Worker, str], Result],
    at_once: int = 1,
    stop: bool = False,
) -> Result:
    """Do ``work`` for each app, by its name; the module's result.

    ``at_once`` is how many are worked on at the same time; with ``stop`` the first that fails is
    the last one. What ``work`` returns is the app's result; ``failed`` and ``msg`` in it say why
    it failed.
    """
    waiting = list(apps)
    started: list[_Child] = []
    results: dict[str, Result] = {}
    while waiting or started:
        while waiting and len(started) < at_once:
            started.append(_Child(module, waiting.pop(0), work))
        child = started.pop(0)
        answer = child.answer()
        module.no_log_values.update(answer["no_log"])
        for warning in answer["warnings"]:
            module.warn(warning)
        results[child.app] = answer["result"]
        if stop and answer["result"].get("failed"):
            waiting = []
    return summary(results)


def summary(results: Mapping[str, Result]) -> Result:
    """The result of a module, out of those of its apps."""
    failed = [result for result in results.values() if result.get("failed")]
    diffs = [result.get("diff", []) for result in results.values()]
    return {
        "changed": any(result.get("changed") for result in results.values()),
        "failed": bool(failed),
        "apps": {
            name: {key: value for key, value in result.items() if key != "diff"}
            for name, result in results.items()
        },
        "diff": [each for diff in diffs for each in (diff if isinstance(diff, list) else [diff])],
        **({"msg": "\n".join(result["msg"] for result in failed)} if failed else {}),
    }


class _Child:
    """A process that works on one app."""

    def __init__(self, module: Module, app: str, work: Callable[[Worker, str], Result]) -> None:
        self.app = app
        self._read, write = os.pipe()
        sys.stdout.flush()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid:
            os.close(write)
            return
        os.close(self._read)
        # Who kills the module means its work as well.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        worker = Worker(module)
        try:
            result = work(worker, app)
        except BaseException as error:  # whatever it is, the module says so
            result = {
                "failed": True,
                "msg": f"{app}: {type(error).__name__}: {error}",
                "exception": traceback.format_exc(),
            }
        answer = {
            "result": result,
            "warnings": worker.warnings,
            "no_log": sorted(worker.no_log_values),
        }
        with os.fdopen(write, "w", encoding="utf-8") as pipe:
            json.dump(answer, pipe)
        os._exit(0)

    def answer(self) -> Result:
        """What the process has to say, once it has ended."""
        with os.fdopen(self._read, encoding="utf-8") as pipe:
            text = pipe.read()
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        if status:
            end = f"signal {-status}" if status < 0 else f"status {status}"
            result = {"failed": True, "msg": f"{self.app}: its process ended with {end}"}
            return {"result": result, "warnings": [], "no_log": []}
        found: Result = json.loads(text)
        return found

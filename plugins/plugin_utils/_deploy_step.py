# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of the modules that deploy: they act for a play, which has to be known."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.plugin_utils._cached_module import CachedModule

Options = dict[str, Any]
POLL = 3  # seconds between two looks at a deploy that is waited for


class DeployStep(CachedModule):
    """Runs the module ``name`` as a step of this play's deploy, or waits until it may."""

    def _act(self, task_vars: Options) -> Options:
        """Run the module; where the app's lock is another play's, see whether that is alive."""
        if self._task.check_mode:
            return self._step(None, task_vars)
        end = time.monotonic() + self._patience(task_vars)
        me = play(os.getppid())  # this is a worker of ansible-playbook
        # No reload follows where a playbook repairs what a failed one has left.
        last = bool(task_vars.get("__flask_last_step"))
        dead: list[str] = []
        while True:
            result = self._step({**me, "dead": dead, "last": last}, task_vars)
            holder = result.pop("held", None)
            if not holder:
                return result
            if is_dead(holder, me):
                dead.append(identity(holder))
            elif time.monotonic() >= end:
                return result
            else:
                time.sleep(POLL)

    def _step(self, holder: Options | None, task_vars: Options) -> Options:
        arguments = {**self._arguments(), **({"_holder": holder} if holder else {})}
        return self._run_module(arguments, task_vars)

    def _arguments(self) -> Options:
        """The module's options."""
        return dict(self._task.args)

    def _patience(self, task_vars: Options) -> float:
        """The seconds of ``app_lock_wait``, which is a variable of the role app."""
        value = self._templar.template(task_vars.get("app_lock_wait", 0))
        try:
            return float(value)
        except (TypeError, ValueError):
            raise AnsibleActionFail(
                f"app_lock_wait is {value!r}; it must be a number of seconds, such as 600"
            ) from None


def play(pid: int) -> Options:
    """The fields of ``_deploy.Play`` for a play of this controller."""
    try:
        user = os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = str(os.getuid())
    return {
        "who": f"{user}@{socket.gethostname()}",
        "controller": controller(),
        "pid": pid,
        "started": started(pid),
    }


def controller() -> str:
    """This machine, as far as it sees its processes: two containers are two controllers."""
    parts = [socket.gethostname()]
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        if os.path.isfile(path):
            parts.append(Path(path).read_text(encoding="ascii").strip())
            break
    if os.path.exists("/proc/self/ns/pid"):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def started(pid: int) -> str:
    """When a process was started, since which boot; empty where it is gone.

    proc(5): starttime is field 22; the program's name, field 2, may hold blanks and parentheses.
    """
    if not os.path.isdir("/proc/self"):  # not Linux
        command = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    state, *others = stat.rpartition(")")[2].split()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return "" if state in "ZX" else f"{others[18]} {boot}"


def is_dead(holder: Options, me: Options) -> bool:
    """Whether the play that has a lock is one of this controller, and gone."""
    same = bool(holder["controller"] == me["controller"])
    return same and started(holder["pid"]) != holder["started"]


def identity(holder: Options) -> str:
    """As ``_deploy.Play.id``."""
    return f"{holder['controller']} {holder['pid']} {holder['started']}"

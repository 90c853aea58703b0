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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.module_utils._core import apps
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import (
    LOCKED_BY,
    PLAY,
    Owner,
    Play,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._cached_module import CachedModule

Options = dict[str, Any]
POLL = 3  # seconds between two looks at a deploy that is waited for


class DeployStep(CachedModule):
    """Runs a module as a step of this play's deploy, or waits until it may."""

    def _act(self, task_vars: Options) -> Options:
        """Run the module; if the app's lock is another play's, see whether that is alive."""
        if self._task.check_mode:
            return self._step(None, task_vars)
        patience = self._patience(task_vars)
        while True:
            result = self._step(patience.play, task_vars)
            owner = result.pop(LOCKED_BY, None)
            if not owner or not patience.wait([owner]):
                return result

    def _step(self, play: Play | None, task_vars: Options) -> Options:
        return self._run_module({**self._arguments(), PLAY: play}, task_vars)

    def _arguments(self) -> Options:
        """The module's options."""
        return dict(self._task.args)

    def _patience(self, task_vars: Options) -> Patience:
        """How long this step waits for a lock: ``app_lock_wait``, a variable of the role app."""
        value = self._templar.template(task_vars.get("app_lock_wait", 0))
        try:
            seconds = float(value)
        except (TypeError, ValueError):
            raise AnsibleActionFail(
                f"app_lock_wait is {value!r}; it must be a number of seconds, such as 600"
            ) from None
        # No reload follows if a playbook repairs what a failed one has left.
        return Patience(seconds, last=bool(task_vars.get("flask_last_step")))


class DeployStepOfApps(DeployStep):
    """The same for a module that takes ``apps``: it runs again for those that could not begin, or
    that lack something of the controller's."""

    def _act(self, task_vars: Options) -> Options:
        left = self._names()
        patience = None if self._task.check_mode else self._patience(task_vars)
        results: dict[str, Options] = {}
        diffs: list[Options] = []
        warnings: list[Any] = []
        while True:
            self._left = left
            answer = self._step(patience.play if patience else None, task_vars)
            if "apps" not in answer:  # the module itself failed
                return answer
            results.update(answer["apps"])
            diffs += answer.get("diff") or []
            # One that is tried several times says the same each time.
            warnings += [each for each in answer.get("warnings", ()) if each not in warnings]
            left = [name for name in self._left if self._supply(name, results.get(name, {}))]
            locked = [name for name in self._left if LOCKED_BY in results.get(name, {})]
            owners = [results[name].pop(LOCKED_BY) for name in locked]
            if owners and patience and patience.wait(owners):
                left += locked
            if not left:
                summary = apps.summary(results)
                return {**answer, "msg": "", **summary, "diff": diffs, "warnings": warnings}

    def _names(self) -> list[str]:
        """The names of the apps; an error that says what is wrong with the option."""
        given = self._task.args.get("apps")
        parts = given if isinstance(given, list) else [given]
        names = [part.get("name") if isinstance(part, Mapping) else None for part in parts]
        if not all(names):
            raise AnsibleActionFail(
                "apps: must be a list of an app's parts, as in apps | map(attribute='service'), out"
                " of what the filter pyhost.flask.resolve returns"
            )
        return [str(name) for name in names]

    def _supply(self, name: str, result: Options) -> bool:
        """Whether the module is to run again for an app, with what it has asked for."""
        return False

    def _arguments(self) -> Options:
        """The module's options, for the apps that are left."""
        left = [app for app in self._task.args["apps"] if app["name"] in self._left]
        return {**self._task.args, "apps": left}


class Patience:
    """How long a play waits for the locks of other plays; ``play`` is what its modules get."""

    def __init__(self, seconds: float, last: bool) -> None:
        self._end = time.monotonic() + seconds
        me = play(os.getppid())  # this is a worker of ansible-playbook
        self.play: Play = {**me, "dead": [], "last": last}

    def wait(self, owners: Sequence[Owner]) -> bool:
        """Whether to try again, now or after a while; not if the time is over."""
        dead = [identity(owner) for owner in owners if is_dead(owner, self.play)]
        self.play["dead"] += dead
        if not dead and time.monotonic() >= self._end:
            return False
        if not dead:
            time.sleep(POLL)
        return True


def play(pid: int) -> Owner:
    """A play of this controller, by the process that runs it."""
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


def is_dead(owner: Owner, me: Owner) -> bool:
    """Whether the play that owns a lock is one of this controller, and gone."""
    same = owner["controller"] == me["controller"]
    return same and started(owner["pid"]) != owner["started"]


def identity(owner: Owner) -> str:
    """As ``_deploy_lock.record.Play.id``."""
    return f"{owner['controller']} {owner['pid']} {owner['started']}"

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The slots of an app under supervisor: programs that are added to supervisord and removed again.

A program that supervisord knows keeps its configuration until it is removed, and ``supervisorctl
update`` restarts what has changed. So each slot has programs of its own, they are added when the
slot starts, with the configuration as it is then, and removed when it has stopped.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from .plan import SLOTS
from .slots import Process

# By the app's unit without the @, as in flask-notes.
CONFIGURATION = "/etc/supervisor/conf.d/{}.conf"
SCRIPT = "/usr/local/lib/pyhost-flask/{}"
LOG = "/var/log/supervisor/{}/{}.log"
SOCKET = "/run/supervisor.sock"

SKIPPED = 77  # the exit status of a program that finds that its slot is not to run
LOG_LINES = 1000
TAIL = 65536  # bytes of supervisord's log, in which it says how programs end
POLL = 0.05
TIMEOUT = 30.0  # seconds for an answer of supervisord, which answers at once
# supervisor/xmlrpc.py, class Faults
BAD_NAME, NO_FILE, FAILED = 10, 20, 30
ALREADY_STARTED, NOT_RUNNING, STILL_RUNNING = 60, 70, 91


class Supervisor:
    """Starts, stops and observes the slots' programs. ``unit`` and ``processes`` are the names that
    systemd's template units would have; those of the programs follow from them."""

    def __init__(self, module: Module, unit: str, processes: Iterable[str] = ()) -> None:
        self._module = module
        self._unit = unit
        self._processes = tuple(processes)
        self._app = unit.partition("@")[0]
        self._sizes: dict[str, int] = {}  # of the logs of the programs that were started here
        self._line = ""  # the last one of supervisord's own log before the first start

    def observe(self) -> dict[str, Process]:
        """The process of each slot, with its background processes."""
        infos = {info["name"]: info for info in self._infos()}
        said = self._said() if self._sizes else ""
        there = tuple(filter(os.path.exists, files(self._unit)))
        slots = {}
        for slot in SLOTS:
            known = {unit_of(name, slot): name for name in infos if name.endswith(f"@{slot}")}
            found = {}
            for unit in {self._unit, *self._processes, *known}:
                name = program(unit, slot)
                ends = endings(said, name) if name in self._sizes else []
                once = (0, SKIPPED) if unit == self._unit else (SKIPPED,)
                found[unit] = replace(process(infos.get(name, {}), ends, once), files=there)
            slots[slot] = replace(found.pop(self._unit), behind=found)
        return slots

    def start(self, slot: str) -> None:
        """Start a slot. Whether it comes up, ``observe`` says. Raises UserError."""
        self._add([self._unit], slot)

    def start_workers(self, slot: str) -> None:
        """Start those of a slot's background processes that do not run."""
        behind = self.observe()[slot].behind
        self._add([unit for unit in self._processes if not behind[unit].running], slot)

    def stop(self, slot: str, kill: bool = False) -> None:
        """Stop a slot, and wait until it has finished its requests, unless it is to be killed,
        and its background processes the work that they are at; supervisord kills what takes longer
        than its configuration allows."""
        main = program(self._unit, slot)
        names = {info["name"]: info["pid"] for info in self._infos()}
        left = {name for name in names if name.endswith(f"@{slot}")}
        left -= {name for name in left if self._removed(name)}
        if kill and main in left and names[main]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(names[main], signal.SIGKILL)
        while left:
            time.sleep(POLL)
            left -= {name for name in left if self._removed(name)}

    def log(self, slot: str, since: float, process: str = "") -> list[str]:
        """The lines that a slot, or one of its background processes, has written since its start
        here, the last ones."""
        name = program(process or self._unit, slot)
        try:
            content = Path(self._log(name)).read_bytes()
        except OSError:
            return []
        start = self._sizes.get(name, 0)
        # One that is shorter now was rotated in between.
        fresh = content[start:] if start <= len(content) else content
        return fresh.decode("utf-8", "replace").splitlines()[-LOG_LINES:]

    def log_command(self, slot: str, process: str = "") -> str:
        """What a user types to see the whole log of a slot, or of a background process."""
        return f"less +G {self._log(program(process or self._unit, slot))}"

    def _add(self, units: Iterable[str], slot: str) -> None:
        """Start programs with their present configuration."""
        if not self._sizes:
            self._line = self._tail().rstrip().rpartition("\n")[2]
        self._call("reloadConfig")
        for unit in units:
            name = program(unit, slot)
            while not self._removed(name):
                time.sleep(POLL)
            log = Path(self._log(name))
            self._sizes[name] = log.stat().st_size if log.exists() else 0
            self._call("addProcessGroup", name)
            # supervisord may have begun by itself, as after a boot.
            self._call("startProcess", name, False, unless=(ALREADY_STARTED,))

    def _removed(self, name: str) -> bool:
        """Let supervisord forget a program. One that runs is told to stop, and is to be removed
        again when it has."""
        said = self._call("removeProcessGroup", name, unless=(BAD_NAME, STILL_RUNNING))
        if said != STILL_RUNNING:
            return True
        self._call("stopProcess", name, False, unless=(NOT_RUNNING,))
        return False

    def _infos(self) -> list[dict[str, Any]]:
        """What supervisord says of the app's programs; nothing where it does not run."""
        if not os.path.exists(SOCKET):
            return []
        infos = self._call("getAllProcessInfo")
        return [info for info in infos if re.split("[.@]", info["name"])[0] == self._app]

    def _said(self) -> str:
        """What supervisord has logged since the first start here."""
        text = self._tail()
        return text.rpartition(self._line)[2] if self._line else text

    def _tail(self) -> str:
        """The end of supervisord's own log, or nothing where it keeps none."""
        text = self._call("readLog", -TAIL, 0, unless=(NO_FILE, FAILED))
        return text if isinstance(text, str) else ""

    def _log(self, name: str) -> str:
        return LOG.format(self._app, name)

    def _call(self, method: str, *arguments: Any, unless: tuple[int, ...] = ()) -> Any:
        """The answer of supervisord, or the code of one of the faults that are none here."""
        # Imported here, for apps under systemd need not wait for it.
        import xmlrpc.client

        from .health import Connection

        class Transport(xmlrpc.client.Transport):
            def make_connection(self, host: Any) -> Any:
                return Connection(SOCKET, "localhost", TIMEOUT)

        server = xmlrpc.client.ServerProxy("http://localhost", Transport())
        try:
            return getattr(server.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode in unless:
                return fault.faultCode
            raise UserError(f"supervisord: {method}{arguments}: {fault.faultString}") from fault
        except (OSError, xmlrpc.client.Error) as error:
            problem = f"supervisord does not answer at {SOCKET} ({error})"
            raise UserError(f"{problem}; look at service supervisor status") from error


def files(unit: str) -> tuple[str, ...]:
    """The files that the app's programs are started by."""
    return tuple(path.format(unit.partition("@")[0]) for path in (CONFIGURATION, SCRIPT))


def program(unit: str, slot: str) -> str:
    """The program of a slot, by the name that systemd's template would have."""
    return f"{unit.partition('@')[0]}@{slot}"


def unit_of(name: str, slot: str) -> str:
    """The unit that ``program`` was given."""
    return f"{name.removesuffix(f'@{slot}')}@.service"


def endings(text: str, name: str) -> list[str]:
    """How a program has ended by itself, each time, by supervisord's log: ``exit status 3``."""
    return re.findall(rf" exited: {re.escape(name)} \((.*?)(?:; (?:not )?expected)?\)$", text, re.M)


def process(info: Mapping[str, Any], ends: list[str], once: tuple[int, ...]) -> Process:
    """A process out of supervisord's answer. ``ends`` are those of a program on trial, which was
    therefore started once; ``once`` are the exit statuses after which it stays away."""
    state, status = info.get("statename", "STOPPED"), info.get("exitstatus", 0)
    stays_away = state == "EXITED" and status in once
    problem = info.get("spawnerr", "") if state in ("BACKOFF", "FATAL") else ""
    if ends:
        problem = f"its main process ended: {ends[0]}"
        if ends[0] == f"exit status {SKIPPED}":
            problem = "supervisor skipped it, for neither its marker nor live.sock lets it start"
    return Process(
        running=state in ("STARTING", "RUNNING") and not ends,
        stopped=state in ("STOPPED", "FATAL") or stays_away,
        pid=_given_way(info.get("pid", 0)),
        problem=problem,
    )


def _given_way(pid: int) -> int:
    """The main process, once the script that starts it has become the app's own."""
    try:
        return pid if pid and os.stat(f"/proc/{pid}").st_uid else 0
    except FileNotFoundError:
        return 0

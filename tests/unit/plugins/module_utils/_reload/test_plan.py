# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the traffic moves: the plan of each state, and what is read from programs and answers."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._reload import (
    health,
    managers,
    plan,
    supervisor,
    systemd,
)
from ansible_collections.pyhost.flask.plugins.module_utils._reload import slots as reload_slots
from ansible_collections.pyhost.flask.plugins.module_utils._reload.plan import (
    Have,
    Slot,
    Step,
    Want,
)
from ansible_collections.pyhost.flask.tests.unit import examples

OLD = {"/etc/notes/environment": "1", "/etc/systemd/system/flask-notes@.service": "u"}
NEW = {**OLD, "/etc/notes/environment": "2"}
A = Slot("A", OLD, running=True, stopped=False)
B = Slot("B", OLD, running=True, stopped=False)
GONE = Slot()
STOPPED = Slot("A", OLD)
FAILING = Slot("A", OLD, running=False, stopped=False)


WORKER = "flask-notes.worker@.service"
WORKING = replace(A, working=frozenset({WORKER}))
WORKING_B = replace(B, working=frozenset({WORKER}))
LEFT = Slot("B", OLD, stopped=False, working=frozenset({WORKER}))


def marked(slot: Slot) -> Slot:
    return replace(slot, marked=True)


def have(live: str, current: str, blue: Slot, green: Slot) -> Have:
    return Have(live, current, {"blue": blue, "green": green})


TO_BLUE = ["start blue", "switch blue", "finalize blue"]
TO_GREEN = ["start green", "switch green", "finalize green"]

# (what is there, the release and files that are wanted, the steps)
PLANS = {
    "nothing": (have("", "", GONE, GONE), "A", OLD, TO_BLUE),
    "as wanted": (have("blue", "A", A, GONE), "A", OLD, []),
    "as wanted in the other slot": (have("green", "A", GONE, A), "A", OLD, []),
    "the idle slot is stopped, not empty": (have("blue", "B", B, STOPPED), "B", OLD, []),
    "new release": (have("blue", "A", A, GONE), "B", OLD, [*TO_GREEN, "stop_old blue"]),
    "and back": (have("green", "B", STOPPED, B), "A", OLD, [*TO_BLUE, "stop_old green"]),
    "new environment": (have("blue", "A", A, GONE), "A", NEW, [*TO_GREEN, "stop_old blue"]),
    "a file more": (
        have("blue", "A", A, GONE),
        "A",
        {**OLD, "x": "1"},
        [*TO_GREEN, "stop_old blue"],
    ),
    "a file less": (have("blue", "A", A, GONE), "A", {}, [*TO_GREEN, "stop_old blue"]),
    "live one stopped by hand": (have("blue", "A", STOPPED, GONE), "A", OLD, TO_GREEN),
    "live one crashes": (have("blue", "A", FAILING, GONE), "A", OLD, [*TO_GREEN, "stop_old blue"]),
    "live one unknown, one runs": (
        have("", "A", GONE, A),
        "A",
        OLD,
        [*TO_BLUE, "stop_old green"],
    ),
    "live slot without a record": (
        have("blue", "", Slot(running=True, stopped=False), GONE),
        "A",
        OLD,
        [*TO_GREEN, "stop_old blue"],
    ),
    # killed in the middle of a switch from A to B, and B is still wanted
    "killed before the start": (
        have("blue", "A", A, marked(GONE)),
        "B",
        OLD,
        [*TO_GREEN, "stop_old blue"],
    ),
    "killed before the switch": (
        have("blue", "A", A, marked(B)),
        "B",
        OLD,
        [*TO_GREEN, "stop_old blue"],
    ),
    "killed after the switch": (
        have("green", "A", A, marked(B)),
        "B",
        OLD,
        ["finalize green", "stop_old blue"],
    ),
    "killed within finalize": (
        have("green", "B", A, marked(B)),
        "B",
        OLD,
        ["finalize green", "stop_old blue"],
    ),
    "killed before the old one stops": (have("green", "B", A, B), "B", OLD, ["stop_old blue"]),
    "killed before its marker is gone": (
        have("green", "B", marked(STOPPED), B),
        "B",
        OLD,
        ["stop_old blue"],
    ),
    # killed likewise, and A is wanted again
    "killed before the switch, back to A": (
        have("blue", "A", A, marked(B)),
        "A",
        OLD,
        ["stop_old green"],
    ),
    "killed after the switch, back to A": (
        have("green", "A", A, marked(B)),
        "A",
        OLD,
        [*TO_BLUE, "stop_old green"],
    ),
}


# The same with a background process that is wanted.
WORK_TO_GREEN = ["start green", "switch green", "start_workers green", "finalize green"]
WORKING_PLANS = {
    "nothing": (
        have("", "", GONE, GONE),
        "A",
        OLD,
        ["start blue", "switch blue", "start_workers blue", "finalize blue"],
    ),
    "as wanted": (have("blue", "A", WORKING, GONE), "A", OLD, []),
    "new release": (have("blue", "A", WORKING, GONE), "B", OLD, [*WORK_TO_GREEN, "stop_old blue"]),
    "new command": (have("blue", "A", WORKING, GONE), "A", NEW, [*WORK_TO_GREEN, "stop_old blue"]),
    "stopped by hand": (have("blue", "A", A, GONE), "A", OLD, ["start_workers blue"]),
    "left over in the idle slot": (have("blue", "A", WORKING, LEFT), "A", OLD, ["stop_old green"]),
    "killed before it starts": (
        have("green", "A", WORKING, marked(B)),
        "B",
        OLD,
        ["start_workers green", "finalize green", "stop_old blue"],
    ),
    "killed before finalize": (
        have("green", "A", WORKING, marked(WORKING_B)),
        "B",
        OLD,
        ["finalize green", "stop_old blue"],
    ),
}
CASES = [
    *[(*case, frozenset()) for case in PLANS.values()],
    *[(*case, frozenset({WORKER})) for case in WORKING_PLANS.values()],
]


@pytest.mark.parametrize(
    ("there", "release", "files", "steps", "processes"), CASES, ids=[*PLANS, *WORKING_PLANS]
)
def test_plan(
    there: Have,
    release: str,
    files: dict[str, str],
    steps: list[str],
    processes: frozenset[str],
) -> None:
    want = Want(release, files, processes)
    planned = plan.plan(want, there)
    assert [f"{step.kind} {step.slot}" for step in planned] == steps
    end = there
    for step in planned:
        end = plan.after(step, want, end)
    assert plan.plan(want, end) == []
    assert end.current == release
    assert [slot for slot in end.slots if end.slots[slot].running] == [end.live]
    assert end.slots[end.live].working == processes
    assert not end.slots[plan.other(end.live)].working


BY_SYSTEMD = replace(A, manager="systemd")
BY_SUPERVISOR = replace(A, manager="supervisor")
STOPPED_BY_SYSTEMD = replace(STOPPED, manager="systemd")
# what is there, the manager that is wanted, the steps; A with OLD is wanted, and runs
MANAGER_PLANS = {
    "as wanted": (have("blue", "A", BY_SYSTEMD, GONE), "systemd", []),
    "another": (
        have("blue", "A", BY_SYSTEMD, GONE),
        "supervisor",
        [*TO_GREEN, "stop_old blue"],
    ),
    "and back": (
        have("green", "A", STOPPED_BY_SYSTEMD, BY_SUPERVISOR),
        "systemd",
        [*TO_BLUE, "stop_old green"],
    ),
    "unknown": (have("blue", "A", A, GONE), "systemd", [*TO_GREEN, "stop_old blue"]),
    "killed before the switch": (
        have("blue", "A", BY_SYSTEMD, marked(BY_SUPERVISOR)),
        "supervisor",
        [*TO_GREEN, "stop_old blue"],
    ),
    "killed after the switch": (
        have("green", "A", BY_SYSTEMD, marked(BY_SUPERVISOR)),
        "supervisor",
        ["finalize green", "stop_old blue"],
    ),
    "killed after the switch, the first one is wanted again": (
        have("green", "A", BY_SYSTEMD, marked(BY_SUPERVISOR)),
        "systemd",
        [*TO_BLUE, "stop_old green"],
    ),
}


@pytest.mark.parametrize(
    ("there", "manager", "steps"), MANAGER_PLANS.values(), ids=list(MANAGER_PLANS)
)
def test_plan_of_another_manager(there: Have, manager: str, steps: list[str]) -> None:
    want = Want("A", OLD, manager=manager)
    planned = plan.plan(want, there)
    assert [f"{step.kind} {step.slot}" for step in planned] == steps
    end = there
    for step in planned:
        end = plan.after(step, want, end)
    assert plan.plan(want, end) == []
    assert end.slots[end.live].manager == manager


def test_plan_survives_every_interruption() -> None:
    """From every state that a killed run leaves, to what that run wanted or to anything else."""
    for there, release, files, _steps in PLANS.values():
        state = there
        for step in plan.plan(Want(release, files), there):
            state = plan.after(step, Want(release, files), state)
            for want in (Want("A", OLD), Want("B", OLD), Want("B", NEW)):
                end = state
                for next_step in plan.plan(want, state):
                    end = plan.after(next_step, want, end)
                assert plan.plan(want, end) == []


def test_idle_slot_is_the_only_one_that_is_started_or_retired() -> None:
    for there, release, files, _steps in PLANS.values():
        live = there.live
        for step in plan.plan(Want(release, files), there):
            if step.kind == "switch":
                live = step.slot
            elif step.kind in ("start", "stop_old"):
                assert step.slot != live


@pytest.mark.parametrize(
    ("there", "want", "lines"),
    [
        (have("", "", GONE, GONE), Want("A", OLD), ["release (none) -> A"]),
        (have("blue", "A", A, GONE), Want("B", OLD), ["release A -> B"]),
        (have("blue", "A", A, GONE), Want("A", OLD), []),
        (
            have("blue", "A", BY_SYSTEMD, GONE),
            Want("A", OLD, manager="supervisor"),
            ["manager systemd -> supervisor"],
        ),
        (have("blue", "A", A, GONE), Want("A", NEW), ["/etc/notes/environment has changed"]),
        (
            have("blue", "A", A, GONE),
            Want("A", {**OLD, "/etc/notes/a.cfg": plan.PENDING}),
            ["/etc/notes/a.cfg is new"],
        ),
        (
            have("blue", "A", STOPPED, GONE),
            Want("A", {"/etc/notes/environment": "1"}),
            [
                "/etc/systemd/system/flask-notes@.service is gone",
                "slot blue has the traffic and does not run",
            ],
        ),
    ],
)
def test_reasons(there: Have, want: Want, lines: list[str]) -> None:
    assert plan.reasons(want, there) == lines


def test_diff_names_files_and_shows_no_fingerprint() -> None:
    want, there = Want("A", NEW), have("blue", "A", A, GONE)
    diff = plan.diff(want, there, plan.plan(want, there))
    assert diff["before"] == "live: blue\ncurrent: A\nblue: running, release A\n"
    assert diff["after"] == (
        "live: green\ncurrent: A\ngreen: running, release A\n# /etc/notes/environment has changed\n"
    )


def test_diff_is_empty_without_steps() -> None:
    there = have("blue", "A", A, GONE)
    diff = plan.diff(Want("A", OLD), there, [])
    assert diff["before"] == diff["after"]


TRACE = [plan.TRACEBACK, '  File "notes.py", line 1, in <module>', "    import x", "Error: no x"]
CHAIN = [
    *TRACE,
    "During handling of the above exception, another exception occurred:",
    *TRACE[:-1],
    "Other: y",
]


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ([], []),
        (["one", "two"], ["one", "two"]),
        ([str(number) for number in range(50)], [str(number) for number in range(10, 50)]),
        (["boot", *TRACE, *["more"] * 40], [*TRACE, "...", "more", "more", "more"]),
        (["boot", *CHAIN, *["more"] * 40], [*CHAIN, "...", "more", "more", "more"]),
        (["boot"] * 40 + TRACE, [*TRACE, "..."]),
        (["boot"] * 40 + TRACE[:-1], [*TRACE[:-1], "..."]),
        (
            [plan.TRACEBACK, *[f"  {number}" for number in range(60)], "Error: deep", "end"],
            [
                plan.TRACEBACK,
                "  ...",
                *[f"  {number}" for number in range(23, 60)],
                "Error: deep",
                "...",
                "end",
            ],
        ),
        (["    f(x)", "    ~^^^", "Error"], ["    f(x)", "Error"]),
    ],
)
def test_excerpt(lines: list[str], shown: list[str]) -> None:
    assert plan.excerpt(lines) == shown


SHOW = {
    "ActiveState=inactive\nSubState=dead\nResult=success": (False, True, ""),
    "ActiveState=active\nSubState=running\nMainPID=7": (True, False, ""),
    "ActiveState=activating\nSubState=start\nMainPID=7": (True, False, ""),
    "ActiveState=activating\nSubState=auto-restart\nResult=exit-code\nExecMainCode=1\n"
    "ExecMainStatus=3": (False, False, "its main process ended with exit status 3"),
    "ActiveState=deactivating\nSubState=stop-sigterm": (False, False, ""),
    "ActiveState=failed\nResult=signal\nExecMainCode=2\nExecMainStatus=9": (
        False,
        True,
        "its main process was killed by signal 9",
    ),
    "ActiveState=failed\nResult=timeout\nExecMainCode=2\nExecMainStatus=15": (
        False,
        True,
        systemd.RESULTS["timeout"],
    ),
    "": (False, True, ""),
}


@pytest.mark.parametrize(("text", "expected"), SHOW.items())
def test_process(text: str, expected: tuple[bool, bool, str]) -> None:
    process = systemd.process(systemd.parse_show(text))
    assert (process.running, process.stopped, process.problem) == expected


def test_restarts_are_counted() -> None:
    text = "ActiveState=active\nSubState=running\nNRestarts=12"
    assert systemd.process(systemd.parse_show(text)).restarts == 12


def test_process_files() -> None:
    text = "FragmentPath=/etc/a@.service\nDropInPaths=/etc/a.d/1.conf /etc/a.d/2.conf"
    process = systemd.process(systemd.parse_show(f"{text}\nNeedDaemonReload=yes"))
    assert process.files == ("/etc/a@.service", "/etc/a.d/1.conf", "/etc/a.d/2.conf")
    assert process.outdated


# what supervisord says of a program, how it has ended on trial, whether it is a slot's main one:
# whether it runs, is stopped for good, and what is wrong
INFOS: list[tuple[dict[str, object], list[str], bool, tuple[bool, bool, str]]] = [
    ({}, [], True, (False, True, "")),
    ({"statename": "RUNNING"}, [], True, (True, False, "")),
    ({"statename": "STARTING"}, [], False, (True, False, "")),
    ({"statename": "STOPPING"}, [], True, (False, False, "")),
    ({"statename": "STOPPED"}, [], True, (False, True, "")),
    # It is not the slot's turn, as for the idle one after a boot.
    ({"statename": "EXITED", "exitstatus": 77}, [], True, (False, True, "")),
    ({"statename": "EXITED", "exitstatus": 77}, [], False, (False, True, "")),
    # systemd would start a background process again that ends by itself, and no gunicorn.
    ({"statename": "EXITED", "exitstatus": 0}, [], True, (False, True, "")),
    ({"statename": "EXITED", "exitstatus": 0}, [], False, (False, False, "")),
    ({"statename": "EXITED", "exitstatus": 3}, [], True, (False, False, "")),
    # One that has ended on trial may be running again.
    (
        {"statename": "RUNNING"},
        ["exit status 3", "exit status 4"],
        True,
        (False, False, "its main process ended: exit status 3"),
    ),
    (
        {"statename": "EXITED", "exitstatus": 77},
        ["exit status 77"],
        True,
        (
            False,
            True,
            "supervisor skipped it, for neither its marker nor live.sock lets it start",
        ),
    ),
    ({"statename": "FATAL", "spawnerr": "no file"}, [], True, (False, True, "no file")),
]


@pytest.mark.parametrize(("info", "ends", "main", "expected"), INFOS)
def test_process_of_supervisor(
    info: dict[str, object], ends: list[str], main: bool, expected: tuple[bool, bool, str]
) -> None:
    once = (0, 77) if main else (77,)
    process = supervisor.process(info, ends, once)
    assert (process.running, process.stopped, process.problem) == expected


SUPERVISORD_LOG = """\
2026-01-31 12:00:00,001 INFO spawned: 'flask-notes@blue' with pid 7
2026-01-31 12:00:00,002 INFO exited: flask-notes@green (exit status 77; expected)
2026-01-31 12:00:01,003 WARN exited: flask-notes@blue (exit status 3; not expected)
2026-01-31 12:00:01,004 WARN exited: flask-notes.worker@blue (terminated by SIGKILL; not expected)
2026-01-31 12:00:01,005 WARN stopped: flask-notes@blue (terminated by SIGTERM)
"""


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("flask-notes@blue", ["exit status 3"]),
        ("flask-notes@green", ["exit status 77"]),
        ("flask-notes.worker@blue", ["terminated by SIGKILL"]),
        ("flask-notes.worker@green", []),
    ],
)
def test_endings(name: str, ends: list[str]) -> None:
    assert supervisor.endings(SUPERVISORD_LOG, name) == ends


@pytest.mark.parametrize(
    ("unit", "program"),
    [
        ("flask-notes@.service", "flask-notes@blue"),
        ("flask-notes.worker.2@.service", "flask-notes.worker.2@blue"),
    ],
)
def test_programs_are_called_like_units(unit: str, program: str) -> None:
    assert supervisor.program(unit, "blue") == program
    assert supervisor.unit_of(program, "blue") == unit


RUNS = reload_slots.Process(running=True, stopped=False, pid=7)
NO_PROCESS = reload_slots.Process()


@pytest.mark.parametrize(
    ("wanted", "former", "pid", "working"),
    [
        (NO_PROCESS, NO_PROCESS, 0, []),
        (RUNS, NO_PROCESS, 7, []),
        (NO_PROCESS, RUNS, 7, []),
        (replace(RUNS, behind={WORKER: RUNS}), NO_PROCESS, 7, [WORKER]),
        (replace(NO_PROCESS, behind={WORKER: NO_PROCESS}), replace(RUNS, pid=8), 8, []),
        (NO_PROCESS, replace(NO_PROCESS, behind={WORKER: RUNS}), 0, [WORKER]),
    ],
)
def test_a_slot_is_with_one_of_two_managers(
    wanted: reload_slots.Process, former: reload_slots.Process, pid: int, working: list[str]
) -> None:
    wanted = replace(wanted, files=("/etc/wanted",))
    found = managers.either(wanted, former)
    assert (found.pid, found.files) == (pid, ("/etc/wanted",))
    assert [unit for unit, process in found.behind.items() if process.running] == working


class Systemctl(examples.Module):
    """Answers ``systemctl show`` with the given text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.asked: list[str] = []

    def run_command(self, args: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        self.asked = [*args]
        return 0, self.text, ""


def test_background_processes_are_those_of_their_slot() -> None:
    text = """\
Id=flask-notes@blue.service
ActiveState=active

Id=flask-notes.worker@blue.service
Type=exec
ActiveState=active

Id=flask-notes.worker@green.service
Type=exec
ActiveState=inactive

Id=flask-notes.removed@green.service
Type=exec
ActiveState=deactivating

Id=flask-notes.cleanup@blue.service
Type=oneshot
ActiveState=activating
"""
    systemctl = Systemctl(text)
    slots = systemd.Systemd(systemctl, "flask-notes@.service", [WORKER]).observe()
    blue, green = slots["blue"].behind, slots["green"].behind
    assert {unit: process.running for unit, process in blue.items()} == {WORKER: True}
    removed = "flask-notes.removed@.service"
    assert {unit: process.stopped for unit, process in green.items()} == {
        WORKER: True,
        removed: False,
    }
    assert "flask-notes.*@green.service" in systemctl.asked
    assert "flask-notes.worker@green.service" in systemctl.asked


def check(**values: object) -> health.Check:
    given: dict[str, Any] = {
        "host": "h",
        "path": "/up",
        "statuses": ("200",),
        "timeout": 5,
        "release": "A",
    }
    return health.Check(**{**given, **values})


@pytest.mark.parametrize(
    ("status", "body", "statuses", "expected"),
    [
        (200, "", ("200",), ""),
        (302, "", ("200-399",), ""),
        (404, "", ("200-399", "404"), ""),
        (200, '{"release": "A"}', ("200",), ""),
        (200, '{"release": null}', ("200",), ""),
        (200, '["release"]', ("200",), ""),
        (200, '{"release": "B"}', ("200",), "GET /up was answered by release B, not by A"),
        (
            500,
            "\nWhat\n\nhappened",
            ("200",),
            "GET /up was answered 500 No, not 200\n    What\n    happened",
        ),
        (404, "", ("200-399", "401"), "GET /up was answered 404 No, not 200-399 or 401"),
    ],
)
def test_complaint(status: int, body: str, statuses: tuple[str, ...], expected: str) -> None:
    answer = health.Answer(status, "No", body)
    assert health.complaint(answer, check(statuses=statuses)) == expected


Serve = Callable[..., tuple[str, list[bytes]]]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serves the given answers, one for each connection, through a Unix socket."""
    monkeypatch.setattr(health, "WATCH", 0.01)
    monkeypatch.setattr(health, "POLL", 0.01)
    path, requests = str(tmp_path / "s"), []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve(*answers: bytes | None) -> tuple[str, list[bytes]]:
        def run() -> None:
            kept = []
            for answer in answers:
                try:
                    connection = listener.accept()[0]
                except OSError:  # nobody has asked for the rest of them
                    return
                requests.append(connection.recv(4096))
                kept.append(connection)
                if answer is not None:
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=run, daemon=True).start()
        return path, requests

    yield serve
    listener.close()


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n" + b'{"release":"A"}'
WARMING = b"HTTP/1.1 503 Not yet\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\nbad"


def test_wait_asks_as_nginx_does(server: Serve) -> None:
    path, requests = server(GOOD)
    health.wait(path, check(), lambda: None)
    assert requests[0].startswith(b"GET /up HTTP/1.1\r\nHost: h\r\n")
    assert b"\r\nX-Forwarded-Proto: https\r\n" in requests[0]


def test_wait_goes_on_after_refusals(server: Serve) -> None:
    path, requests = server(b"", WARMING, BROKEN, GOOD)
    health.wait(path, check(), lambda: None)
    assert len(requests) == 4


def test_wait_believes_a_wrong_answer_in_the_end(
    server: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.0)
    path, _requests = server(*[BROKEN] * 5)
    with pytest.raises(UserError, match="answered 500 Oh, not 200\n    bad"):
        health.wait(path, check(), lambda: None)


def test_wait_never_believes_503(server: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.0)
    path, _requests = server(*[WARMING] * 5, GOOD)
    health.wait(path, check(), lambda: None)


def test_wait_gives_up_without_an_answer(server: Serve) -> None:
    path, _requests = server(None)
    with pytest.raises(
        UserError, match=r"within health.timeout, 0\.1 seconds: no answer to GET /up"
    ):
        health.wait(path, check(timeout=0.1), lambda: None)


def test_wait_ends_when_the_watch_says_so(server: Serve) -> None:
    def watch() -> None:
        raise UserError("it is dead")

    path, _requests = server(None)
    with pytest.raises(UserError, match="it is dead"):
        health.wait(path, check(), watch)
    with pytest.raises(UserError, match="it is dead"):
        health.wait("/nonexistent", check(), watch)


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> reload_slots.Layout:
    monkeypatch.setattr(os, "chown", lambda *_arguments: None)
    etc = tmp_path / "etc"
    (etc / "certs").mkdir(parents=True)
    (etc / "environment").write_text("A='1'")
    (etc / "environment").chmod(0o640)
    (etc / "certs" / "ca.pem").write_text("pem")
    (tmp_path / "run").mkdir()
    (tmp_path / "slots").mkdir()
    return reload_slots.Layout(tmp_path, etc, tmp_path / "run")


def test_fill_and_observe(layout: reload_slots.Layout) -> None:
    want = reload_slots.wanted(layout, "R", set(), [], manager="supervisor")
    reload_slots.fill(layout, "green", want, 0)
    folder = layout.slot("green")
    assert (folder / "etc" / "environment").read_text() == "A='1'\nAPP_RELEASE='R'\n"
    assert (folder / "etc" / "environment").stat().st_mode & 0o777 == 0o640
    assert (folder / "etc" / "certs" / "ca.pem").read_text() == "pem"
    assert (folder / "release").readlink() == Path("../../releases/R")
    assert reload_slots.point(layout.live_socket, str(layout.socket("green"))) == ""
    reload_slots.point(layout.current, "releases/R")
    processes = dict.fromkeys(plan.SLOTS, reload_slots.Process(running=True, stopped=False))
    there = reload_slots.observe(layout, processes)
    assert (there.live, there.current, there.slots["green"].release) == ("green", "R", "R")
    assert plan.plan(want, there) == [Step("stop_old", "blue")]
    assert there.slots["green"].manager == "supervisor"
    (layout.etc / "environment").write_text("A='2'")
    changed = reload_slots.wanted(layout, "R", set(), [], manager="supervisor")
    assert plan.reasons(changed, there) == [f"{layout.etc}/environment has changed"]
    reload_slots.clear(layout, "green")
    assert list(folder.iterdir()) == []


class Disk:
    """What a power cut would leave: each file and folder as it was when it was last flushed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.order: list[str] = []
        self._flushed: dict[int, object] = {}  # by inode, for a rename keeps the content
        real = os.fsync

        def fsync(descriptor: int) -> None:
            path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            self.order.append(str(path))
            self._flushed[path.stat().st_ino] = self._now(path)
            real(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)

    def lost(self, folder: Path) -> list[str]:
        """What of a folder would be missing, or older."""
        paths = [folder, *folder.rglob("*")]
        real = [path for path in paths if not path.is_symlink()]
        return [
            str(path) for path in real if self._flushed.get(path.stat().st_ino) != self._now(path)
        ]

    @staticmethod
    def _now(path: Path) -> object:
        if not path.is_dir():
            return path.read_bytes()
        return {one.name: one.is_symlink() and os.readlink(one) for one in path.iterdir()}


def test_a_power_cut_finds_the_slot_whole(
    layout: reload_slots.Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch)
    unit = tmp_path / "flask-notes@.service"
    unit.write_text("[Service]\n")
    want = reload_slots.wanted(layout, "R", {str(unit)}, [], manager="systemd")
    reload_slots.fill(layout, "green", want, 0)
    assert disk.lost(layout.root / "slots") == []
    assert {str(layout.root), str(layout.root / "slots")} <= set(disk.order)
    # Until the record is there, nothing in the slot counts.
    folder = str(layout.slot("green"))
    record = disk.order.index(f"{folder}/.slot.json.new")
    assert f"{folder}/etc/environment" in disk.order[:record]
    assert disk.order[record + 1 :] == [folder]


def test_a_power_cut_finds_what_was_put_back(
    layout: reload_slots.Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    (layout.etc / "environment").write_text("A='1'\n")
    want = reload_slots.wanted(layout, "R", set(), [], manager="systemd")
    reload_slots.fill(layout, "green", want, 0)
    (layout.etc / "environment").write_text("A='2'\n")
    disk = Disk(monkeypatch)
    # The content before its name.
    assert reload_slots.restore(layout, "green") == [str(layout.etc / "environment")]
    assert disk.order == [str(layout.etc / ".environment.old"), str(layout.etc)]


def test_restore(layout: reload_slots.Layout, tmp_path: Path) -> None:
    unit = tmp_path / "flask-notes@.service"
    paths = (unit, layout.etc / "environment", layout.etc / "certs" / "ca.pem")
    for path in paths:
        path.write_text("old=1\n")
    files = {path: path.read_bytes() for path in paths}
    want = reload_slots.wanted(layout, "R", {str(unit)}, [], manager="systemd")
    reload_slots.fill(layout, "green", want, 0)
    assert reload_slots.restore(layout, "green") == []
    for path in files:
        path.write_text("new\n")
    assert sorted(reload_slots.restore(layout, "green")) == sorted(map(str, files))
    assert {path: path.read_bytes() for path in files} == files
    # A copy that is not what the record says is not trusted.
    unit.write_text("new\n")
    (layout.slot("green") / "units" / unit.name).write_text("else\n")
    assert reload_slots.restore(layout, "green") == []
    assert unit.read_text() == "new\n"


def test_point_back_to_nothing(layout: reload_slots.Layout) -> None:
    reload_slots.point(layout.live_socket, "/a")
    assert reload_slots.point(layout.live_socket, "/b") == "/a"
    reload_slots.point(layout.live_socket, "")
    assert not layout.live_socket.is_symlink()


def test_an_unknown_live_socket_is_no_slot(layout: reload_slots.Layout) -> None:
    reload_slots.point(layout.live_socket, "/run/other.sock")
    assert reload_slots.observe(layout, {}).live == ""

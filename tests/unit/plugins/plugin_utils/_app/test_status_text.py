# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.plugin_utils._app import status_text

NOW = 1_000_000.0
RELEASE = {
    "id": "0a1b2c3d4e5f-6a7b8c9d",
    "version": "v2",
    "subject": "Greet",
    "live_since": NOW - 7200,
    "built": NOW - 10800,
}
PROCESS = {
    "slot": "blue",
    "manager": "systemd",
    "pid": 10,
    "workers": [11, 12],
    "started": NOW - 7200,
    "processes": {"flask-notes.worker@.service": False, "flask-notes.beat@.service": True},
    "restarts": {"flask-notes.beat@.service": 12},
    "problem": "",
}
GOOD = {"status": 200, "seconds": 0.004, "problem": ""}
BAD = {"status": 500, "problem": "GET / was answered 500"}
APP = {"release": RELEASE, "process": PROCESS, "health": GOOD}


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (APP, "serving, answers 200 in 4 ms"),
        ({**APP, "health": BAD}, "BROKEN, GET / was answered 500"),
        ({**APP, "health": BAD, "process": {**PROCESS, "pid": 0}}, "STOPPED, GET /"),
        ({**APP, "health": BAD, "process": {"problem": "no systemd"}}, "STOPPED, GET /"),
        ({"release": None}, "NEVER DEPLOYED"),
        ({"problem": "unreachable"}, "UNKNOWN, unreachable"),
    ],
)
def test_headlines(app: dict[str, Any], words: str) -> None:
    assert status_text.headline(app).startswith(words)
    assert status_text.text({"web1": {"notes": app}}, NOW).startswith(f"notes on web1: {words}")


def test_a_block() -> None:
    text = status_text.text({"web1": {"notes": APP}, "web2": {"notes": {"release": None}}}, NOW)
    assert text.splitlines() == [
        "notes on web1: serving, answers 200 in 4 ms",
        '  release     v2  0a1b2c3d4e5f-6a7b8c9d  "Greet"',
        "              live for 2 h, built 3 h ago",
        "  processes   slot blue under systemd for 2 h: 2 workers (11 12) of 10",
        "              worker: DOES NOT RUN",
        "              beat: runs, RESTARTED 12 times",
        "",
        "notes on web2: NEVER DEPLOYED",
    ]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (None, ""),
        ({"problem": "refused"}, "UNKNOWN, refused"),
        ({"current": ["2"], "pending": []}, "at 2, the newest of the release"),
        ({"current": [], "pending": ["1", "2"]}, "at no revision, 2 BEHIND the release: 1, 2"),
        ({"current": ["9"], "pending": [], "problem": "9 is unknown"}, "at 9: 9 is unknown"),
    ],
)
def test_the_database(found: dict[str, Any], line: str) -> None:
    assert status_text.database(found) == line


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (None, ""),
        ({"problem": "there is none yet"}, "UNKNOWN, there is none yet"),
        ({"days": 60, "self_signed": False, "issuer": "CN=R3"}, "60 days left, of CN=R3"),
        ({"days": 3, "self_signed": True, "issuer": ""}, "ONLY 3 days left, self-signed"),
        ({"days": -2, "self_signed": False, "issuer": "X"}, "EXPIRED 2 days ago, of X"),
        (
            {"days": 60, "self_signed": False, "issuer": "X", "served": True, "renewed": True},
            "60 days left, of X",
        ),
        (
            {"days": 60, "self_signed": False, "issuer": "X", "served": False, "renewed": True},
            "60 days left, of X; NOT THE ONE THAT NGINX SERVES, which a run of site.yml mends",
        ),
        (
            {"days": -2, "self_signed": False, "issuer": "X", "served": True, "renewed": False},
            "EXPIRED 2 days ago, of X; certbot.timer IS OFF, so that nothing renews it; a run of"
            " site.yml starts it",
        ),
    ],
)
def test_the_certificate(found: dict[str, Any], line: str) -> None:
    assert status_text.certificate(found) == line


@pytest.mark.parametrize(
    ("free", "line"),
    [
        (41_000_000_000, "41 GB free, 210 MB in 5 releases"),
        (640_000_000, "ONLY 640 MB free, 210 MB in 5 releases"),
    ],
)
def test_the_disk(free: int, line: str) -> None:
    found = {"free": free, "releases": 5, "size": 210_000_000}
    assert status_text.disk(found) == line


def test_a_failed_deploy_says_why() -> None:
    entry = {
        "when": "2026-01-31T12:00:00Z",
        "who": "ann@ci",
        "what": "deploy",
        "result": "failed",
        "from": {"id": "aaaaaaaaaa", "version": "v1"},
        "to": {"id": "bbbbbbbbbb"},
        "seconds": 4.2,
        "step": "switch",
        "reason": "it did not come up\nTraceback",
    }
    line = status_text.deploy(entry, NOW)
    assert "FAILED" in line
    assert line.endswith("deploy v1 aaaaaaa -> bbbbbbb at switch: it did not come up")


DRILL = {"ok": True, "when": NOW - 3 * 86400, "seconds": 1.2, "why": ""}
BACKUP: dict[str, Any] = {
    "id": "20260301T033000Z",
    "when": NOW - 7200,
    "size": 12_345_678,
    "kept": 3,
    "overdue": False,
    "tried": NOW - 7200,
    "failed": "",
    "drill": DRILL,
}
NEWEST = "20260301T033000Z, 12.3 MB, 2 h old"


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (BACKUP, [NEWEST, "drill 3 d ago: good, 1.2 s"]),
        ({**BACKUP, "drill": None, "overdue": True}, [f"OVERDUE, {NEWEST}"]),
        ({**BACKUP, "id": "", "when": None, "drill": None}, ["none yet"]),
        (
            {
                **BACKUP,
                "failed": "no room",
                "drill": {**BACKUP["drill"], "ok": False, "why": "gone"},
            },
            [NEWEST, "FAILED 2 h ago: no room", "drill 3 d ago: FAILED: gone"],
        ),
        ({"problem": "no settings"}, ["UNKNOWN, no settings"]),
        (None, [""]),
    ],
)
def test_backups(found: dict[str, Any], lines: list[str]) -> None:
    assert status_text.backup(found, NOW) == lines

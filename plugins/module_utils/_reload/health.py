# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking an app for its health, through a Unix socket."""

from __future__ import annotations

import http.client
import json
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

POLL = 0.05
WATCH = 0.2
# A wrong answer may be the first of a worker that is still warming up. One that stays wrong for
# so many seconds is taken for the app's last word, except 503: "not yet" (RFC 9110, 15.6.4).
PATIENCE = 3.0
MOST_BODY = 65536
SHOWN_LINES = 5


@dataclass(frozen=True)
class Check:
    """What to ask, and which answer is good. ``timeout`` is in seconds, over all attempts; ``hide``
    takes what is secret out of an answer that is to be shown."""

    host: str
    path: str
    statuses: tuple[str, ...]
    timeout: float
    release: str
    hide: Callable[[str], str] = str


@dataclass(frozen=True)
class Answer:
    status: int
    reason: str
    body: str


class Connection(http.client.HTTPConnection):
    """HTTP through a Unix socket. ``host`` is what the Host header says."""

    def __init__(self, path: str, host: str, timeout: float) -> None:
        super().__init__(host, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def complaint(answer: Answer, check: Check) -> str:
    """What is wrong with an answer, or "" where it is good."""
    asked = f"GET {check.path}"
    if not any(_in_range(answer.status, wanted) for wanted in check.statuses):
        wanted = " or ".join(check.statuses)
        # Hidden before it is cut: half a secret would not be known for one.
        body = check.hide(answer.body)
        lines = [line for line in body.splitlines() if line.strip()][:SHOWN_LINES]
        shown = "".join(f"\n    {line[:200]}" for line in lines)
        return f"{asked} was answered {answer.status} {answer.reason}, not {wanted}{shown}"
    release = _release(answer.body)
    if release not in ("", check.release):
        return f"{asked} was answered by release {release}, not by {check.release}"
    return ""


def wait(path: str, check: Check, watch: Callable[[], None]) -> float:
    """Ask until the answer is good, and return the seconds that it took.

    ``watch`` is called often, and raises UserError where waiting is useless. Raises UserError
    with what was wrong with the last answer.
    """
    start = time.monotonic()
    first_wrong = None
    problem = ""
    while True:
        left = start + check.timeout - time.monotonic()
        if left <= 0:
            message = f"there was no good answer within health.timeout, {check.timeout:g} seconds"
            raise UserError(f"{message}: {problem}" if problem else message)
        try:
            answer = ask(path, check, left, watch)
            problem = complaint(answer, check)
            if not problem:
                return time.monotonic() - start
            now = time.monotonic()
            first_wrong = first_wrong or now
            if answer.status != 503 and now - first_wrong > PATIENCE:
                raise UserError(problem)
        except TimeoutError:
            problem = f"no answer to GET {check.path}; the app hangs as it loads, or as it answers"
        except (OSError, http.client.HTTPException) as error:
            problem = problem or f"GET {check.path}: {error or type(error).__name__}"
            watch()
        time.sleep(POLL)


def ask(path: str, check: Check, timeout: float, watch: Callable[[], None]) -> Answer:
    """One request as nginx sends it. Raises OSError or HTTPException where no answer comes."""
    deadline = time.monotonic() + timeout
    connection = Connection(path, check.host, timeout)
    headers = {"Connection": "close", "X-Forwarded-Proto": "https", "User-Agent": "pyhost-flask"}
    try:
        connection.request("GET", check.path, headers=headers)
        while not select.select([connection.sock], [], [], WATCH)[0]:
            watch()
            if time.monotonic() > deadline:
                raise TimeoutError
        response = connection.getresponse()
        body = response.read(MOST_BODY).decode("utf-8", "replace")
        return Answer(response.status, response.reason, body)
    finally:
        connection.close()


def _in_range(status: int, wanted: str) -> bool:
    """Whether a status is the one, or in the range, of ``200`` or ``200-399``."""
    low, _dash, high = wanted.partition("-")
    return int(low) <= status <= int(high or low)


def _release(body: str) -> str:
    """The release that an app names in a JSON answer, or ""."""
    try:
        answer = json.loads(body)
    except ValueError:
        return ""
    release = answer.get("release") if isinstance(answer, dict) else None
    return release if isinstance(release, str) else ""

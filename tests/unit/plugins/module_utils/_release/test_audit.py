# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Known vulnerabilities: what is asked, what an answer means, and what is done about it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release import audit
from ansible_collections.pyhost.flask.plugins.module_utils._release.audit import (
    Finding,
    NoAnswer,
    Settings,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sbom import Package

FLASK, JINJA = Package("flask", "3.1"), Package("jinja2", "2.4.1")
OWN = Package("notes", "1.0", local=True)
# As in the API's documentation.
VULNS = {
    "vulns": [
        {"id": "PYSEC-2021-66", "modified": "2023-11-08T04:05:00Z"},
        {"id": "GHSA-g3rq-g295-4j3m", "modified": "2023-04-11T01:31:28Z"},
    ]
}
BOTH = Finding("jinja2", "2.4.1", ("GHSA-g3rq-g295-4j3m", "PYSEC-2021-66"))


@pytest.mark.parametrize(
    ("results", "ignore", "expected"),
    [
        ([{}, {}], [], []),
        ([{}, None], [], []),
        ([{}, VULNS], [], [BOTH]),
        ([{}, {**VULNS, "next_page_token": "x"}], [], [BOTH]),
        (
            [{}, VULNS],
            ["PYSEC-2021-66"],
            [Finding("jinja2", "2.4.1", ("GHSA-g3rq-g295-4j3m",))],
        ),
        ([{}, VULNS], ["PYSEC-2021-66", "GHSA-g3rq-g295-4j3m"], []),
        ([{"vulns": [{"id": "A"}]}, VULNS], [], [Finding("flask", "3.1", ("A",)), BOTH]),
    ],
)
def test_what_an_answer_means(results: Any, ignore: list[str], expected: list[Finding]) -> None:
    assert audit.findings([FLASK, JINJA], results, ignore) == expected


@pytest.mark.parametrize(
    "answer", [[], {}, {"results": None}, {"results": [{}]}, {"results": [1, 2]}, {"vulns": []}]
)
def test_an_answer_of_another_kind_of_server(answer: Any) -> None:
    with pytest.raises(NoAnswer, match="does not answer as OSV does"):
        audit.findings([FLASK, JINJA], audit.answered(answer, 2), [])


Server = Callable[[int, str], "tuple[str, list[Any]]"]


@pytest.fixture
def server() -> Iterator[Server]:
    """Starts a server that always gives the same answer; its address, and what it is asked."""
    asked: list[Any] = []
    started = []

    def start(status: int, text: str) -> tuple[str, list[Any]]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked.append((self.path, json.loads(body)))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

        http = HTTPServer(("127.0.0.1", 0), Handler)
        started.append(http)
        threading.Thread(target=http.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{http.server_port}", asked

    yield start
    for http in started:
        http.shutdown()
        http.server_close()


def test_only_packages_of_an_index_are_asked_for(server: Server) -> None:
    address, asked = server(200, json.dumps({"results": [{}, VULNS]}))
    assert audit.audit(Settings("warn", f"{address}/"), [OWN, FLASK, JINJA]) == [
        f"known vulnerabilities: {BOTH}. See https://osv.dev/ID"
    ]
    flask, jinja = ({"ecosystem": "PyPI", "name": name} for name in ("flask", "jinja2"))
    queries = [{"package": flask, "version": "3.1"}, {"package": jinja, "version": "2.4.1"}]
    assert asked == [("/v1/querybatch", {"queries": queries})]


def test_a_release_is_refused_only_for_what_counts(server: Server) -> None:
    address, _asked = server(200, json.dumps({"results": [VULNS]}))
    with pytest.raises(UserError, match=r"jinja2 2\.4\.1 \(GHSA-\S+, PYSEC-\S+\).*audit\.ignore"):
        audit.audit(Settings("refuse", address), [JINJA])
    assert audit.audit(Settings("refuse", address, BOTH.ids), [JINJA]) == []


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (503, "", "503"),
        (200, "<html>", "Expecting value"),
        (200, '{"results": []}', "does not answer as OSV does"),
    ],
)
def test_a_server_out_of_order_stops_nothing(
    server: Server, status: int, text: str, said: str
) -> None:
    address, _asked = server(status, text)
    (warning,) = audit.audit(Settings("refuse", address), [JINJA])
    assert warning.startswith(f"its packages were not audited: {address}: ")
    assert said in warning


def test_no_server_stops_nothing() -> None:
    (warning,) = audit.audit(Settings("refuse", "http://127.0.0.1:9"), [JINJA])
    assert "not audited" in warning
    assert "refused" in warning

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Archives as sources: sent by the controller, or fetched from a real web server."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Release
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release import source_of
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Inputs,
    NotSent,
    Revision,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.builder import Job
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import download
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.archive import (
    Archive,
    Sent,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source
from ansible_collections.pyhost.flask.tests.unit import examples


def packed() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("notes/app.py")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"app"))
    return file.getvalue()


FILE = packed()
SHA = hashlib.sha256(FILE).hexdigest()


def source_in(options: dict[str, str], sent: dict[str, str] | None = None) -> Source:
    """The source of an app with these options of ``source``, of which the controller has this."""
    part: Release = {**examples.release(), "source": {**UNSET, **options}}
    job = Job(Module(), part, Path("/nowhere"), Inputs(""))
    return source_of.source_of(job, {"sent": sent} if sent else {})


class Module(examples.Module):
    """Nothing of AnsibleModule is needed."""


UNSET = {
    **dict.fromkeys(("git", "path", "archive", "dist", "package", "deb", "rpm")),
    "version": "",
    "checksum": "",
}


def written(source: Any, folder: Path) -> list[str]:
    source.obtain(SHA)
    folder.mkdir()
    assert source.write(SHA, folder) == []
    return [path.name for path in folder.iterdir()]


def test_what_is_not_sent_yet_is_asked_for() -> None:
    sent = {"checksum": SHA, "version": "notes.tar.gz"}
    source = source_in({"archive": "/home/me/notes.tar.gz"}, sent)
    assert source.resolve() == Revision(SHA, "notes.tar.gz")
    with pytest.raises(NotSent):
        source.obtain(SHA)


def test_what_was_sent_is_written(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(FILE)
    source = Archive("notes.tar.gz", Sent(SHA, "notes.tar.gz", str(tmp_path / "sent")))
    assert written(source, tmp_path / "release") == ["app.py"]


def test_what_could_not_be_sent_is_said() -> None:
    source = Archive("notes.tar.gz", Sent(SHA, "notes.tar.gz", problem="it cannot be built: no uv"))
    with pytest.raises(UserError, match="it cannot be built: no uv"):
        source.obtain(SHA)


@pytest.mark.parametrize("options", [{}, {"git": "https://h/x", "archive": "/x"}])
def test_exactly_one_source_is_named(options: dict[str, str]) -> None:
    with pytest.raises(UserError, match="needs exactly one of git, "):
        source_in(options)


class Server(ThreadingHTTPServer):
    """Serves the file to who may have it; ``answers`` are statuses that come first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[int] = []
        self.asked: list[str] = []
        self.elsewhere = ""

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append(self.headers.get("Authorization", ""))
        status = server.answers.pop(0) if server.answers else 302 if server.elsewhere else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", server.elsewhere)
        self.end_headers()
        if status == 200:
            self.wfile.write(FILE)

    def log_message(self, *words: Any) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PAUSES", (0.01, 0.01))
    monkeypatch.setenv("no_proxy", "*")
    with serving() as found:
        yield found


def at(address: str, checksum: str = SHA) -> Any:
    return source_in({"archive": address, "checksum": f"sha256:{checksum}"})


def test_what_the_server_has_is_written(server: Server, tmp_path: Path) -> None:
    source = at(f"http://{server.url}/x/notes%2B1.tar.gz?token=1")
    assert source.resolve() == Revision(SHA, "notes+1.tar.gz")
    assert server.asked == []
    assert written(source, tmp_path / "release") == ["app.py"]


@pytest.mark.parametrize(
    ("answers", "count", "why"),
    [
        ([503, 502], 3, ""),
        ([503, 503, 503], 3, "the server answers 503 Service Unavailable"),
        ([404], 1, "the server answers 404 Not Found"),
    ],
)
def test_a_server_that_has_a_bad_day(
    server: Server, answers: list[int], count: int, why: str
) -> None:
    server.answers = list(answers)
    if why:
        with pytest.raises(UserError, match=why):
            at(f"http://{server.url}/x").obtain(SHA)
    else:
        at(f"http://{server.url}/x").obtain(SHA)
    assert len(server.asked) == count


def test_another_content_is_refused(server: Server) -> None:
    with pytest.raises(UserError, match=f"has the checksum sha256:{SHA}, and source.checksum is"):
        at(f"http://{server.url}/x", 64 * "0").obtain(64 * "0")


def test_a_server_that_is_not_there(server: Server) -> None:
    with pytest.raises(UserError, match=r"cannot be fetched from the host: .*refused"):
        at("http://127.0.0.1:1/x").obtain(SHA)


def test_the_password_is_for_this_server_alone(server: Server) -> None:
    source = at(f"http://me:s3cr3tword@{server.url}/x")
    with serving() as other:
        server.elsewhere = f"http://{other.url}/y"
        source.obtain(SHA)
        assert other.asked == [""]
    assert server.asked == ["Basic " + base64.b64encode(b"me:s3cr3tword").decode()]
    assert source.secrets == {"s3cr3tword"}
    assert "s3cr3tword" not in str(source)

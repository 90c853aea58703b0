"""New keys for old ones: visitors get an answer all the while, and stay who they are."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import threading
import time

import pytest
from search import HOST, made, run

testinfra_hosts = ["ansible://flask"]
SITE = "https://notes.deb13.test"
SAVED = "The note is on your board."


class Visitors:
    """Ask for the list of the notes as long as the block lasts, each time on a new connection."""

    def __enter__(self) -> Visitors:
        layout = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        self._address = run("docker", "inspect", "-f", layout, HOST).stdout.strip()
        self.answered, self.lost = 0, []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _number in range(2)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _visit(self) -> None:
        context = ssl._create_unverified_context()
        while not self._end.wait(0.05):
            connection = http.client.HTTPSConnection("notes.deb13.test", timeout=30)
            with contextlib.closing(connection):
                try:
                    plain = socket.create_connection((self._address, 443), 30)
                    connection.sock = context.wrap_socket(plain, server_hostname="notes.deb13.test")
                    connection.request("GET", "/")
                    response = connection.getresponse()
                    response.read()
                    assert response.status == 200, response.status
                    self.answered += 1
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    self.lost.append(f"{time.strftime('%H:%M:%S')} {error!r}")


def rotate(*options: str) -> tuple[int, str]:
    inventory = ["-i", os.environ["MOLECULE_INVENTORY_FILE"]]
    done = run("ansible-playbook", "pyhost.flask.rotate_secrets", *inventory, *options)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def visitors():
    with Visitors() as found:
        yield found
    assert found.lost == []
    assert found.answered > 20
    print(f"  counted {found.answered} requests during a rotation, 0 lost")


@pytest.mark.parametrize(("options", "kept"), [((), True), (("-e", "forget=true"), False)])
def test_rotation(app_of, browser, visitors, options, kept):
    app, before = app_of("notes"), made()
    slot, release = app.slot, app.release
    # The answer to it waits in the visitor's cookie, signed by the old key.
    page = browser.submit(f"{SITE}/notes/new", title="Key", body="...", tags="key")
    assert page.status == 302
    status, said = rotate(*options)
    assert status == 0, said
    assert (app.slot != slot, app.release) == (True, release)
    after = made()
    assert after["notes"] != before["notes"]
    assert after.get("notes.former") == (before["notes"] if kept else None)
    assert (SAVED in browser.get(f"{SITE}/").text) == kept
    assert browser.submit(f"{SITE}/notes/new", title="New", body="...", tags="key").status == 302
    assert SAVED in browser.get(f"{SITE}/").text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("-e", "app=safe"), "safe has no secret key that was made on the hosts; those of notes"),
        (("-e", "app=none"), "none has no secret key that was made on the hosts"),
    ],
)
def test_what_is_refused(options, reason):
    before = made()
    status, said = rotate(*options)
    assert status != 0
    assert reason in " ".join(said.split())
    assert made() == before


def test_check_mode_changes_nothing(app_of):
    before, slot = made(), app_of("notes").slot
    status, said = rotate("--check", "--diff")
    assert status == 0, said
    assert (made(), app_of("notes").slot) == (before, slot)

"""New keys for old ones: visitors get an answer all the while, and stay who they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from ansible_collections.pyhost.flask.molecule.secrets.tests.search import HOST, made, run
from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.visitors import Site, Visitors

testinfra_hosts = ["ansible://flask"]
SITE = "https://notes.deb13.test"
SAVED = "The note is on your board."


def rotate(*options: str) -> tuple[int, str]:
    inventory = ["-i", os.environ["MOLECULE_INVENTORY_FILE"]]
    done = run("ansible-playbook", "pyhost.flask.rotate_secrets", *inventory, *options)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def visitors() -> Iterator[Visitors]:
    with Visitors(Site.of(HOST, "notes.deb13.test")) as found:
        yield found
    found.check()


@pytest.mark.parametrize(("options", "kept"), [((), True), (("-e", "forget=true"), False)])
def test_rotation(
    app_of: Callable[[str], App],
    browser: Browser,
    visitors: Visitors,
    options: list[str],
    kept: bool,
) -> None:
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
    assert after.get("notes.previous") == (before["notes"] if kept else None)
    assert (SAVED in browser.get(f"{SITE}/").text) == kept
    assert browser.submit(f"{SITE}/notes/new", title="New", body="...", tags="key").status == 302
    assert SAVED in browser.get(f"{SITE}/").text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("-e", "app=safe"), "safe has no secret key that was made on the hosts; those of notes"),
        (("-e", "app=none"), "There is no app none; choose one of them"),
    ],
)
def test_what_is_refused(options: list[str], reason: str) -> None:
    before = made()
    status, said = rotate(*options)
    assert status != 0
    assert reason in " ".join(said.split())
    assert made() == before


def test_check_mode_changes_nothing(app_of: Callable[[str], App]) -> None:
    before, slot = made(), app_of("notes").slot
    status, said = rotate("--check", "--diff")
    assert status == 0, said
    assert (made(), app_of("notes").slot) == (before, slot)

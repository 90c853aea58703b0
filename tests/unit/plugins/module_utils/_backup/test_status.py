# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import calendar
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._backup import program, status, store
from ansible_collections.pyhost.flask.plugins.module_utils._backup.plan import Settings
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

DAY = 86400
SUNDAY = calendar.timegm((2026, 3, 1, 12, 0, 0))
systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")


@systemd
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_when_two_should_have_been_made(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    midnight = SUNDAY + DAY // 2 - (3600 if zone != "UTC" else 0)
    assert status.second("daily", SUNDAY) == midnight + DAY
    assert status.second("Mon..Fri 12:00:00 UTC", SUNDAY) == SUNDAY + 2 * DAY
    assert status.second("2026-03-02", SUNDAY) == float("inf")


@pytest.fixture
def on_host(app: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes the app's settings as the role does, and asks how its backups are."""
    monkeypatch.setattr(store, "FOLDER", tmp_path)
    monkeypatch.setattr(store, "settings", lambda _name: replace(app, when="daily"))
    (tmp_path / "book.json").touch()
    return lambda now: status.facts("book", now)


def test_an_app_without_the_role_has_none(on_host: Any) -> None:
    assert status.facts("other", 0) is None


@systemd
def test_a_backup_that_is_not_made_again_gets_overdue(on_host: Any, app: Settings) -> None:
    backup = program.back_up(app)
    assert backup
    now = calendar.timegm(time.strptime(backup.id, "%Y%m%dT%H%M%SZ"))
    found = on_host(now)
    assert (found["id"], found["size"], found["failed"]) == (backup.id, backup.size, "")
    assert [on_host(now + days * DAY)["overdue"] for days in (0, 0.9, 2.1)] == [False, False, True]


@systemd
def test_one_that_was_never_made_gets_overdue(on_host: Any, tmp_path: Path) -> None:
    os.utime(tmp_path / "book.json", (SUNDAY, SUNDAY))
    assert not on_host(SUNDAY + DAY)["overdue"]
    assert on_host(SUNDAY + 3 * DAY)["overdue"]


@systemd
def test_a_failure_is_told(on_host: Any, app: Settings) -> None:
    Path(app.environment).write_text("DATABASE_URL=sqlite:///relative.db")
    with pytest.raises(UserError):
        program.back_up(app)
    found = on_host(time.time())
    assert "is not a full path" in found["failed"]
    assert (found["id"], found["overdue"], found["drill"]) == ("", False, None)

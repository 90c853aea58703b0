# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._backup import make, store
from ansible_collections.pyhost.flask.plugins.module_utils._backup.plan import TIME, Settings


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A guest book on SQLite with one upload, in a folder of its own."""
    monkeypatch.setattr(make, "DEPLOYS", tmp_path / "run")
    monkeypatch.setattr(store, "STATE", tmp_path / "state")
    # A backup's name is its second; here each one takes the next, and nobody waits for it.
    seconds = itertools.count(int(time.time()) + 3600)

    def name(_folder: Path) -> str:
        return time.strftime(TIME, time.gmtime(next(seconds)))

    monkeypatch.setattr(make, "_free_name", name)
    root = tmp_path / "book"
    (root / "shared/uploads").mkdir(parents=True)
    (root / "shared/uploads/a\nb.txt").write_text("hello")
    (root / "releases/r1").mkdir(parents=True)
    (root / "releases/r1/release.json").write_text('{"version": "1.0"}')
    (root / "current").symlink_to("releases/r1")
    database = root / "shared/book.db"
    with closing(sqlite3.connect(database)) as db:
        db.executescript("CREATE TABLE entry (name); INSERT INTO entry VALUES ('Ann'), ('Bo');")
    (tmp_path / "environment").write_text(f"DATABASE_URL='sqlite:///{database}'\n")
    places = {"root": root, "shared": root / "shared", "environment": tmp_path / "environment"}
    me = Path("/proc/self").owner()
    paths = {key: str(value) for key, value in places.items()}
    return Settings("book", me, folder=str(tmp_path / "backups"), keep=2, **paths)

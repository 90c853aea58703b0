# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._backup import make, plan, store, unpack
from ansible_collections.pyhost.flask.plugins.module_utils._backup.plan import SAFETY, Settings
from ansible_collections.pyhost.flask.plugins.module_utils._backup.restore import Doors, Restore
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

UTILS = "ansible_collections.pyhost.flask.plugins.module_utils"


class Processes:
    """Remembers what was asked of it, and whether the app could have been started meanwhile."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls: list[str] = []

    def stop(self) -> None:
        self.calls.append(f"stop, live.sock {'is there' if self.live else 'is gone'}")

    def start(self) -> None:
        self.calls.append(f"start, live.sock {'is there' if self.live else 'is gone'}")

    @property
    def live(self) -> bool:
        return (self.root / "live.sock").is_symlink()


@pytest.fixture(params=["inside", "outside"])
def served(app: Settings, request: pytest.FixtureRequest) -> Settings:
    """An app that is served, with its database inside of the shared folder or outside of it."""
    root = Path(app.root)
    (root / "live.sock").symlink_to("/run/book/blue/gunicorn.sock")
    if request.param == "outside":
        shutil.move(Path(app.shared) / "book.db", root / "book.db")
        Path(app.environment).write_text(f"DATABASE_URL=sqlite:///{root}/book.db\n")
    return app


def database(app: Settings) -> Path:
    where = make.database(app)
    assert where
    return Path(where["name"])


def names(app: Settings) -> list[str]:
    with closing(sqlite3.connect(database(app))) as db:
        return [name for (name,) in db.execute("SELECT name FROM entry ORDER BY name")]


def write(app: Settings, name: str) -> None:
    with closing(sqlite3.connect(database(app))) as db:
        db.execute("INSERT INTO entry VALUES (?)", [name])
        db.commit()
    (Path(app.shared) / "uploads" / name).touch()


def restore(
    app: Settings, wanted: str = "newest", **options: Any
) -> tuple[Restore, Doors, list[str]]:
    found = plan.choose(app, wanted, store.backups(Path(app.folder)))
    processes = Processes(Path(app.root))
    doors = Doors(Path(app.root), "<p>Back soon", processes)
    done = Restore(app, found, **options)
    done.into_place(doors)
    return done, doors, processes.calls


def state(app: Settings) -> list[str]:
    return sorted(os.listdir(app.root))


def test_the_state_of_then_comes_back(served: Settings) -> None:
    make.make(served)
    before = state(served)
    write(served, "Cy")
    done, doors, calls = restore(served)
    assert names(served) == ["Ann", "Bo"]
    assert os.listdir(Path(served.shared) / "uploads") == ["a\nb.txt"]
    assert calls == ["stop, live.sock is gone"]
    assert doors.shown
    assert state(served) == sorted([*before, "maintenance.html"])
    # And what was there then is a backup, which no restore takes for the newest.
    assert done.safety
    assert done.safety.kind == SAFETY
    assert done.safety.rows == {"entry": 3}
    restore(served, done.safety.id)
    assert names(served) == ["Ann", "Bo", "Cy"]


@pytest.mark.parametrize("lost", ["database", "shared", "all"])
def test_after_a_disaster(served: Settings, lost: str) -> None:
    make.make(served)
    if lost != "shared":
        database(served).unlink()
    if lost != "database":
        shutil.rmtree(served.shared)
    restore(served)
    assert names(served) == ["Ann", "Bo"]
    assert (Path(served.shared) / "uploads/a\nb.txt").read_text() == "hello"


def test_a_page_that_the_user_shows_stays_his(served: Settings) -> None:
    make.make(served)
    page = Path(served.root) / "maintenance.html"
    page.write_text("mine")
    _done, doors, _calls = restore(served)
    assert not doors.shown
    assert page.read_text() == "mine"


def test_a_damaged_database_is_not_overwritten_unless_asked_to(served: Settings) -> None:
    make.make(served)
    database(served).write_bytes(b"no database" * 1000)
    before = state(served)
    with pytest.raises(UserError, match=r"the app is as it was.*-e force=true"):
        restore(served)
    assert state(served) == before
    done, _doors, _calls = restore(served, force=True)
    assert names(served) == ["Ann", "Bo"]
    assert done.safety is None
    assert "shared.replaced" in done.left
    assert (Path(served.root) / "shared.replaced").is_dir()


def test_a_damaged_backup_touches_nothing(served: Settings) -> None:
    backup = make.make(served)
    assert backup
    os.truncate(Path(served.folder) / backup.id / "shared.tar.gz", 20)
    write(served, "Cy")
    before = state(served)
    with pytest.raises(UserError, match="is not the file that was written then"):
        restore(served)
    assert state(served) == before
    assert names(served) == ["Ann", "Bo", "Cy"]


def test_beside_it_touches_nothing(served: Settings) -> None:
    backup = make.make(served)
    assert backup
    write(served, "Cy")
    place = Restore(served, backup).beside()
    assert (place.folder / "uploads/a\nb.txt").exists()
    assert Path(place.name).exists()
    assert names(served) == ["Ann", "Bo", "Cy"]


def test_a_backup_of_another_kind_of_database_is_refused(served: Settings) -> None:
    backup = make.make(served)
    assert backup
    Path(served.environment).write_text("DATABASE_URL=mysql://notes@localhost/notes\n")
    with pytest.raises(
        UserError, match=r"not a dump for the database that the app has now \(mysql"
    ):
        Restore(served, backup).beside()


def test_it_does_not_wait_for_a_drill(served: Settings) -> None:
    make.make(served)
    with (
        make.alone(served),
        pytest.raises(UserError, match="a backup or a drill is at work"),
    ):
        restore(served)


# The program is killed at the n-th of these calls.
KILLED = f"""
import json, os, signal, sys
from pathlib import Path
from {UTILS}._backup import plan, store
from {UTILS}._backup.restore import Doors, Restore
calls, fatal = 0, int(sys.argv[2])
def watched(name):
    real = getattr(os, name)
    def call(*arguments, **options):
        global calls
        calls += 1
        if calls == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **options)
    setattr(os, name, call)
for name in ("mkdir", "rename", "replace", "unlink", "rmdir"):
    watched(name)
class Nothing:
    def stop(self): pass
    start = stop
app = plan.settings(json.loads(sys.argv[1]))
backup = plan.choose(app, "newest", store.backups(Path(app.folder)))
Restore(app, backup).into_place(Doors(Path(app.root), "page", Nothing()))
"""


def test_a_restore_that_is_killed_is_finished_by_the_next(served: Settings, tmp_path: Path) -> None:
    served = replace(served, keep=1000)
    make.make(served)
    write(served, "Cy")
    pristine = tmp_path / "pristine"
    shutil.copytree(tmp_path, pristine, symlinks=True, ignore=lambda *_: ["pristine"])
    seen, fatal = set(), 0
    while True:
        fatal += 1
        argv = [sys.executable, "-c", KILLED, json.dumps(vars(served)), str(fatal)]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        # While the app can start, its database and its files are those of one time.
        if (Path(served.root) / "live.sock").is_symlink():
            uploads = os.listdir(Path(served.shared) / "uploads")
            assert ("Cy" in uploads) == ("Cy" in names(served))
            seen.add("Cy" in uploads)
        restore(served)
        assert names(served) == ["Ann", "Bo"]
        assert "Cy" not in os.listdir(Path(served.shared) / "uploads")
        assert not [name for name in state(served) if name.startswith(("shared.", "live.sock."))]
        for folder in ("book", "backups"):
            shutil.rmtree(tmp_path / folder)
            shutil.copytree(pristine / folder, tmp_path / folder, symlinks=True)
    assert fatal > 12
    assert seen == {True, False}
    assert names(served) == ["Ann", "Bo"]
    assert unpack.drill(served)

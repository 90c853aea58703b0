# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import re
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
import yaml

from ansible_collections.pyhost.flask.plugins.module_utils._backup import (
    make,
    program,
    store,
    unpack,
)
from ansible_collections.pyhost.flask.plugins.module_utils._backup.plan import Settings
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.tests.unit import imports

COLLECTION = Path(__file__).parents[5]
UTILS_FOLDER = COLLECTION / "plugins/module_utils"
UTILS = "ansible_collections.pyhost.flask.plugins.module_utils"


def folders(app: Settings) -> list[str]:
    return sorted(os.listdir(app.folder))


def made(app: Settings) -> Any:
    backup = make.make(app)
    assert backup
    return backup


def test_a_backup_says_what_is_in_it(app: Settings) -> None:
    backup = made(app)
    folder = Path(app.folder) / backup.id
    assert sorted(os.listdir(folder)) == ["backup.json", "database.db.gz", "shared.tar.gz"]
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (backup.rows, backup.entries) == ({"entry": 2}, 3)  # ., uploads and the file
    assert (backup.release, backup.version) == ("r1", "1.0")
    assert store.backups(Path(app.folder)) == [backup]


def test_a_backup_is_unpacked_as_it_was(app: Settings) -> None:
    backup = made(app)
    where = make.database(app)
    place = unpack.place(app, where, "restored")
    unpack.unpack(app, backup, where, place)
    assert (place.folder / "uploads/a\nb.txt").read_text() == "hello"
    with closing(sqlite3.connect(place.folder / "book.db")) as db:
        assert db.execute("SELECT name FROM entry").fetchall() == [("Ann",), ("Bo",)]


@pytest.mark.parametrize("lost", ["database", "shared", "both"])
def test_what_is_gone_is_not_in_the_backup(app: Settings, lost: str) -> None:
    if lost == "database":
        (Path(app.shared) / "book.db").unlink()
        assert list(made(app).files) == ["shared.tar.gz"]
    elif lost == "shared":
        outside = Path(app.root) / "book.db"
        shutil.move(Path(app.shared) / "book.db", outside)
        shutil.rmtree(app.shared)
        Path(app.environment).write_text(f"DATABASE_URL=sqlite:///{outside}\n")
        assert list(made(app).files) == ["database.db.gz"]
        assert unpack.drill(app)
    else:
        shutil.rmtree(app.shared)
        assert make.make(app) is None
        assert folders(app) == []


def test_only_so_many_stay(app: Settings) -> None:
    backups = [made(app) for _number in range(3)]
    assert folders(app) == [backups[1].id, backups[2].id]


def test_a_failure_leaves_no_backup_and_takes_none_away(app: Settings) -> None:
    first = made(app)
    (Path(app.shared) / "book.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(UserError, match=r"no backup was made in .* MB are free there\): file is"):
        made(replace(app, keep=1))
    assert folders(app) == [first.id]


def test_a_full_disk_is_said(app: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dumps, "write", full)
    with pytest.raises(UserError, match="No space left on device"):
        made(app)
    assert folders(app) == []


# The program is killed at the n-th of these calls, of which a backup has this many.
CALLS = ("mkdir", "fsync", "rename")
KILLED = f"""
import json, os, signal, sys
from {UTILS}._backup import make, plan
from pathlib import Path
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
for name in {CALLS}:
    watched(name)
app = plan.settings(json.loads(sys.argv[1]))
make.DEPLOYS = Path(app.root) / "run"
make.make(app)
"""


def test_a_backup_that_is_killed_is_none(app: Settings) -> None:
    made(app)
    fatal = 1
    while True:
        argv = [sys.executable, "-c", KILLED, json.dumps(vars(app)), str(fatal)]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        # Whatever counts as a backup can be restored, and what is left over goes with the next.
        assert unpack.drill(app)
        assert not [name for name in folders(app) if name.endswith(".part")]
        fatal += 1
    assert fatal > 6


def tamper(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize("name", ["database.db.gz", "shared.tar.gz"])
@pytest.mark.parametrize("damage", [tamper, truncate, Path.unlink])
@pytest.mark.parametrize("honest", [False, True])
def test_a_drill_finds_a_damaged_backup(
    app: Settings, name: str, damage: Any, honest: bool
) -> None:
    file = Path(app.folder) / made(app).id / name
    damage(file)
    if honest and file.exists():  # the disk was bad already when the checksum was taken
        record = file.with_name("backup.json")
        facts = json.loads(record.read_text())
        facts["files"][name]["sha256"] = make.sha256(file)
        record.write_text(json.dumps(facts))
    with pytest.raises(UserError, match="cannot be restored"):
        program.drill(app)
    state = store.read_state("book")["drill"]
    assert not state["ok"]
    assert "cannot be restored" in state["why"]
    assert not (Path(app.folder) / "drill.part").exists()


def test_a_drill_finds_a_row_that_is_missing(app: Settings) -> None:
    record = Path(app.folder) / made(app).id / "backup.json"
    record.write_text(record.read_text().replace('"entry": 2', '"entry": 3'))
    with pytest.raises(UserError, match="entry has 2 rows in the place of 3"):
        program.drill(app)


def test_a_drill_that_is_good_is_noted(app: Settings) -> None:
    backup = made(app)
    assert program.drill(app) == backup
    state = store.read_state("book")["drill"]
    assert (state["ok"], state["backup"]) == (True, backup.id)


def test_the_command_gets_the_backup(app: Settings, tmp_path: Path) -> None:
    app = replace(app, command=f'cp "$BACKUP/backup.json" {tmp_path}/copy')
    backup = program.back_up(app)
    assert backup
    assert json.loads((tmp_path / "copy").read_text())["id"] == backup.id


def test_a_command_that_fails_is_a_failure_and_the_backup_stays(app: Settings) -> None:
    with pytest.raises(UserError, match=r"there is a backup in .* status 3: no way"):
        program.back_up(replace(app, command="echo no way; exit 3"))
    assert len(folders(app)) == 1
    assert not store.read_state("book")["backup"]["ok"]


def test_the_host_gets_all_files_that_the_program_needs() -> None:
    """And no other: those of the role's list, on a Python that has no Ansible."""
    variables = yaml.safe_load((COLLECTION / "roles/backup/vars/main.yml").read_text())
    needed = imports.needed_by(UTILS_FOLDER / "_backup/program.py")
    listed = {UTILS_FOLDER / f"{name}.py" for name in variables["__backup_code"]}
    assert listed == needed
    assert not [file for file in needed if re.search(r"^from ansible\.", file.read_text(), re.M)]

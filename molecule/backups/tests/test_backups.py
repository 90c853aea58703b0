"""Backups, a disaster, and the way back.

What is promised. A backup is consistent while the app writes, and says what is in it. What is cut
off, killed or without room is none. A drill finds a backup that cannot be restored, and the status
tells. After a disaster every row and every file is what it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.molecule.backups.tests.conftest import Server


testinfra_hosts = ["ansible://flask"]

FOLDERS = {"notes": "/var/backups/notes", "guestbook": "/mnt/backups-of-guestbook"}
ROWS, FILES = 50_000, 300
FILL = f"""
INSERT INTO notes (title, body, pinned, created_at, updated_at)
SELECT CONCAT('Note ', seq), REPEAT(MD5(seq), 10), seq % 2, NOW(), NOW() FROM seq_1_to_{ROWS};
CREATE TABLE IF NOT EXISTS odd (id INT PRIMARY KEY, text TEXT, data BLOB);
REPLACE INTO odd VALUES (1, 'it''s (one);\\n row\\\\', x'00ff27'), (2, '), (', NULL), (3, '🎈', '');
CREATE TABLE IF NOT EXISTS one (id INT AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS two LIKE one;
"""
UPLOADS = f"""
import os, pathlib, random, shutil
random.seed(1)
folder = pathlib.Path("/srv/notes/shared/instance/uploads")
folder.mkdir(exist_ok=True)
for number in range({FILES}):
    (folder / f"file {{number}}").write_bytes(random.randbytes(100_000))
    shutil.chown(folder / f"file {{number}}", "notes", "notes")
"""
# One row each, in one transaction: no moment has more of the one than of the other.
PAIR = "BEGIN; INSERT INTO one () VALUES (); INSERT INTO two () VALUES (); COMMIT;"
PAIRS = f"while sleep 0.01; do echo '{PAIR}'; done | mariadb notes"


@pytest.fixture(scope="module", autouse=True)
def filled(server: Server, host: Host) -> None:
    """Apps with something to lose."""
    server.sql("DELETE FROM notes; DELETE FROM jobs")
    server.sql(FILL)
    host.check_output("python3 -c %s", UPLOADS)
    host.check_output("mkdir -p /mnt/elsewhere")


def test_timers(host: Host) -> None:
    listed = host.check_output("systemctl list-timers --no-legend 'pyhost-flask-*'")
    for name in FOLDERS:
        for what in ("backup", "drill"):
            assert f"pyhost-flask-{what}-{name}.timer" in listed


def test_backup_while_the_app_writes(server: Server, host: Host) -> None:
    host.check_output("systemd-run --unit=pairs sh -c %s", PAIRS)
    try:
        said = server.start("pyhost-flask-backup-notes.service")
    finally:
        host.check_output("systemctl stop pairs.service")
    record = server.record(FOLDERS["notes"])
    assert f"{FOLDERS['notes']}/{record['id']}" in said
    assert record["revisions"] == ["0005"]
    assert (record["rows"]["notes"], record["rows"]["odd"]) == (ROWS, 3)
    assert record["rows"]["one"] == record["rows"]["two"] > 0
    # The rows that were counted as the dump passed by, against those that come back out of it.
    assert "can be restored" in server.start("pyhost-flask-drill-notes.service")
    assert host.check_output("mariadb -Ne 'SHOW DATABASES LIKE \"notes%\"'") == "notes"


def test_backup_playbook_says_where_and_the_command_has_run(server: Server, host: Host) -> None:
    said = server.play("backup", "-e", "app=guestbook")
    newest = server.backups(FOLDERS["guestbook"])[-1]
    assert f"guestbook: {FOLDERS['guestbook']}/{newest}, " in said
    assert "KB in" in said
    assert host.file(f"/mnt/elsewhere/{newest}/backup.json").exists
    host.check_output("mv /mnt/elsewhere /mnt/nowhere")
    said = server.start("pyhost-flask-backup-guestbook.service", fails=True)
    host.check_output("mv /mnt/nowhere /mnt/elsewhere")
    newer = server.backups(FOLDERS["guestbook"])[-1]
    assert newer > newest
    assert f"there is a backup in {FOLDERS['guestbook']}/{newer}, but the command" in said
    server.start("pyhost-flask-backup-guestbook.service")


def status(server: Server, name: str, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    said = server.play("status", "-e", f"status_json={tmp_path}/status.json")
    (apps,) = json.loads((tmp_path / "status.json").read_text()).values()
    return said, apps[name]["backup"]


def test_status(server: Server, tmp_path: Path) -> None:
    said, found = status(server, "notes", tmp_path)
    assert f"backup {server.backups(FOLDERS['notes'])[-1]}, " in said
    assert "ago: good, " in said
    assert (found["overdue"], found["failed"], found["drill"]["ok"]) == (False, "", True)


def test_overdue_backup_is_told(server: Server, host: Host, tmp_path: Path) -> None:
    folder = FOLDERS["guestbook"]
    now, old = server.backups(folder)[-1], "20200101T000000Z"
    host.check_output(
        f"mkdir /mnt/away && mv {folder}/* /mnt/away/ && cp -r /mnt/away/{now} {folder}/{old}"
    )
    host.check_output(f"sed -i s/{now}/{old}/ {folder}/{old}/backup.json")
    said, found = status(server, "guestbook", tmp_path)
    host.check_output(f"rm -r {folder}/{old} && mv /mnt/away/* {folder}/ && rmdir /mnt/away")
    assert f"OVERDUE, {old}" in said
    assert found["overdue"]


@pytest.mark.parametrize("honest", [False, True])
def test_drill_finds_a_dump_that_is_cut_off(
    server: Server, host: Host, honest: bool, tmp_path: Path
) -> None:
    place = f"{FOLDERS['notes']}/{server.backups(FOLDERS['notes'])[-1]}"
    host.check_output(f"cp -a {place} /root/good && truncate -s -100 {place}/database.sql.gz")
    if honest:  # as if the disk had been bad already when the checksum was taken
        sums = [
            host.check_output(f"sha256sum <{path}/database.sql.gz").split()[0]
            for path in ("/root/good", place)
        ]
        host.check_output(f"sed -i s/{'/'.join(sums)}/ {place}/backup.json")
    before = server.state("notes")
    said = server.start("pyhost-flask-drill-notes.service", fails=True)
    if not honest:
        shown, found = status(server, "notes", tmp_path)
        assert "ago: FAILED" in shown
        assert not found["drill"]["ok"]
    refused = server.play("restore", "-e", "app=notes", fails=True)
    after = server.state("notes")
    host.check_output(f"rm -r {place} && mv /root/good {place}")
    assert "cannot be restored" in said
    assert "cannot be restored" in refused
    assert after == before
    assert "can be restored" in server.start("pyhost-flask-drill-notes.service")


def test_killed_backup_is_none(server: Server, host: Host) -> None:
    before = server.backups(FOLDERS["notes"])
    # A table that is locked holds the dump up.
    hold = "mariadb notes -e 'LOCK TABLES tags WRITE; SELECT SLEEP(60)'"
    host.check_output("systemd-run --unit=hold sh -c %s", hold)
    time.sleep(1)
    host.check_output("systemctl start --no-block pyhost-flask-backup-notes.service")
    end = time.monotonic() + 30
    while host.run(f"test -s {FOLDERS['notes']}/*.part/database.sql.gz").rc:
        assert time.monotonic() < end
    host.check_output("systemctl kill --signal=KILL pyhost-flask-backup-notes.service")
    host.check_output("systemctl stop hold.service")
    assert server.backups(FOLDERS["notes"]) == before
    assert "can be restored" in server.start("pyhost-flask-drill-notes.service")
    assert server.host.run(f"ls -d {FOLDERS['notes']}/*.part").rc != 0


def test_full_disk_is_said_and_leaves_nothing(server: Server, host: Host) -> None:
    folder = FOLDERS["notes"]
    host.check_output(f"mount -t tmpfs -o size=1m,mode=700 tmpfs {folder}")
    try:
        said = server.start("pyhost-flask-backup-notes.service", fails=True)
        left = host.check_output(f"ls -A {folder}")
    finally:
        host.check_output(f"umount {folder}")
    assert "No space left on device" in said
    assert "MB are free there" in said
    assert left == ""


def test_unknown_backup_is_refused_with_a_list(server: Server) -> None:
    before = server.state("notes")
    said = server.play("restore", "-e", "app=notes", "-e", "backup=20200101T000000Z", fails=True)
    assert "there is no backup 20200101T000000Z in /var/backups/notes. There are:" in said
    assert all(name in said for name in server.backups(FOLDERS["notes"]))
    assert server.state("notes") == before


def test_revision_that_the_release_does_not_know_is_refused(server: Server, host: Host) -> None:
    record = f"{FOLDERS['notes']}/{server.backups(FOLDERS['notes'])[-1]}/backup.json"
    host.check_output(f"cp -p {record} /root/ && sed -i s/0005/0099/ {record}")
    said = server.play("restore", "-e", "app=notes", fails=True)
    host.check_output(f"cp -p /root/backup.json {record}")
    assert "is at revision 0099, which the live release" in said
    assert "does not know. Nothing was changed." in said


def test_beside_it_the_app_is_not_touched(server: Server, host: Host) -> None:
    server.start("pyhost-flask-backup-notes.service")
    before = server.state("notes")
    server.sql("DELETE FROM odd")
    changed = server.state("notes")
    said = server.play("restore", "-e", "app=notes", "-e", "beside=true")
    assert "database: notes_restored_" in said
    assert server.state("notes") == changed != before
    assert host.check_output("mariadb notes_restored_ -Ne 'SELECT COUNT(*) FROM odd'") == "3"
    assert host.check_output("ls /srv/notes/restored/instance/uploads | wc -l") == str(FILES)
    host.check_output("mariadb -e 'DROP DATABASE notes_restored_' && rm -r /srv/notes/restored")


@pytest.mark.parametrize("name", list(FOLDERS))
def test_disaster(
    server: Server,
    host: Host,
    browser: Browser,
    zone: str,
    app_of: Callable[[str], App],
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name == "guestbook":
        browser.get(f"http://guestbook.{zone}/", "--data", "name=Ann")
    else:
        server.sql("REPLACE INTO odd VALUES (9, 'the last word', NULL)")
    server.start(f"pyhost-flask-backup-{name}.service")
    before, record = server.state(name), server.record(FOLDERS[name])
    if name == "notes":
        host.check_output("mariadb -e 'DROP DATABASE notes'")
    host.check_output(f"rm -rf /srv/{name}/shared")
    assert browser.get(f"http://{name}.{zone}/").status >= 500
    begin = time.monotonic()
    server.play("restore", "-e", f"app={name}")
    seconds = time.monotonic() - begin
    assert server.state(name) == before
    page = browser.get(f"http://{name}.{zone}/")
    assert page.status == 200, page.text
    assert ("Ann" if name == "guestbook" else "Note 49999") in page.text
    what = f"{sum(record['rows'].values())} rows and {record['entries']} files and folders"
    size = sum(file["size"] for file in record["files"].values()) / 1e6
    with capsys.disabled():
        print(
            f"\n\n  counted {zone}, {name}: {what} ({size:.1f} MB packed) lost and restored,",
            end="",
        )
        print(f" identical, in {seconds:.1f} s; the backup took {record['seconds']} s\n")
    if name == "notes":
        assert host.service(f"flask-notes.worker@{app_of('notes').slot}").is_running


def test_state_before_a_restore_is_kept(server: Server, host: Host) -> None:
    """And a table that is gone, without the rest, is no reason not to restore."""
    ids = server.backups(FOLDERS["notes"])
    before = server.state("notes")
    server.sql("SET foreign_key_checks = 0; DROP TABLE notes; DELETE FROM odd WHERE id < 9")
    server.play("restore", "-e", "app=notes")
    assert server.state("notes") == before
    (safety,) = set(server.backups(FOLDERS["notes"])) - set(ids)
    record = json.loads(host.check_output(f"cat {FOLDERS['notes']}/{safety}/backup.json"))
    assert record["kind"] == "safety"
    assert "notes" not in record["rows"]
    assert record["rows"]["odd"] == 1


def test_views_and_triggers_come_back(server: Server) -> None:
    """They cannot be renamed: such a database is loaded a second time, into its place."""
    server.sql(
        "CREATE VIEW v AS SELECT id FROM odd; CREATE TRIGGER t BEFORE INSERT ON odd FOR"
        " EACH ROW SET NEW.text = LOWER(NEW.text)"
    )
    server.start("pyhost-flask-backup-notes.service")
    before = server.state("notes")
    server.sql("DROP TRIGGER t; DROP VIEW v; DELETE FROM odd")
    server.play("restore", "-e", "app=notes")
    assert server.state("notes") == before
    server.sql("DROP TRIGGER t; DROP VIEW v")


def test_older_revision_is_migrated(server: Server, host: Host) -> None:
    host.check_output("flask-app notes flask db downgrade 0004")
    server.start("pyhost-flask-backup-notes.service")
    older = server.record(FOLDERS["notes"])
    assert older["revisions"] == ["0004"]
    host.check_output("flask-app notes flask db upgrade")
    server.play("restore", "-e", "app=notes", "-e", f"backup={older['id']}")
    assert server.sql("SELECT version_num FROM alembic_version").strip() == "0005"


def test_app_that_goes_takes_its_timers_along_and_leaves_its_backups(
    server: Server, host: Host
) -> None:
    before = server.backups(FOLDERS["guestbook"])
    server.play("site", "-e", '{"only": ["notes"]}')
    listed = host.check_output("systemctl list-timers --all --no-legend 'pyhost-flask-*'")
    server.play("site")
    assert "guestbook" not in listed
    assert "pyhost-flask-drill-notes.timer" in listed
    assert server.backups(FOLDERS["guestbook"]) == before
    listed = host.check_output("systemctl list-timers --no-legend 'pyhost-flask-*'")
    assert "pyhost-flask-backup-guestbook.timer" in listed

"""An app on MySQL: its rights, a plan, a migration with its dump, a backup, a drill, and back."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = ["ansible://flask"]

BACKUPS, DUMPS = "/var/backups/notes", "/var/backups/pyhost-flask/notes"
# Only a new release is asked for its migrations; this one differs in its tests.
OTHER = ("-e", "version=v0.1.0")
ODD = r"""
CREATE TABLE IF NOT EXISTS odd (id INT PRIMARY KEY, text TEXT, data BLOB, list JSON);
REPLACE INTO odd VALUES (1, 'it''s (one);\n row\\', x'00ff27', '["(", "\\""]'),
  (2, '), (', NULL, NULL), (3, '🎈', '', '{}');
"""
# What is in a database, in a dump without anything of the server or of the day.
ROWS = """mysqldump --set-gtid-purged=OFF --no-tablespaces --single-transaction --skip-comments \
  --skip-extended-insert notes | sort | sha256sum"""


@pytest.fixture(scope="module")
def sql(host: Host) -> Callable[[str], str]:
    return lambda text: host.check_output("mysql notes -Ne %s", text)


@pytest.fixture(scope="module")
def play() -> Callable[..., str]:
    """Run one of the user's playbooks, and return what it said."""

    def run(playbook: str, *options: str) -> str:
        inventory = Path(os.environ["MOLECULE_INVENTORY_FILE"]).parent
        argv = ["ansible-playbook", "-i", str(inventory), f"pyhost.flask.{playbook}", *options]
        environment = {**os.environ, "ANSIBLE_PIPELINING": "true", "NO_COLOR": "1"}
        done = subprocess.run(argv, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="module")
def backup(
    host: Host, sql: Callable[[str], str], play: Callable[..., str]
) -> tuple[dict[str, Any], str]:
    """A backup of an app with something to lose, and the state that it is of."""
    sql(ODD)
    before = host.check_output(ROWS)
    play("backup", "-e", "app=notes")
    newest = host.check_output(f"ls {BACKUPS} | tail -1")
    return json.loads(host.check_output(f"cat {BACKUPS}/{newest}/backup.json")), before


def test_app_is_served_from_mysql(browser: Browser, zone: str, host: Host) -> None:
    assert browser.get(f"http://notes.{zone}/health").status == 200
    assert "MariaDB" not in host.check_output("mysql -Ne 'SELECT VERSION()'")
    assert "mysql+pymysql://notes@localhost/" in host.file("/etc/notes/environment").content_string


def test_app_has_rights_on_its_database_alone(host: Host) -> None:
    as_app = "runuser -u notes -- mysql -Ne"
    seen = host.check_output(f"{as_app} 'SHOW DATABASES'").split()
    assert [name for name in seen if not name.endswith("_schema")] == ["notes"]
    assert host.run(f"{as_app} 'SELECT * FROM mysql.user'").rc != 0
    assert host.run("runuser -u nobody -- mysql -u notes -e ''").rc != 0


def dumps(host: Host) -> set[str]:
    return set(host.run(f"ls {DUMPS}").stdout.split())


def test_migration_is_planned_and_dumped_first(
    host: Host, sql: Callable[[str], str], play: Callable[..., str]
) -> None:
    host.check_output("flask-app notes flask db downgrade 0004")
    before = host.check_output(ROWS)
    said = play("deploy", "--check", "--diff", *OTHER)
    assert "-- Running upgrade 0004 -> 0005" in said
    assert host.check_output(ROWS) == before
    known = dumps(host)
    play("deploy", *OTHER)
    assert sql("SELECT version_num FROM alembic_version") == "0005"
    (dump,) = dumps(host) - known
    assert "-0004." in dump
    text = host.check_output(f"zcat {DUMPS}/{dump}")
    assert "INSERT INTO `alembic_version` VALUES ('0004');" in text
    assert "GTID_PURGED" not in text


def test_backup_counts_what_is_in_it(
    backup: tuple[dict[str, Any], str], sql: Callable[[str], str]
) -> None:
    record = backup[0]
    assert record["revisions"] == ["0005"]
    counted = {name: int(sql(f"SELECT COUNT(*) FROM {name}")) for name in record["rows"]}
    assert record["rows"] == counted
    assert counted["odd"] == 3


def test_drill_finds_it_good(backup: tuple[dict[str, Any], str], host: Host) -> None:
    host.check_output("systemctl start pyhost-flask-drill-notes.service")
    assert host.check_output("mysql -Ne 'SHOW DATABASES LIKE \"notes%\"'") == "notes"


def test_restore_beside(
    backup: tuple[dict[str, Any], str],
    host: Host,
    sql: Callable[[str], str],
    play: Callable[..., str],
) -> None:
    sql("DELETE FROM odd")
    assert "notes_restored_" in play("restore", "-e", "app=notes", "-e", "beside=true")
    assert sql("SELECT COUNT(*) FROM odd") == "0"
    assert host.check_output(ROWS.replace(" notes ", " notes_restored_ ")) == backup[1]
    host.check_output("mysql -e 'DROP DATABASE notes_restored_' && rm -r /srv/notes/restored")


@pytest.mark.parametrize("views", [False, True])
def test_restore_into_place(
    backup: tuple[dict[str, Any], str],
    host: Host,
    sql: Callable[[str], str],
    play: Callable[..., str],
    browser: Browser,
    zone: str,
    views: str,
) -> None:
    """By a rename of the tables; and, as views cannot be renamed, by loading them again."""
    sql("CREATE VIEW v AS SELECT id FROM odd" if views else "DELETE FROM odd")
    assert host.check_output(ROWS) != backup[1]
    play("restore", "-e", "app=notes", "-e", f"backup={backup[0]['id']}")
    assert host.check_output(ROWS) == backup[1]
    assert browser.get(f"http://notes.{zone}/health").status == 200
    assert re.findall("notes.*", sql("SHOW DATABASES")) == ["notes"]

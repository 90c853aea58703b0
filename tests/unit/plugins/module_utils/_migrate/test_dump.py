# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._database.flavor import MARIADB, MYSQL
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import dump as migrate_dump


def database(kind: str, **given: Any) -> dumps.Database:
    empty = {"name": "notes", "host": "", "port": 0, "user": "", "password": "", "query": {}}
    return {"kind": kind, **empty, **given}


SOCKET = {"unix_socket": "/run/db.sock", "charset": "utf8mb4"}
UNVERIFIED = "loose-skip-ssl-verify-server-cert"
VERIFIED = "loose-ssl-verify-server-cert"
URLS = [
    (
        {"host": "localhost", "user": "notes", "query": SOCKET},
        ['user="root"', 'socket="/run/db.sock"', UNVERIFIED],
    ),
    (
        {"host": "db", "port": 3307, "user": "notes", "password": 'a"b\\c'},
        ['host="db"', 'port="3307"', 'user="notes"', 'password="a\\"b\\\\c"', UNVERIFIED],
    ),
    (
        {"host": "db", "user": "notes", "password": "p", "query": {"ssl_ca": "/ca.pem"}},
        ['host="db"', 'user="notes"', 'password="p"', 'ssl-ca="/ca.pem"', VERIFIED],
    ),
    (
        {"host": "db", "query": {"ssl_ca": "/ca.pem", "ssl_check_hostname": "false"}},
        ['host="db"', 'ssl-ca="/ca.pem"'],
    ),
]


@pytest.mark.parametrize(("given", "lines"), URLS)
def test_the_options_of_mysql_clients(given: dict[str, Any], lines: list[str]) -> None:
    found = dumps.mysql_options(database("mysql", **given), MARIADB)
    assert found.splitlines() == ["[client]", *lines]
    # MySQL's clients have other names for what they verify, and the same for all else.
    modes = {UNVERIFIED: "ssl-mode=PREFERRED", VERIFIED: "ssl-mode=VERIFY_IDENTITY"}
    found = dumps.mysql_options(database("mysql", **given), MYSQL)
    own = [] if "root" in lines[0] else ["[mysqldump]", "loose-skip-masking-policies"]
    assert found.splitlines() == ["[client]", *(modes.get(line, line) for line in lines), *own]


def test_the_environment_of_postgresql_programs() -> None:
    given = database("postgresql", host="db", port=5433, user="notes", password="p")
    assert dumps.postgresql_environment(given) == {
        "PGHOST": "db",
        "PGPORT": "5433",
        "PGUSER": "notes",
        "PGPASSWORD": "p",
        "PGDATABASE": "notes",
    }
    given = database("postgresql", query={"host": "/run/postgresql", "sslmode": "require"})
    assert dumps.postgresql_environment(given) == {
        "PGDATABASE": "notes",
        "PGHOST": "/run/postgresql",
        "PGSSLMODE": "require",
    }


def test_a_sqlite_database_in_use_is_dumped_whole(tmp_path: Path) -> None:
    file, folder = tmp_path / "a b?.db", tmp_path / "dumps"
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE t (x)")
        db.execute("INSERT INTO t VALUES ('in the log')")
        db.commit()
        db.execute("INSERT INTO t VALUES ('not committed')")
        dump = migrate_dump.dump(database("sqlite", name=str(file)), folder, "now-notes-a1", "root")
    assert dump.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == [dump]
    (tmp_path / "restored.db").write_bytes(gzip.decompress(dump.read_bytes()))
    with closing(sqlite3.connect(tmp_path / "restored.db")) as db:
        assert db.execute("SELECT x FROM t").fetchall() == [("in the log",)]


def test_a_dump_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Nothing was migrated"):
        migrate_dump.dump(
            database("sqlite", name="/nowhere/x.db"), tmp_path / "dumps", "now", "root"
        )
    assert list((tmp_path / "dumps").iterdir()) == []


def test_what_a_killed_run_has_left_is_removed(tmp_path: Path) -> None:
    file, folder = tmp_path / "notes.db", tmp_path / "dumps"
    file.touch()
    folder.mkdir()
    for name in ("before-notes-a1.db.gz.part", "tmpabc.part"):
        (folder / name).touch()
    migrate_dump.dump(database("sqlite", name=str(file)), folder, "now-notes-a1", "root")
    assert [path.name for path in folder.iterdir()] == ["now-notes-a1.db.gz"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file/dumps"):
        migrate_dump.dump(database("sqlite"), tmp_path / "file/dumps", "now", "root")


def test_a_database_without_a_dump_program_is_named() -> None:
    assert dumps.missing(database("sqlite")) == ""
    assert "no program for it" in dumps.missing(database("mssql"))


def test_the_newest_dumps_are_kept(tmp_path: Path) -> None:
    for name in ("2026A-x-a1.sql.gz", "2026A-y-a1.sql.gz", "2026B-x-b2.sql.gz", "2026C-x-c.db.gz"):
        (tmp_path / name).touch()
    migrate_dump.prune(tmp_path, 2)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "2026B-x-b2.sql.gz",
        "2026C-x-c.db.gz",
    ]


RESTORE = [
    (database("mysql"), "zcat /b/x.gz | mariadb notes"),
    (database("mysql", host="db", user="web"), "zcat /b/x.gz | mariadb -h db -u web -p notes"),
    (database("postgresql"), "runuser -u postgres -- createdb --owner=notes notes"),
    (database("postgresql", host="db"), "zcat /b/x.gz | psql notes"),
    (database("sqlite", name="/srv/n.db"), "zcat /b/x.gz > /srv/n.db"),
]


@pytest.mark.parametrize(("what", "command"), RESTORE)
def test_restoring_is_told_for_each_kind(what: dumps.Database, command: str) -> None:
    assert command in migrate_dump.restore(what, Path("/b/x.gz"), "notes")


DATABASES: list[tuple[str, dumps.Database | None]] = [
    ("sqlite:////srv/notes/shared/notes.db", database("sqlite", name="/srv/notes/shared/notes.db")),
    (
        "mysql+pymysql://notes@localhost/notes?unix_socket=/run/db.sock&charset=utf8mb4",
        database("mysql", host="localhost", user="notes", query=SOCKET),
    ),
    (
        "postgresql+psycopg://notes:p%40ss@db:5433/notes",
        database("postgresql", host="db", port=5433, user="notes", password="p@ss"),
    ),
    ("postgres://db/notes", database("postgresql", host="db")),
    ("", None),
    ("sqlite://", None),
    ("sqlite:///:memory:", None),
]


@pytest.mark.parametrize(("url", "where"), DATABASES)
def test_where_the_database_of_a_url_is(url: str, where: dumps.Database | None) -> None:
    assert dumps.location(url) == where


def test_a_file_without_a_full_path_is_refused() -> None:
    with pytest.raises(ValueError, match=r"notes\.db is not a full path"):
        dumps.location("sqlite:///notes.db")

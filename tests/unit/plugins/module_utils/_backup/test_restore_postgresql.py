# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backup, drill and restore on a real server, where root finds PostgreSQL's programs."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._backup import make, program, unpack
from ansible_collections.pyhost.flask.plugins.module_utils._backup.plan import Settings
from ansible_collections.pyhost.flask.plugins.module_utils._backup.restore import Doors, Restore
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
with socket.create_server(("127.0.0.2", 0)) as free:
    PORT = str(free.getsockname()[1])  # another run of the tests has its own
TABLES = """
CREATE TABLE "User" (id serial PRIMARY KEY, name text);
INSERT INTO "User" (name) SELECT E'line\\n\\\\.\\t' || n FROM generate_series(1, 1000) AS n;
CREATE TABLE alembic_version (version_num text);
INSERT INTO alembic_version VALUES ('0005');
CREATE VIEW many AS SELECT * FROM "User" WHERE id > 10;
"""
ROWS = {'public."User"': 1000, "public.alembic_version": 1}

pytestmark = pytest.mark.skipif(
    not PROGRAMS or os.getuid() != 0, reason="needs root and PostgreSQL's server"
)


@pytest.fixture(scope="module")
def sql() -> Iterator[Callable[..., str]]:
    """A server of its own; runs SQL as its administrator."""
    folder = tempfile.mkdtemp()
    shutil.chown(folder, "postgres")
    become = ["runuser", "-u", "postgres", "--"]
    control = [*become, PROGRAMS[-1].with_name("pg_ctl"), "-w", "-D", f"{folder}/data"]
    options = f"-p {PORT} -k {folder} -c listen_addresses=127.0.0.2 -c fsync=off"

    def run(*argv: object, text: str = "") -> str:
        done = subprocess.run(
            list(map(str, argv)), check=True, cwd="/", input=text, text=True, stdout=-1
        )
        return done.stdout

    def ask(statements: str, database: str = "postgres") -> str:
        psql = ["psql", "-qtA", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", PORT, database]
        return run(*become, *psql, text=statements).strip()

    run(*become, PROGRAMS[-1], "-D", f"{folder}/data", "--auth=trust")
    run(*control, "-o", options, "-l", f"{folder}/log", "start")
    ask("CREATE ROLE notes LOGIN; CREATE ROLE weak LOGIN;")
    yield ask
    run(*control, "-m", "immediate", "stop")
    shutil.rmtree(folder)


def by_socket(sql: Callable[..., str]) -> str:
    return (
        f"postgresql+psycopg://notes@/notes?port={PORT}&host={sql('SHOW unix_socket_directories')}"
    )


def by_network(sql: Callable[..., str]) -> str:
    """As on another host, where nobody is the server's administrator."""
    sql("ALTER ROLE notes CREATEDB")
    return f"postgresql://notes:secret@127.0.0.2:{PORT}/notes"


@pytest.fixture(params=[by_socket, by_network])
def postgresql(app: Settings, sql: Callable[..., str], request: pytest.FixtureRequest) -> Settings:
    sql("DROP DATABASE IF EXISTS notes WITH (FORCE)")
    sql("CREATE DATABASE notes OWNER notes")
    sql(f"SET ROLE notes; {TABLES}", "notes")
    Path(app.environment).write_text(f"DATABASE_URL='{request.param(sql)}'\n")
    (Path(app.shared) / "book.db").unlink()
    return replace(app, user="postgres")


class Nothing:
    def start(self) -> None: ...

    def stop(self) -> None: ...


@pytest.mark.parametrize("disaster", ['DELETE FROM "User"', "DROP DATABASE notes"])
def test_the_way_there_and_back(
    postgresql: Settings, sql: Callable[..., str], disaster: str
) -> None:
    backup = program.back_up(postgresql)
    assert backup
    assert (backup.rows, backup.revisions) == (ROWS, ("0005",))
    assert program.drill(postgresql) == backup
    everything = "SELECT md5(string_agg(id || name, ',' ORDER BY id)) FROM \"User\""
    before = sql(everything, "notes")
    sql(disaster, "postgres" if "DATABASE" in disaster else "notes")
    restore = Restore(postgresql, backup)
    restore.into_place(Doors(Path(postgresql.root), "page", Nothing()))
    assert sql(everything, "notes") == before
    assert sql("SELECT count(*) FROM many", "notes") == "990"
    assert sql("SELECT tableowner FROM pg_tables WHERE tablename = 'User'", "notes") == "notes"
    assert sql("SELECT datname FROM pg_database WHERE datname LIKE 'notes%'") == "notes"
    assert restore.safety
    lost = None if "DATABASE" in disaster else {**ROWS, 'public."User"': 0}
    assert restore.safety.rows == lost


def test_a_user_without_the_right_is_told(postgresql: Settings, sql: Callable[..., str]) -> None:
    sql("ALTER DATABASE notes OWNER TO weak; GRANT notes TO weak;")
    url = f"postgresql://weak:secret@127.0.0.2:{PORT}/notes"
    Path(postgresql.environment).write_text(f"DATABASE_URL={url}\n")
    make.make(postgresql)
    with pytest.raises(UserError, match="permission denied to create database"):
        unpack.drill(postgresql)

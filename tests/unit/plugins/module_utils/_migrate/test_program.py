# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that runs inside of a release, run for real on small apps with SQLite."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.session import Session

pytest.importorskip("alembic")

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool
URL
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
FLASK_URL = "from flask import current_app; url = current_app.config['DATABASE_URL']"
ALEMBIC_URL = "url = context.config.get_main_option('sqlalchemy.url')"
FLASK_APP = """
import os
from flask import Flask
from flask_migrate import Migrate
print("whatever an app prints")
def create_app():
    app = Flask(__name__)
    app.config["DATABASE_URL"] = os.environ["DATABASE_URL"]
    Migrate(app, object())
    return app
"""
PLAIN_APP = "from flask import Flask\ndef create_app(): return Flask(__name__)\n"
SCRIPT = '''"""add {revision}"""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "{revision}", {down!r}, None, None
def upgrade():
    op.create_table("{revision}", sa.Column("id", sa.Integer, primary_key=True))
    {more}
def downgrade():
    op.drop_table("{revision}")
'''


class App:
    """An app in a folder, its migrations and its database."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.database, self.kind = folder / "code", folder / "data/app.db", kind
        (self.folder / "migrations/versions").mkdir(parents=True)
        self.database.parent.mkdir()
        url = FLASK_URL if kind == "flask-migrate" else ALEMBIC_URL
        (self.folder / "migrations/env.py").write_text(ENV.replace("URL", url, 1))
        if kind == "flask-migrate":
            (self.folder / "app.py").write_text(FLASK_APP)
            (self.folder / "migrations/alembic.ini").write_text("[alembic]\n")
        else:
            (self.folder / "app.py").write_text(PLAIN_APP)
            (self.folder / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
        self.script("a1", None)
        self.script("b2", "a1")

    def script(self, revision: str, down: str | None, more: str = "") -> None:
        file = self.folder / f"migrations/versions/{revision}.py"
        file.write_text(SCRIPT.format(revision=revision, down=down, more=more))

    def session(self) -> Session:
        variables = {"DATABASE_URL": f"sqlite:///{self.database}", "PATH": os.environ["PATH"]}
        return Session([sys.executable], str(self.folder), variables)

    def tables(self) -> set[str]:
        with closing(sqlite3.connect(self.database)) as db:
            rows = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {name for (name,) in rows}


@pytest.fixture(params=["flask-migrate", "alembic"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> App:
    if request.param == "flask-migrate" and importlib.util.find_spec("flask_migrate") is None:
        pytest.skip("Flask-Migrate is not installed")
    return App(tmp_path, request.param)


def load(session: Session, read_only: bool = False, flask_app: str = "app:create_app()") -> str:
    return str(session.ask("load", flask_app=flask_app, read_only=read_only)["kind"])


@pytest.mark.parametrize("location", ["migrations", "db/migrations", "%(here)s/migrations"])
def test_the_folder_of_the_migrations_can_be_said(app: App, location: str) -> None:
    (app.folder / "db").mkdir()
    if app.kind == "flask-migrate":
        folder = "db/migrations"
    else:
        folder = "db"
        ini = f"[alembic]\nscript_location = {location}\n"
        (app.folder / "alembic.ini").unlink()
        (app.folder / "db/alembic.ini").write_text(ini)
    (app.folder / "migrations").rename(app.folder / "db/migrations")
    with app.session() as session:
        assert load(session) == "none"
    with app.session() as session:
        answer = session.ask("load", flask_app="app:create_app()", read_only=True, folder=folder)
        assert answer["kind"] == app.kind
        assert session.ask("observe")["heads"] == ["b2"]


def test_an_empty_database_is_brought_up_and_down_again(app: App) -> None:
    with app.session() as session:
        assert load(session) == app.kind
        have = session.ask("observe")
        assert have["current"] == []
        assert have["heads"] == ["b2"]
        assert have["revisions"] == [
            {"revision": "a1", "message": "add a1", "needs": []},
            {"revision": "b2", "message": "add b2", "needs": ["a1"]},
        ]
        assert have["databases"][0]["empty"] is True
        assert session.ask("lock", seconds=1)["locked"]
        session.ask("run", direction="upgrade", target="b2")
        have = session.ask("observe")
        assert have["current"] == ["b2"]
        assert have["databases"][0]["empty"] is False
        session.ask("run", direction="downgrade", target="a1")
    assert app.tables() == {"alembic_version", "a1"}


def test_looking_makes_no_database(app: App) -> None:
    with app.session() as session:
        load(session, read_only=True)
        assert session.ask("observe")["current"] == []
        sql = session.ask("sql", direction="upgrade", start="", target="b2")["sql"]
        assert "CREATE TABLE a1" in sql
        assert "CREATE TABLE b2" in sql
    assert list(app.database.parent.iterdir()) == []


def test_looking_writes_nothing_whatever_migrations_do(app: App) -> None:
    with app.session() as session:
        load(session)
        session.ask("run", direction="upgrade", target="b2")
    app.script("c3", "b2", f"sa.create_engine('sqlite:///{app.database}').execute('x')")
    before = app.database.read_bytes()
    with app.session() as session:
        load(session, read_only=True)
        assert session.ask("observe")["current"] == ["b2"]
        assert session.try_to("sql", direction="upgrade", start="b2", target="c3")["sql"] == ""
        assert "readonly" in session.try_to("run", direction="upgrade", target="c3")["error"]
    assert app.database.read_bytes() == before


def test_sql_that_depends_on_the_data_is_not_made_up(app: App) -> None:
    app.script("c3", "b2", "op.get_bind().execute(sa.text('SELECT 1')).scalar() + 1")
    with app.session() as session:
        load(session)
        answer = session.try_to("sql", direction="upgrade", start="b2", target="c3")
        assert answer["sql"] == ""
        assert "error" in answer


def test_a_failure_names_the_migration_and_its_line(app: App) -> None:
    app.script("c3", "b2", "op.execute('INSERT INTO nowhere VALUES (1)')")
    with app.session() as session:
        load(session)
        answer = session.try_to("run", direction="upgrade", target="c3")
        assert answer["failed"] == "c3"
        assert "no such table: nowhere" in answer["error"]
        assert "c3.py" in answer["error"]
        assert "site-packages" not in answer["error"]


def test_one_waits_for_the_other(app: App) -> None:
    with app.session() as first, app.session() as second:
        load(first), load(second)
        first.ask("observe"), second.ask("observe")
        assert first.ask("lock", seconds=0)["locked"]
        assert not second.ask("lock", seconds=0)["locked"]
    with app.session() as third:
        load(third)
        third.ask("observe")
        assert third.ask("lock", seconds=0)["locked"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("raise SystemExit('no settings')", "no settings"),
        ("import os; os._exit(3)", "ended with status 3"),
        ("print('0123456789', flush=True); import os; os._exit(3)", "hidden"),
    ],
)
def test_an_app_that_does_not_start_says_why(app: App, code: str, message: str) -> None:
    if app.kind == "alembic":
        pytest.skip("plain Alembic does not import the app")
    (app.folder / "app.py").write_text(code)
    with app.session() as session:
        session.environment["SECRET_KEY"] = "0123456789"
        with pytest.raises(UserError, match=message):
            load(session)

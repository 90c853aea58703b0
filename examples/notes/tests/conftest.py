"""One database for all tests, made by the migrations and emptied before each test.

It is a SQLite file, or what TEST_DATABASE_URL names: an empty database on MariaDB or PostgreSQL.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from notes import create_app
from notes.extensions import db


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("database") / "notes.sqlite3"
    url = os.environ.get("TEST_DATABASE_URL") or f"sqlite:///{file}"
    with create_app({"TESTING": True, "SQLALCHEMY_DATABASE_URI": url}).app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    return url


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    app = create_app(
        {
            "TESTING": True,
            "WTF_CSRF_ENABLED": False,
            "SQLALCHEMY_DATABASE_URI": database_url,
            "UPLOAD_FOLDER": tmp_path / "uploads",
        }
    )
    with app.app_context():
        for table in reversed(db.metadata.sorted_tables):
            db.session.execute(table.delete())
        db.session.commit()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


class Board:
    """Writes notes as the browser does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def add(self, title: str = "A note", body: str = "Some text", **fields: object) -> int:
        """Fill in the form for a new note; return the ID of the note."""
        return self.save("/notes/new", title=title, body=body, **fields)

    def save(self, url: str, **fields: object) -> int:
        response = self.client.post(url, data=fields)
        assert response.status_code == 302, response.text
        found = re.fullmatch(r"/notes/(\d+)", response.location)
        assert found
        return int(found[1])

    def page(self, url: str = "/", status: int = 200) -> str:
        response = self.client.get(url)
        assert response.status_code == status, response.text
        return response.text


@pytest.fixture
def board(client: FlaskClient) -> Board:
    return Board(client)

import json
from io import BytesIO

import pytest

from notes import create_app
from notes.views import service


def test_health(app, client):
    app.config["APP_RELEASE"] = "20250102-abc"
    response = client.get("/health")
    assert response.status_code == 200
    assert response.json == {"status": "ok", "release": "20250102-abc", "database": "ok"}
    assert "<code>20250102-abc</code>" in client.get("/").text


def test_health_without_a_release(client):
    assert client.get("/health").json["release"] is None
    assert "<code>unknown</code>" in client.get("/").text


@pytest.mark.parametrize("file", ["nowhere/notes.sqlite3", "without-tables.sqlite3"])
def test_health_without_its_database(tmp_path, file):
    url = f"sqlite:///{tmp_path / file}"
    app = create_app({"TESTING": True, "SQLALCHEMY_DATABASE_URI": url})
    response = app.test_client().get("/health")
    assert response.status_code == 503
    assert response.json == {"status": "error", "release": None, "database": "OperationalError"}


def test_export(board, client, monkeypatch):
    monkeypatch.setattr(service, "BATCH", 2)
    for number in range(5):
        board.add(f"note {number} 🥐", tags="a, b", files=(BytesIO(b"xyz"), "file.txt"))
    response = client.get("/export")
    assert response.mimetype == "application/x-ndjson"
    assert response.is_streamed
    notes = [json.loads(line) for line in response.text.splitlines()]
    assert [note["title"] for note in notes] == [f"note {number} 🥐" for number in range(5)]
    assert notes[0]["tags"] == ["a", "b"]
    assert notes[0]["attachments"] == [{"name": "file.txt", "size": 3, "sha256": None}]


def test_export_of_nothing(client):
    assert client.get("/export").text == ""


@pytest.mark.parametrize("name", ["notes.css", "notes.js", "favicon.svg"])
def test_static_files(client, name):
    assert client.get(f"/static/{name}").status_code == 200
    assert f"/static/{name}" in client.get("/").text

from io import BytesIO
from pathlib import Path

import pytest

from notes.extensions import db
from notes.models import Attachment
from notes.uploads import display_name

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels"


def stored(app):
    folder = Path(app.config["UPLOAD_FOLDER"])
    return list(folder.iterdir()) if folder.exists() else []


def attachments(app):
    with app.app_context():
        return list(db.session.scalars(db.select(Attachment).order_by(Attachment.id)))


def test_picture_is_shown(app, board, client):
    note = board.add(files=(BytesIO(PNG), "Ferien am Meer.png"))
    [file] = attachments(app)
    page = board.page(f"/notes/{note}")
    assert f'<img src="/attachments/{file.id}" alt="Ferien am Meer.png"' in page
    assert f'<img class="cover" src="/attachments/{file.id}"' in board.page()
    response = client.get(f"/attachments/{file.id}")
    assert response.data == PNG
    assert response.content_type == "image/png"
    assert response.headers["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<html><script>alert(1)</script>", "page.html"),
        (b"<svg onload='alert(1)'/>", "drawing.svg"),
        (b"<script>alert(1)</script>", "fake.png"),
        (b"", "empty.txt"),
    ],
)
def test_everything_else_is_only_downloaded(app, board, client, content, name):
    board.add(files=(BytesIO(content), name, "image/png"))
    response = client.get(f"/attachments/{attachments(app)[0].id}")
    assert response.data == content
    assert response.content_type == "application/octet-stream"
    assert response.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]


def test_names_from_outside_name_no_file(app, board):
    board.add(files=(BytesIO(b"x"), "../../../etc/passwd"))
    [file] = stored(app)
    assert file.name == attachments(app)[0].stored_as
    assert file.name.isalnum()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\Users\\me\\plan.pdf", "plan.pdf"),
        ("../..", ".."),
        ("a\r\nb.txt", "ab.txt"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 180 + "x" * 16 + ".pdf"),
    ],
)
def test_display_name(given, shown):
    assert display_name(given) == shown


def test_several_files(app, board):
    board.add(files=[(BytesIO(b"1"), "one.txt"), (BytesIO(b"22"), "two.txt")])
    assert [(file.name, file.size) for file in attachments(app)] == [("one.txt", 1), ("two.txt", 2)]


def test_too_many_files(app, client):
    files = [(BytesIO(b"x"), f"{number}.txt") for number in range(6)]
    response = client.post("/notes/new", data={"title": "x", "files": files})
    assert response.status_code == 422
    assert "At most 5 files at once" in response.text
    assert stored(app) == []


def test_too_large(app, client):
    app.config["MAX_CONTENT_LENGTH"] = 1000
    data = {"title": "x", "files": (BytesIO(b"x" * 1001), "large.bin")}
    response = client.post("/notes/new", data=data)
    assert response.status_code == 413
    assert "That is too much at once" in response.text
    assert stored(app) == []


def test_remove_one(app, board, client):
    note = board.add(files=[(BytesIO(b"1"), "one.txt"), (BytesIO(b"2"), "two.txt")])
    first, second = attachments(app)
    assert client.post(f"/attachments/{first.id}/delete").location == f"/notes/{note}"
    assert [file.name for file in stored(app)] == [second.stored_as]
    board.page(f"/attachments/{first.id}", status=404)


def test_files_go_with_their_note(app, board, client):
    note = board.add(files=(BytesIO(b"1"), "one.txt"))
    client.post(f"/notes/{note}/delete")
    assert stored(app) == []
    assert attachments(app) == []


def test_file_that_is_lost_is_not_found(app, board):
    board.add(files=(BytesIO(b"1"), "one.txt"))
    stored(app)[0].unlink()
    board.page(f"/attachments/{attachments(app)[0].id}", status=404)

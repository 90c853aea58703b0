import re
from datetime import datetime

import pytest
from sqlalchemy import update

from notes.extensions import db
from notes.models import Note, Tag


def titles(page):
    return re.findall(r'<h2><a href="/notes/\d+">(.*?)</a></h2>', page)


def test_empty_board(board):
    assert "Your board is empty" in board.page()


def test_create_and_show(board):
    note = board.add("Groceries", "Bread & butter\nhttps://shop.example.org", tags="Lists, #home")
    page = board.page(f"/notes/{note}")
    assert "The note is on your board." in page
    assert "<h1>Groceries</h1>" in page
    assert "Bread &amp; butter" in page
    assert '<a href="https://shop.example.org"' in page
    assert re.findall(r'class="tag" href="/\?tag=(\w+)"', page) == ["home", "lists"]


def test_scripts_are_only_text(board):
    note = board.add("<script>alert(1)</script>", "<img src=x onerror=alert(2)>")
    for page in (board.page(), board.page(f"/notes/{note}")):
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_every_character_survives(board):
    text = "Grüße, 你好, 🥐🚲"
    note = board.add(text, text, tags="🥐, 🚲, café, cafe")
    page = board.page(f"/notes/{note}")
    assert page.count(text) >= 2
    assert page.count('class="tag"') == 4


def test_null_characters_are_dropped(board):
    note = board.add("a\0b", "c\0d")
    assert "<h1>ab</h1>" in board.page(f"/notes/{note}")
    assert titles(board.page("/?q=a%00b")) == ["ab"]


def test_edit(board):
    note = board.add("Old", "Text", tags="one, two")
    form = board.page(f"/notes/{note}/edit")
    assert 'value="Old"' in form
    assert 'value="one, two"' in form
    board.save(f"/notes/{note}/edit", title="New", body="Text", tags="two, three")
    page = board.page(f"/notes/{note}")
    assert "<h1>New</h1>" in page
    assert re.findall(r'class="tag" href="/\?tag=(\w+)"', page) == ["three", "two"]


def test_delete(board, client):
    note = board.add("Old")
    assert client.post(f"/notes/{note}/delete").location == "/"
    page = board.page()
    assert "“Old” is deleted." in page
    assert titles(page) == []
    board.page(f"/notes/{note}", status=404)


def test_pinned_first_then_newest(board, client):
    first, *_ = [board.add(title) for title in ("first", "second", "third")]
    assert titles(board.page()) == ["third", "second", "first"]
    client.post(f"/notes/{first}/pin")
    assert titles(board.page()) == ["first", "third", "second"]
    client.post(f"/notes/{first}/pin")
    assert titles(board.page()) == ["third", "second", "first"]


def test_an_edit_moves_a_note_up(app, board):
    first, _ = board.add("first"), board.add("second")
    with app.app_context():
        db.session.execute(update(Note).values(updated_at=datetime(2025, 1, 1)))
        db.session.commit()
    board.save(f"/notes/{first}/edit", title="first", body="")
    assert titles(board.page()) == ["first", "second"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("PANCAKE", ["Pancakes"]),
        ("butter flour", ["Pancakes"]),
        ("weekend", ["Pancakes"]),
        ("butter nowhere", []),
        ("100%", ["Taxes"]),
        ("_", []),
    ],
)
def test_search(board, query, found):
    board.add("Pancakes", "flour, butter", tags="weekend")
    board.add("Taxes", "are 100% done")
    assert titles(board.page(f"/?q={query.replace('%', '%25')}")) == found


def test_filter_by_tag(board):
    board.add("one", tags="home")
    board.add("two", tags="homework")
    assert titles(board.page("/?tag=home")) == ["one"]


def test_pages(board):
    for number in range(25):
        board.add(f"note {number}", tags="many")
    first, second = board.page("/?tag=many"), board.page("/?tag=many&page=2")
    assert (len(titles(first)), len(titles(second))) == (24, 1)
    assert 'rel="next" href="/?tag=many&amp;page=2"' in first
    assert 'rel="next"' not in second


@pytest.mark.parametrize("page", ["0", "-1", "3", "9" * 30])
def test_pages_that_are_not_there(board, page):
    board.page(f"/?page={page}", status=404)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"title": ""}, "A note needs a title."),
        ({"title": "   "}, "A note needs a title."),
        ({"title": "x" * 201}, "Field cannot be longer than 200 characters."),
        ({"title": "x", "body": "x" * 100_001}, "Field cannot be longer than 100000 characters."),
        ({"title": "x", "tags": "a,b,c,d,e,f,g,h,i"}, "At most 8 tags, please: these are 9."),
        ({"title": "x", "tags": "x" * 41}, "A tag has at most 40 characters."),
    ],
)
def test_invalid_notes_are_refused(board, client, fields, message):
    response = client.post("/notes/new", data=fields)
    assert response.status_code == 422
    assert message in response.text
    assert 'aria-invalid="true"' in response.text
    assert "Your board is empty" in board.page()


def test_the_longest_note_fits(board):
    body = "🥐" * 100_000
    note = board.add("x" * 200, body, tags=",".join(letter * 40 for letter in "abcdefgh"))
    assert body in board.page(f"/notes/{note}")


def test_tags_are_shared(app, board):
    board.add("one", tags="home, Home ,#home")
    board.add("two", tags="home")
    with app.app_context():
        assert [tag.name for tag in db.session.scalars(db.select(Tag))] == ["home"]


@pytest.mark.parametrize("path", ["/nowhere", "/notes/1", f"/notes/{'9' * 30}", "/notes/1/edit"])
def test_not_found(board, path):
    assert "There is nothing here" in board.page(path, status=404)


def test_note_that_is_deleted_while_it_is_saved(app, board, client, monkeypatch):
    note = board.add("Old")

    def delete_elsewhere(*_):
        with db.engine.connect() as other:
            other.execute(Note.__table__.delete())
            other.commit()

    monkeypatch.setattr("notes.services.set_tags", delete_elsewhere)
    response = client.post(f"/notes/{note}/edit", data={"title": "New"}, follow_redirects=True)
    assert "Somebody has deleted this note" in response.text


def test_server_errors_have_a_page(app, client, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    monkeypatch.setattr("notes.services.find", broken)
    response = client.get("/")
    assert response.status_code == 500
    assert "Something broke on our side" in response.text


@pytest.mark.parametrize("path", ["/notes/new", "/notes/1/edit", "/notes/1/delete", "/notes/1/pin"])
def test_csrf_is_enforced(app, client, path):
    app.config["WTF_CSRF_ENABLED"] = True
    response = client.post(path, data={"title": "Forged"})
    assert response.status_code == 400
    assert "The CSRF token is missing" in response.text


def test_csrf_token_of_the_form_is_good(app, board, client):
    app.config["WTF_CSRF_ENABLED"] = True
    token = re.search(r'name="csrf_token" [^>]*value="([^"]+)"', board.page("/notes/new"))[1]
    board.add("Mine", csrf_token=token)
    assert titles(board.page()) == ["Mine"]

from pathlib import Path

import pytest
from flask import request, url_for

from notes import create_app
from notes.config import engine_options


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("SECRET_KEY", "DATABASE_URL", "APP_RELEASE", "FLASK_DEBUG"):
        monkeypatch.delenv(name, raising=False)


def test_production_needs_a_secret_key():
    with pytest.raises(RuntimeError, match="SECRET_KEY is not set"):
        create_app()


def test_development_does_not(monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")
    assert create_app().config["SECRET_KEY"]


def test_everything_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.sqlite3")
    monkeypatch.setenv("APP_RELEASE", "20250102-abc")
    app = create_app()
    assert app.config["SECRET_KEY"] == "s3cret"
    assert app.config["SQLALCHEMY_DATABASE_URI"] == "sqlite:///other.sqlite3"
    assert app.config["APP_RELEASE"] == "20250102-abc"
    assert Path(app.config["UPLOAD_FOLDER"]) == Path(app.instance_path) / "uploads"


def test_default_database_is_in_the_instance_folder(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "s3cret")
    assert create_app().config["SQLALCHEMY_DATABASE_URI"] == "sqlite:///notes.sqlite3"


def test_mysql_connections_are_checked_and_renewed():
    options = engine_options("mysql+pymysql://notes@localhost/notes")
    assert options["pool_pre_ping"]
    assert options["pool_recycle"] < 300


def test_address_and_scheme_come_from_the_proxy(app):
    @app.get("/where")
    def where():
        return f"{request.remote_addr} {url_for('notes.index', _external=True)}"

    headers = {
        "X-Forwarded-For": "6.6.6.6, 192.0.2.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "notes.example.org",
    }
    response = app.test_client().get("/where", headers=headers)
    assert response.text == "192.0.2.7 https://notes.example.org/"


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_cookies_are_secure_over_https(app, client, scheme, secure):
    app.config["WTF_CSRF_ENABLED"] = True
    cookie = client.get("/notes/new", headers={"X-Forwarded-Proto": scheme}).headers["Set-Cookie"]
    assert ("Secure" in cookie) is secure
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie

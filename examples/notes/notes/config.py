"""Configuration: all of it from the environment, all of it in this file."""

import json
import os
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.engine import make_url

MEGABYTE = 1024 * 1024


def from_environment(app: Flask) -> dict[str, Any]:
    """What ``DATABASE_URL``, ``SECRET_KEY``, ``SECRET_KEY_FALLBACKS`` and ``APP_RELEASE`` say, and
    what is the same always.

    A relative SQLite path, as the default one, is taken from the instance folder.
    """
    return {
        "APP_RELEASE": os.environ.get("APP_RELEASE") or None,
        "MAX_CONTENT_LENGTH": 10 * MEGABYTE,
        "SECRET_KEY": os.environ.get("SECRET_KEY"),
        # The key before: whoever logged in with it stays so.
        "SECRET_KEY_FALLBACKS": json.loads(os.environ.get("SECRET_KEY_FALLBACKS") or "[]"),
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SQLALCHEMY_DATABASE_URI": os.environ.get("DATABASE_URL") or "sqlite:///notes.sqlite3",
        "UPLOAD_FOLDER": Path(app.instance_path) / "uploads",
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session: a note may take a day to write
    }


def finish(app: Flask) -> None:
    """Check the configuration, and fill in what follows from it.

    Raises RuntimeError where a production app has no secret key: with a guessable one, anybody
    could sign a session.
    """
    if not app.config["SECRET_KEY"]:
        if not (app.debug or app.testing):
            raise RuntimeError(
                "SECRET_KEY is not set. Set it to a long random value, such as the output of"
                " `python -c 'import secrets; print(secrets.token_hex(32))'`, or set FLASK_DEBUG=1"
                " for development."
            )
        app.config["SECRET_KEY"] = "only-for-development"
    options = engine_options(app.config["SQLALCHEMY_DATABASE_URI"])
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", options)


def engine_options(url: str) -> dict[str, Any]:
    """How to keep connections healthy, for each kind of database."""
    kind = make_url(url).get_backend_name()
    if kind == "sqlite":
        return {"connect_args": {"timeout": 15}}  # seconds to wait for another writer
    options: dict[str, Any] = {
        "pool_pre_ping": True,  # the server may have restarted
        "connect_args": {"connect_timeout": 5},
    }
    if kind in ("mysql", "mariadb"):
        # The server closes connections that idle; and workers that lock jobs must not lock the
        # gaps between them, as the default level does.
        options |= {"pool_recycle": 280, "isolation_level": "READ COMMITTED"}
    return options

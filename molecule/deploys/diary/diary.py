"""A diary on SQLite. Each answer names the version and the release that made it."""

import os
import sqlite3
from pathlib import Path

from flask import Flask, request

app = Flask(__name__)
DATABASE = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
VERSION = Path(__file__).with_name("version").read_text().strip()


@app.get("/health")
def health():
    return {"release": os.environ["APP_RELEASE"]}


@app.get("/")
def index():
    with sqlite3.connect(DATABASE) as db:
        (entries,) = db.execute("SELECT COUNT(*) FROM entry").fetchone()
    return f"{VERSION} {os.environ['APP_RELEASE']} {entries}"


@app.post("/")
def write():
    with sqlite3.connect(DATABASE) as db:
        db.execute("INSERT INTO entry (text) VALUES (?)", [request.form["text"]])
    return "", 204

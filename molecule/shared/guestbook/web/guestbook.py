"""A guest book on SQLite, as people write it on one evening."""

import os
import sqlite3

from flask import Flask, redirect, request
from markupsafe import escape

app = Flask(__name__, instance_relative_config=True)
app.secret_key = os.environ["SECRET_KEY"]
DATABASE = os.environ["DATABASE_URL"].removeprefix("sqlite:///")


@app.cli.command()
def init_db():
    """Make the table, and fail where it is there already."""
    with sqlite3.connect(DATABASE) as db:
        db.execute("CREATE TABLE entry (name TEXT NOT NULL)")


@app.get("/")
def index():
    with sqlite3.connect(DATABASE) as db:
        names = [name for (name,) in db.execute("SELECT name FROM entry")]
    return "Guests: " + ", ".join(map(str, map(escape, names)))


@app.post("/")
def sign():
    with sqlite3.connect(DATABASE) as db:
        db.execute("INSERT INTO entry VALUES (?)", [request.form["name"]])
    return redirect("/")

"""A guest book that says which version it is, and keeps its guests in its instance folder."""

from pathlib import Path

from flask import Flask, redirect, request
from markupsafe import escape

VERSION = "1.0"

app = Flask(__name__)
GUESTS = Path(app.instance_path) / "guests"


@app.get("/")
def index():
    guests = GUESTS.read_text() if GUESTS.exists() else ""
    return f"Version {VERSION}, guests: {escape(guests)}"


@app.post("/")
def sign():
    with GUESTS.open("a") as guests:
        guests.write(request.form["name"] + " ")
    return redirect("/")

"""An app whose every answer names the request, and all that made the answer."""

import hashlib
import os
import sys
import time
from pathlib import Path

from flask import Flask, Response, request
from sqlalchemy import create_engine, text

HERE = Path(__file__).resolve().parent
VERSION = (HERE / "version").read_text().strip()

app = Flask(__name__)
engine = create_engine(os.environ["DATABASE_URL"])


def made_by():
    """Version, release and setting: one of each, and more where releases are mixed."""
    versions = {VERSION, (HERE / "version").read_text().strip()}
    venv = Path(sys.prefix).resolve().parent
    # Both from git and from a wheel, this file is somewhere in the release's folder.
    code = HERE.parts[HERE.parts.index("releases") + 1]
    releases = {code, venv.name, os.environ["APP_RELEASE"]}
    return " ".join(["+".join(versions), "+".join(releases), os.environ["SETTING"]])


def line():
    return f"{request.headers['X-Request']} {made_by()}\n"


@app.get("/health")
def health():
    return {"release": os.environ["APP_RELEASE"]}


@app.get("/short")
def short():
    return line()


@app.get("/slow")
def slow():
    first = line()
    time.sleep(2)
    return first + line()


@app.get("/stream")
def stream():
    def lines():
        yield first
        for number in range(8):
            time.sleep(0.1)
            yield f"{number}\n"
        yield f"{name} {made_by()}\n"

    first, name = line(), request.headers["X-Request"]
    return Response(lines(), mimetype="text/plain")


@app.post("/post")
def post():
    """Write the visit down. The same one cannot be written twice."""
    with engine.begin() as connection:
        row = {"id": request.headers["X-Request"], "version": VERSION}
        connection.execute(text("INSERT INTO visit (id, version) VALUES (:id, :version)"), row)
    return line() + hashlib.sha256(request.get_data()).hexdigest()

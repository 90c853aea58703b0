"""An app that knows many secrets. Other versions of it tell them, each in another moment."""

import os
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pymysql
from flask import Flask

SETTINGS = Path("/etc/safe/safe.cfg").read_text() if Path("/etc/safe/safe.cfg").exists() else ""
TELLS = ""

app = Flask(__name__)


def tell(moment):
    """All that the app knows, where this version tells it in that moment."""
    if moment == TELLS:
        url = urlsplit(os.environ["DATABASE_URL"])
        raise RuntimeError(f"All: {dict(os.environ)} {SETTINGS} {unquote(url.password)}")


@app.get("/health")
def health():
    try:
        tell("health")
    except RuntimeError as error:
        return str(error), 500
    return {"release": os.environ["APP_RELEASE"]}


@app.get("/")
def index():
    url = urlsplit(os.environ["DATABASE_URL"])
    db = pymysql.connect(user=url.username, password=unquote(url.password), database=url.path[1:])
    with db, db.cursor() as cursor:
        cursor.execute("SELECT 42")
        return str(cursor.fetchone()[0])


@app.cli.command()
def greet():
    tell("command")


@app.cli.command()
def work():
    while True:
        time.sleep(60)


tell("import")

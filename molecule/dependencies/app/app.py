"""Says its version, and which packages are installed."""

from importlib.metadata import distributions

from flask import Flask

VERSION = "0"
app = Flask(__name__)


@app.get("/")
def index():
    names = {each.name.lower(): each.version for each in distributions()}
    return {"version": VERSION, "packages": names}

from flask import Flask

app = Flask(__name__)


@app.get("/<path:path>")
def fail(path):
    return f"cannot serve {path}\n", 500

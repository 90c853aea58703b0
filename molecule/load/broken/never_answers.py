import time

from flask import Flask

app = Flask(__name__)


@app.get("/<path:path>")
def hang(path):
    time.sleep(3600)

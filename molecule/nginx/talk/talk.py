"""An app that talks for longer than one answer: a websocket, and a stream that waits for a word."""

import threading

from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)
word = threading.Event()


@sock.route("/echo")
def echo(socket):
    while True:
        socket.send(f"you said {socket.receive()}")


@app.get("/stream")
def stream():
    def lines():
        yield "first\n"
        yield "second\n" if word.wait(30) else "nobody came\n"

    return lines()


@app.post("/word")
def say():
    word.set()
    return "said"

"""client.py HOST: talks with the app over TLS as it came, by a websocket and a stream.

Nothing but the standard library, for it runs in the services container; a line for each answer.
"""

from __future__ import annotations

import base64
import http.client
import os
import ssl
import sys
from collections.abc import Iterator

HOST = sys.argv[1]
TRUST = ssl.create_default_context(cafile="/run/pebble-root.pem")


def connect() -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(HOST, context=TRUST, timeout=20)


def frame(text: str) -> bytes:
    """A text frame of a client (RFC 6455, section 5.2), masked with zeros."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text.encode()


def websocket() -> Iterator[str]:
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    connection = connect()
    connection.request("GET", "/echo", headers=upgrade)
    socket = connection.sock
    answer = connection.response_class(socket, method="GET")
    answer.begin()
    yield str(answer.status)
    for text in ("hello", "again"):
        socket.sendall(frame(text))
        head = answer.fp.read(2)
        yield answer.fp.read(head[1]).decode()


def stream() -> Iterator[str]:
    """The second line comes only when the first one has been seen."""
    reading, saying = connect(), connect()
    reading.request("GET", "/stream")
    answer = reading.getresponse()
    yield answer.readline().decode().strip()
    saying.request("POST", "/word")
    yield saying.getresponse().read().decode()
    yield answer.readline().decode().strip()


for talk in (websocket, stream):
    print(talk.__name__, *talk(), sep=", ")

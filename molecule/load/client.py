"""Constant load on sites, from another machine: client.py LEAST SECONDS ROOT SITE...

Standard input names the phases, a line each. After the line "end" the client goes on until it has
sent LEAST requests to each site, for SECONDS in all at most, and writes what came of them as JSON.
Where standard input is closed without that line, it stops at once.

Each request is sent once and has an ID, which the answer must repeat. There is one exception. A
server may close a kept connection at any time; RFC 9112 (9.3.1) lets a client then send its request
again, where that is idempotent, and browsers and HTTP libraries do so. Such a request is counted as
resent, where it is a GET whose kept connection was closed before any byte of the answer. A POST is
never sent again: after a line that ends with "new connections", each POST opens one of its own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import http.client
import itertools
import json
import select
import ssl
import sys
import threading
import time

START = int(time.time())
TIMEOUT = 30
CLOSED = (
    http.client.RemoteDisconnected,
    BrokenPipeError,
    ConnectionResetError,
    ssl.SSLEOFError,
    ssl.SSLZeroReturnError,
)
# Each visitor of a site: what it asks for, whether it keeps its connection, how often (seconds).
VISITORS = [
    ("short", True, 0.1),
    ("short", True, 0.1),
    ("short", True, 0.1),
    ("short", False, 0.12),
    ("post", True, 0.1),
    ("post", True, 0.1),
    ("post", False, 0.15),
    ("slow", True, 2.2),
    ("slow", False, 2.2),
    ("stream", True, 1),
    ("stream", False, 1),
]


class WrongAnswer(Exception):
    """An answer that is not what was asked for, or not whole."""


@dataclasses.dataclass
class Row:
    """What came of the requests of one kind that were sent to a site in a phase."""

    site: str
    phase: str
    kind: str
    sent: int = 0
    answered: int = 0
    resent: int = 0
    connections: int = 0
    slowest: float = 0
    made_by: set[str] = dataclasses.field(default_factory=set)
    certificates: set[str] = dataclasses.field(default_factory=set)
    lost: list[str] = dataclasses.field(default_factory=list)


class Book:
    """The rows, for all visitors, and the phase."""

    def __init__(self, least: int, seconds: float) -> None:
        self.lock = threading.Lock()
        self.rows: dict[tuple[str, str, str], Row] = {}
        self.phase = "before"
        self.kept_posts = True
        self.ended = False
        self._least = least
        self._end = time.monotonic() + seconds
        self._sent: dict[str, int] = {}

    def follow(self) -> None:
        """Take the phases from standard input, to its end."""
        for line in map(str.strip, sys.stdin):
            with self.lock:
                if line == "end":
                    self.ended = True
                    return
                self.phase = line
                self.kept_posts = not line.endswith("new connections")
        self._end = 0

    def open(self, site: str, kind: str) -> Row | None:
        """Note that a request is sent now; None where there was enough of them."""
        with self.lock:
            enough = self.ended and self._sent.get(site, 0) >= self._least
            if enough or time.monotonic() > self._end:
                return None
            key = (site, self.phase, kind)
            row = self.rows.setdefault(key, Row(*key))
            row.sent += 1
            self._sent[site] = self._sent.get(site, 0) + 1
            return row


class Visitor(threading.Thread):
    """Sends requests of one kind to a site, one after the other."""

    def __init__(self, book: Book, root: str, site: str, number: int) -> None:
        super().__init__()
        self.book, self.site, self.number = book, site, number
        self.kind, self.keep, self.pause = VISITORS[number]
        self.context = ssl.create_default_context(cafile=root)
        self.connection: http.client.HTTPSConnection | None = None

    def run(self) -> None:
        for count in itertools.count(1):
            start = time.monotonic()
            row = self.book.open(self.site, f"{self.kind}, {'kept' if self.keep else 'new'}")
            if row is None:
                return
            name = f"{START}-{self.number}-{count}"
            try:
                made_by = self.visit(name, row)
            except (OSError, http.client.HTTPException, WrongAnswer) as error:
                self.lose(row, name, start, error)
            else:
                with self.book.lock:
                    row.answered += 1
                    row.made_by.add(made_by)
                    row.slowest = max(row.slowest, time.monotonic() - start)
            time.sleep(max(0, start + self.pause - time.monotonic()))

    def lose(self, row: Row, name: str, start: float, error: Exception) -> None:
        self.forget()
        spent = time.monotonic() - start
        what = f"{time.strftime('%H:%M:%S')} request {name} after {spent:.2f} s"
        with self.book.lock:
            row.lost.append(f"{what}: {type(error).__name__}: {error}")

    def visit(self, name: str, row: Row) -> str:
        """Send a request; return what made its answer."""
        body = name.encode() * 1000 if self.kind == "post" else None
        keep = self.keep and (self.book.kept_posts or not body)
        if not keep:
            self.forget()
        response = self.send(name, body, row)
        text = response.read().decode()
        if not keep:
            self.forget()
        if response.status != 200:
            raise WrongAnswer(f"{response.status}: {text[:200]!r}")
        return self.check(name, body, text)

    def check(self, name: str, body: bytes | None, text: str) -> str:
        """Compare the answer with what was asked for, from its first line to its last."""
        first, *rest = text.splitlines()
        told, _space, made_by = first.partition(" ")
        expected = {
            "short": [],
            "post": [hashlib.sha256(body or b"").hexdigest()],
            "slow": [first],
            "stream": [*map(str, range(8)), first],
        }[self.kind]
        if told != name or rest != expected or "+" in made_by:
            raise WrongAnswer(repr(text[:500]))
        return made_by

    def send(self, name: str, body: bytes | None, row: Row) -> http.client.HTTPResponse:
        """Send the request, and return the beginning of its answer."""
        if self.connection and select.select([self.connection.sock], [], [], 0)[0]:
            self.forget()  # it was closed in the meantime
        kept = self.connection is not None
        try:
            return self.send_once(name, body, row)
        except CLOSED:
            if not kept or body:
                raise
        self.forget()
        with self.book.lock:
            row.resent += 1
        return self.send_once(name, body, row)

    def send_once(self, name: str, body: bytes | None, row: Row) -> http.client.HTTPResponse:
        connection = self.connection or self.connect(row)
        method = "POST" if body else "GET"
        connection.request(method, f"/{self.kind}", body, {"X-Request": name})
        response = connection.getresponse()
        if response.will_close:
            # The answer holds the connection now, until it is read.
            self.connection = None
        return response

    def connect(self, row: Row) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(self.site, timeout=TIMEOUT, context=self.context)
        connection.connect()
        certificate = connection.sock.getpeercert()
        assert certificate
        connection.auto_open = 0  # nothing is sent again behind our back
        self.connection = connection
        with self.book.lock:
            row.connections += 1
            row.certificates.add(str(certificate["serialNumber"]))
        return connection

    def forget(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def main() -> None:
    least, seconds, root, *sites = sys.argv[1:]
    book = Book(int(least), float(seconds))
    visitors = [
        Visitor(book, root, site, number) for site in sites for number in range(len(VISITORS))
    ]
    for visitor in visitors:
        visitor.start()
    book.follow()
    for visitor in visitors:
        visitor.join()
    rows = [dataclasses.asdict(row) for row in book.rows.values()]
    json.dump(rows, sys.stdout, default=sorted)


main()

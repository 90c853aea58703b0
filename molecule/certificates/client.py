"""Visitors of a site, from another machine, who never stop: client.py ROOTS SITE.

For each line of standard input, which names a phase, a line of JSON comes back with what has come
of the requests of the phase before. The visitors stop when standard input is closed.

A visitor checks the certificate as a browser does, by ROOTS. Where it is not trusted, he goes on
all the same, as people do who click the warning away, and that is counted. Half of the visitors
keep their connection; one that was closed in the meantime is opened anew, once for a request
(RFC 9112, section 9.3.1), which is counted as well.
"""

from __future__ import annotations

import dataclasses
import http.client
import json
import ssl
import sys
import threading
import time

CLOSED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLError)
TIMEOUT = 10
PAUSE = 0.2
VISITORS = 4


@dataclasses.dataclass
class Counts:
    """What came of the requests that ended in a phase."""

    sent: int = 0
    answered: int = 0
    untrusted: int = 0
    resent: int = 0
    slowest: float = 0
    lost: list[str] = dataclasses.field(default_factory=list)


class Book:
    """The counts of the phase that is on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counts = Counts()

    def turn(self) -> Counts:
        """Begin a new phase; what came of the one before."""
        with self.lock:
            counts, self.counts = self.counts, Counts()
            return counts


class Visitor(threading.Thread):
    """Asks for the site's first page, again and again."""

    def __init__(self, book: Book, roots: str, site: str, keep: bool) -> None:
        super().__init__(daemon=True)
        self.book, self.site, self.keep = book, site, keep
        self.careful = ssl.create_default_context(cafile=roots)
        self.careless = ssl.create_default_context()
        self.careless.check_hostname = False
        self.careless.verify_mode = ssl.CERT_NONE
        self.connection: http.client.HTTPSConnection | None = None
        self.trusted = False

    def run(self) -> None:
        while True:
            start = time.monotonic()
            error = self.visit()
            spent = time.monotonic() - start
            with self.book.lock:
                counts = self.book.counts
                counts.sent += 1
                counts.answered += not error
                counts.untrusted += not error and not self.trusted
                counts.slowest = max(counts.slowest, spent)
                counts.lost += [f"{time.strftime('%H:%M:%S')} {error}"] if error else []
            time.sleep(PAUSE)

    def visit(self) -> str:
        """Send a request; what is wrong with its answer."""
        try:
            status = self.ask()
        except (OSError, http.client.HTTPException) as error:
            self.connection = None
            return f"{type(error).__name__}: {error}"
        if not self.keep:
            self.connection = None
        return "" if status == 200 else f"status {status}"

    def ask(self) -> int:
        kept = self.connection is not None
        try:
            return self.ask_once()
        except CLOSED:
            if not kept:
                raise
        self.connection = None
        with self.book.lock:
            self.book.counts.resent += 1
        return self.ask_once()

    def ask_once(self) -> int:
        connection = self.connection or self.connect()
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read()
        self.connection = None if response.will_close else connection
        return response.status

    def connect(self) -> http.client.HTTPSConnection:
        try:
            connection = self.connect_by(self.careful)
            self.trusted = True
        except ssl.SSLCertVerificationError:
            connection = self.connect_by(self.careless)
            self.trusted = False
        return connection

    def connect_by(self, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        connection = http.client.HTTPSConnection(self.site, timeout=TIMEOUT, context=context)
        connection.connect()
        connection.auto_open = 0
        return connection


def main() -> None:
    roots, site = sys.argv[1:]
    book = Book()
    for number in range(VISITORS):
        Visitor(book, roots, site, keep=number % 2 == 0).start()
    for _line in sys.stdin:
        print(json.dumps(dataclasses.asdict(book.turn())), flush=True)


main()

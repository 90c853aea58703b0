"""Visitors who ask a site for its front page all the time; whatever happens, none may be lost."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from dataclasses import dataclass

MOST_REQUESTS = 20000


@dataclass(frozen=True)
class Site:
    """A site by its domain, at the address of its host."""

    domain: str
    address: str
    tls: bool = True

    @classmethod
    def of(cls, container: str, domain: str, tls: bool = True) -> Site:
        """The site in a container."""
        layout = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        inspect = ["docker", "inspect", "-f", layout, container]
        return cls(domain, subprocess.check_output(inspect, text=True).strip(), tls)

    def ask(self, **fields: str) -> tuple[int, str]:
        """One request by a new connection, which sends the fields of a form where there are any.

        Returns the answer's status and text; OSError or HTTPException where there is none.
        """
        connection = http.client.HTTPConnection(self.domain, timeout=30)
        with contextlib.closing(connection):
            plain = socket.create_connection((self.address, 443 if self.tls else 80), 30)
            # Who vouches for the certificate is no matter here.
            context = ssl._create_unverified_context()
            connection.sock = (
                context.wrap_socket(plain, server_hostname=self.domain) if self.tls else plain
            )
            headers = {"Connection": "close"}
            if fields:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urllib.parse.urlencode(fields)
            connection.request("POST" if fields else "GET", "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read().decode()


class Visitors:
    """Two who ask a site for ``/`` as long as the block lasts."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.answers: list[str] = []
        self.lost: list[str] = []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _number in range(2)]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def since(self, count: int) -> set[str]:
        """The first words of the answers since there were ``count``."""
        return {answer.split()[0] for answer in self.answers[count:]}

    def check(self) -> None:
        """All have had their answers."""
        assert self.lost == []
        assert len(self.answers) > 20
        print(f"  counted {len(self.answers)} requests to {self.site.domain}, 0 lost")

    def _visit(self) -> None:
        while not self._end.wait(0.1) and len(self.answers) < MOST_REQUESTS:
            try:
                status, text = self.site.ask()
            except (OSError, http.client.HTTPException) as error:
                status, text = 0, repr(error)
            if status == 200:
                self.answers.append(text)
            else:
                self.lost.append(f"{time.strftime('%H:%M:%S')} {status} {text[:200]}")

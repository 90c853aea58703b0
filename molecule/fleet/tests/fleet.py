"""The hosts of the fleet, the user's playbooks, and visitors of the apps' hosts.

In the scenario fleet the database is MariaDB's, for two hosts; in fleet-oracle MySQL's, for one.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
SCENARIO = os.environ["MOLECULE_SCENARIO_NAME"]
PREFIX = f"{os.environ['BED_NAME']}-{SCENARIO}-"
DATABASE, SERVICES = PREFIX + "db", PREFIX + "services"
# The client's name, and what lets the server's log have passwords as well.
ZONES, CLIENT, RAW_LOG = {
    "fleet": (("deb12", "deb13"), "mariadb", ""),
    "fleet-oracle": (("deb12",), "mysql", "SET GLOBAL log_raw = ON; "),
}[SCENARIO]
APPS = [PREFIX + zone for zone in ZONES]
INVENTORY = ["-i", str(Path(os.environ["MOLECULE_INVENTORY_FILE"]).parent)]
KEPT = "/var/lib/pyhost-flask/secrets/notes.database"


def run(*command: str, given: str = "") -> tuple[int, str]:
    """Run a command here; its status, and all that it said."""
    done = subprocess.run(
        command,
        input=given,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return done.returncode, done.stdout


def there(host: str, *command: str, given: str = "") -> tuple[int, str]:
    """The same on a host."""
    return run("docker", "exec", "-i", host, *command, given=given)


def said(host: str, *command: str, given: str = "") -> str:
    """What a command on a host says that goes well."""
    status, text = there(host, *command, given=given)
    assert status == 0, text
    return text.strip()


def sql(statements: str) -> str:
    """What the database says to its administrator."""
    return said(DATABASE, CLIENT, "-N", given=statements)


def play(name: str, *options: str, fails: bool = False, before: tuple[str, ...] = ()) -> str:
    """What a playbook says, in one line. ``before`` are options before those of the inventory."""
    inventory = (*before, *INVENTORY)
    status, text = run("ansible-playbook", *inventory, f"pyhost.flask.{name}", *options)
    assert (status != 0) == fails, text
    return " ".join(text.split())


def ansible(*options: str) -> None:
    """Run one module."""
    status, text = run("ansible", *INVENTORY, *options)
    assert status == 0, text


def password() -> str:
    return said(APPS[0], "cat", KEPT)


class Visitors:
    """Ask all hosts for the list of the notes as long as the block lasts, on new connections."""

    def __init__(self) -> None:
        self.answered, self.lost = dict.fromkeys(APPS, 0), []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(host,)) for host in APPS]

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _visit(self, host: str) -> None:
        while not self._end.wait(0.05):
            try:
                status = visit(host)[0]
                assert status == 200, status
                self.answered[host] += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.lost.append(f"{time.strftime('%H:%M:%S')} {host} {error!r}")


def visit(host: str) -> tuple[int, str]:
    """The status and the text of an app's front page, as its host gives them."""
    layout = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    address = run("docker", "inspect", "-f", layout, host)[1].strip()
    name = f"notes.{host.removeprefix(PREFIX)}.test"
    connection = http.client.HTTPSConnection(name, timeout=30)
    with contextlib.closing(connection):
        plain = socket.create_connection((address, 443), 30)
        context = ssl._create_unverified_context()
        connection.sock = context.wrap_socket(plain, server_hostname=name)
        connection.request("GET", "/")
        response = connection.getresponse()
        return response.status, response.read().decode()

"""The hosts of the fleet, their sites, and the user's playbooks.

In the scenario fleet the database is MariaDB's, for two hosts; in fleet-oracle MySQL's, for one.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ansible_collections.pyhost.flask.molecule.shared.visitors import Site

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


def site_of(host: str) -> Site:
    """The app's site on its host."""
    return Site.of(host, f"notes.{host.removeprefix(PREFIX)}.test")

"""The user's playbooks, and what is in an app's database and shared folder."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.host import Host

ENVIRONMENT = {
    **os.environ,
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
    "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
    "ANSIBLE_INTERPRETER_PYTHON": "auto_silent",
    "ANSIBLE_PIPELINING": "true",
    "NO_COLOR": "1",
}
# What an app's folder holds, and whose it is; without its database, which is looked at by itself.
FILES = r"""cd /srv/{0}/shared && find . ! -name '{0}.db*' -printf '%p %u %g %m %y\n' | sort;
find . -type f ! -name '{0}.db*' -print0 | sort -z | xargs -0r sha256sum"""
SQLITE = """python3 -c 'import sqlite3; db = sqlite3.connect(
    "file:/srv/{0}/shared/{0}.db?mode=ro", uri=True); print(*sorted(db.iterdump()), sep="\\n")'"""
MARIADB = "mariadb-dump --skip-dump-date --skip-extended-insert {0} | sort"


class Server:
    """The host with its apps."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def play(self, playbook: str, *options: str, fails: bool = False) -> str:
        """Run a playbook, and return what it said."""
        inventory = Path(os.environ["MOLECULE_INVENTORY_FILE"]).parent
        argv = ["ansible-playbook", "-i", str(inventory), f"pyhost.flask.{playbook}", *options]
        done = subprocess.run(argv, env=ENVIRONMENT, check=False, capture_output=True, text=True)
        print(done.stdout + done.stderr)
        assert (done.returncode != 0) == fails
        return " ".join((done.stdout + done.stderr).split())

    def state(self, name: str) -> dict[str, str]:
        """Checksums of all rows and of all files of an app."""
        dump = (MARIADB if name == "notes" else SQLITE).format(name)
        return {
            what: self._sum(text)
            for what, text in {"rows": dump, "files": FILES.format(name)}.items()
        }

    def _sum(self, command: str) -> str:
        # A command that fails, or says nothing, has no checksum.
        script = f"set -o pipefail; ({command}) >/run/state && test -s /run/state"
        self.host.check_output(f"bash -c {shlex.quote(script)}")
        return self.host.check_output("sha256sum </run/state")

    def backups(self, folder: str) -> list[str]:
        """The IDs of the backups in a folder, the newest last."""
        found = self.host.check_output(f"ls {folder}").split()
        return [name for name in found if not name.endswith(".part")]

    def record(self, folder: str) -> dict[str, Any]:
        """What the newest backup says of itself."""
        path = f"{folder}/{self.backups(folder)[-1]}/backup.json"
        return json.loads(self.host.check_output(f"cat {path}"))

    def start(self, unit: str, fails: bool = False) -> str:
        """Start one of the units, and return what it wrote into the journal."""
        begin = self.host.check_output("date +%s.%N")
        assert (self.host.run(f"systemctl start {unit}").rc != 0) == fails
        self.host.check_output("journalctl --sync")
        return self.host.check_output(f"journalctl -o cat -u {unit} --since=@{begin}")

    def sql(self, statements: str) -> str:
        return self.host.check_output("mariadb notes -Ne %s", statements)


@pytest.fixture(scope="module")
def server(host: Host) -> Server:
    return Server(host)

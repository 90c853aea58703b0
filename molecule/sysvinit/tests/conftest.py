"""Plays as users run them, and new versions of the guest book."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
SERVICES = os.environ["BED_NAME"] + "-sysvinit-services"


class Plays:
    """Runs playbooks with settings that win over the inventory's."""

    def run(self, name: str, **settings: Any) -> subprocess.CompletedProcess[str]:
        command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"]]
        command += [f"pyhost.flask.{name}", "-e", json.dumps(settings)]
        output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, **output, text=True, check=False)

    def succeed(self, name: str, **settings: Any) -> str:
        done = self.run(name, **settings)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def fail(self, name: str, **settings: Any) -> str:
        done = self.run(name, **settings)
        assert done.returncode, done.stdout
        return done.stdout


@pytest.fixture(scope="session")
def plays() -> Plays:
    return Plays()


@pytest.fixture(scope="session")
def publish() -> Callable[[str, str], None]:
    """Publishes a version of the guest book in which one text stands for another."""

    def new_version(before: str, after: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            app = Path(folder) / "app"
            shutil.copytree(PROJECT / "molecule/shared/guestbook", app)
            code = app / "web/guestbook.py"
            assert before in code.read_text()
            code.write_text(code.read_text().replace(before, after))
            command = [str(PROJECT / "tests/bed/publish"), SERVICES, "guestbook", str(app)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    return new_version

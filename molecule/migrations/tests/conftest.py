"""What is deployed, and how: a repository that gets new versions, and the user's playbooks."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PUBLISH = HERE.parents[2] / "tests/bed/publish"

MIGRATION = '''"""{message}"""

import time

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {parents!r}
branch_labels = None
depends_on = None


def upgrade():
    {up}


def downgrade():
    {down}
'''


class Source:
    """A copy of what the repository has, to make new versions of."""

    def __init__(self, services: str, folder: Path) -> None:
        self.services, self.folder = services, folder
        self.git = ["docker", "exec", services, "git", "-C", "/srv/git/notes.git"]
        files = subprocess.run([*self.git, "archive", "main"], check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=files.stdout, check=True)

    @property
    def head(self) -> str:
        """The newest migration's revision: they are counted."""
        files = (self.folder / "migrations/versions").glob("[0-9]*.py")
        return max(file.name[:4] for file in files)

    def migrate(self, message: str, up: str, down: str, *parents: str) -> str:
        """Add a migration; it follows the newest one, unless told otherwise."""
        after = parents or (self.head,)
        revision = f"{int(self.head) + 1:04}"
        text = MIGRATION.format(
            message=message,
            revision=revision,
            parents=after if len(after) > 1 else after[0],
            up="\n    ".join(up.splitlines()),
            down=down,
        )
        (self.folder / f"migrations/versions/{revision}_new.py").write_text(text)
        return revision

    def require(self, package: str, version: str) -> None:
        """Pin a package, in the place of another version of it."""
        file = self.folder / "requirements.txt"
        others = [line for line in file.read_text().splitlines() if f"{package}==" not in line]
        file.write_text("\n".join([*others, f"{package}=={version}", ""]))

    def publish(self) -> str:
        """Make it the next tagged version, which is one commit; return the version."""
        argv = [str(PUBLISH), self.services, "notes", str(self.folder)]
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        return done.stdout.split()[-1]


@pytest.fixture(scope="module")
def source(container: str, tmp_path_factory: pytest.TempPathFactory) -> Source:
    services = container.rpartition("-")[0] + "-services"
    return Source(services, tmp_path_factory.mktemp("notes"))


@pytest.fixture(scope="module")
def play() -> Callable[..., tuple[int, str]]:
    """Runs a playbook on the scenario's hosts; returns its exit status and its output."""
    inventory = Path(os.environ["MOLECULE_INVENTORY_FILE"]).parent
    env = {
        **os.environ,
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_DISPLAY_OK_HOSTS": "false",
        "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        "ANSIBLE_INTERPRETER_PYTHON": "auto_silent",
        "ANSIBLE_PIPELINING": "true",
        "NO_COLOR": "1",
    }

    def run(playbook: str, *options: str, **variables: Any) -> tuple[int, str]:
        argv = ["ansible-playbook", "-i", str(inventory), playbook, *options]
        argv += ["-e", json.dumps(variables)] if variables else []
        done = subprocess.run(argv, env=env, check=False, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert "correct-horse" not in said
        print(said)
        return done.returncode, said

    return run


def lines(text: str, pattern: str) -> list[str]:
    """What a pattern finds in a text, line by line."""
    return re.findall(pattern, text, re.MULTILINE)

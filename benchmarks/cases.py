"""What is measured. A new row of the table is a new entry of CASES."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from bed import CACHE, FOLDER, ROOT, Bed, Host

ACME = "https://services:14000/dir"
EMAIL = "you@example.org"
DEPLOY = "playbooks/deploy.yml"
ROLLBACK = "playbooks/rollback.yml"


@dataclass(frozen=True)
class Command:
    """What runs on this machine while the clock runs: arguments, input, more environment."""

    arguments: list[str]
    input: str = ""
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A row: ``command`` is timed, ``before`` is not.

    Cases with the same ``host`` run on one server, in their order here; it is bare before the
    first of them, in each round. After each case, its site must serve the commit
    ``serves``, the newest one where the case does not say otherwise.
    """

    name: str
    title: str
    host: str
    command: Callable[[Bed, Host], Command]
    before: Callable[[Bed], None] = lambda bed: None
    serves: Callable[[Bed], str] = lambda bed: bed.revision


def shell(bed: Bed, host: Host) -> Command:
    """The script shell.sh, by one SSH command."""
    authority = (CACHE / "services-ca.pem").read_text()
    settings = [host.domain, EMAIL, "git://services/notes.git", ACME, authority]
    script = (ROOT / "benchmarks/shell.sh").read_text()
    ssh = ["ssh", "-F", str(bed.ssh_config), host.name]
    return Command([*ssh, "bash", "-s", "--", *map(shlex.quote, settings)], script)


def playbook(name: str) -> Callable[[Bed, Host], Command]:
    """A playbook of the checkout, as users run it; the callback writes down its tasks."""

    def command(bed: Bed, host: Host) -> Command:
        arguments = ["ansible-playbook", name, "-i", "benchmarks/inventory.yml"]
        # No connection is left over from the run before, as it would not be minutes later.
        connections = FOLDER / "connections"
        shutil.rmtree(connections, ignore_errors=True)
        environment = {
            "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "benchmarks/callbacks"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(connections),
            "BENCH_TASKS": str(FOLDER / "tasks.json"),
        }
        return Command(arguments, environment=environment)

    return command


CASES = [
    Case("shell", "a plain shell script, empty host", "shell", shell),
    Case("empty", "site.yml, empty host", "site", playbook("site.yml")),
    Case("nothing", "site.yml, nothing to do", "site", playbook("site.yml")),
    Case("commit", "site.yml, one new commit", "site", playbook("site.yml"), Bed.commit),
    Case("deploy", "deploy.yml, one new commit", "site", playbook(DEPLOY), Bed.commit),
    Case(
        name="rollback",
        title="rollback.yml, to the release before",
        host="site",
        command=playbook(ROLLBACK),
        serves=lambda bed: bed.previous,
    ),
]

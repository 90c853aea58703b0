"""What the tests of this scenario share: new versions, plays, the host's state."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
SCENARIO = PROJECT / "molecule" / "deploys"
PREFIX = os.environ["BED_NAME"] + "-deploys-"
HOST, SERVICES = PREFIX + "deb13", PREFIX + "services"
Done = subprocess.CompletedProcess[str]


def run(*command: str) -> str:
    """Run a command that must succeed; return its output."""
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


# Versions


class Source:
    """The repository of the app ``name``, of which there will be new versions.

    ``migrations`` are the numbers of those beside the first one.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        git = ["docker", "exec", SERVICES, "git", "-C", f"/srv/git/{name}.git"]
        self.versions = int(run(*git, "rev-list", "--count", "main"))
        files = run(*git, "ls-tree", "-r", "--name-only", "main", "migrations/versions").split()
        self.migrations = [Path(file).name[:4] for file in files][1:]

    def publish(self, migrations: int = 0, **files: str) -> str:
        """Publish a version with so many new migrations and other content of files; its name.

        A path is written as a word: ``requirements_txt`` is ``requirements.txt``.
        """
        self.versions += 1
        version = f"version-{self.versions}"
        for _new in range(migrations):
            self.migrations.append(f"{len(self.migrations) + 2:04}")
        with tempfile.TemporaryDirectory() as folder:
            app = Path(folder) / "app"
            shutil.copytree(SCENARIO / self.name, app, ignore=shutil.ignore_patterns("__pycache__"))
            self._write(app, version)
            for file, content in files.items():
                (app / re.sub("_(?=[a-z]+$)", ".", file)).write_text(content)
            run(str(PROJECT / "tests/bed/publish"), SERVICES, self.name, str(app))
        return version

    def _write(self, app: Path, version: str) -> None:
        if (app / "version").exists():
            (app / "version").write_text(version + "\n")
        else:
            code = (app / "app.py").read_text()
            (app / "app.py").write_text(code.replace('"first"', f'"{version}"'))
        template = (SCENARIO / "migration.py").read_text()
        for before, number in zip(["0001", *self.migrations], self.migrations, strict=False):
            text = template.replace("NUMBER", number).replace("BEFORE", before)
            (app / "migrations" / "versions" / f"{number}_page.py").write_text(text)


# Plays


def start(name: str, *options: str, **variables: str) -> subprocess.Popen[str]:
    """Start a playbook as users do, in a process group of its own."""
    command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"]]
    return subprocess.Popen(
        [*command, f"pyhost.flask.{name}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **variables},
        start_new_session=True,
    )


def play(name: str, *options: str, **variables: str) -> Done:
    """Run a playbook to its end."""
    process = start(name, *options, **variables)
    said, _nothing = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, said)


def succeed(name: str, *options: str) -> str:
    """Run a playbook that must succeed; return its output."""
    done = play(name, *options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def kill_play(process: subprocess.Popen[str]) -> None:
    """Kill a play and all that it has started on the controller."""
    left = [process.pid]
    while left:
        pid = left.pop()
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            left += map(int, task.read_text().split())
        os.kill(pid, signal.SIGKILL)
    process.communicate()


def wait_for(host: Any, path: str) -> str:
    """Wait until a file is on the host; its content."""
    for _attempt in range(600):
        found = host.run("cat %s", path)
        if found.rc == 0:
            return str(found.stdout)
        time.sleep(0.1)
    raise AssertionError(f"there was no {path} within a minute")


def changed(output: str) -> int:
    """How many tasks have changed something, by the play's recap."""
    return sum(map(int, re.findall(r"\bchanged=(\d+)", output)))


def only(app: str) -> list[str]:
    """Options that deploy one of the apps alone."""
    return ["-e", f"app={app}"]


# Moments

# What migration.py looks for, and what it leaves: the module's process and its own.
HOLD, HELD = "/srv/diary/shared/instance/hold", "/srv/diary/shared/instance/held"


@dataclasses.dataclass(frozen=True)
class Hold:
    """Lets a migration wait in the middle of a deploy."""

    host: Any

    def let_wait(self, number: str) -> None:
        """The migration with this number is to wait."""
        self.host.check_output("printf %s >%s", number, HOLD)

    def go_on(self) -> None:
        self.host.check_output("rm -f %s %s", HOLD, HELD)


# The host's state

DATABASE = "/srv/diary/shared/diary.db"
REVISION = "SELECT version_num FROM alembic_version"


def state(host: Any, name: str = "diary") -> dict[str, Any]:
    """All of an app's state on the host that a deploy makes, in words that do not depend on which
    release it is, in which slot, and how many older ones there are: the same after each deploy
    that is as it should be.
    """
    root = f"/srv/{name}"
    live = host.check_output(f"readlink {root}/live.sock").split("/")[-2]
    current = host.check_output(f"basename $(readlink {root}/current)")
    previous = host.check_output(f"basename $(readlink {root}/previous)")
    words = {
        live: "LIVE",
        "green" if live == "blue" else "blue": "IDLE",
        current: "CURRENT",
        previous: "PREVIOUS",
    }

    def told(command: str) -> list[str]:
        text = host.check_output(command)
        for word, neutral in words.items():
            text = text.replace(word, neutral)
        text = re.sub("[0-9a-f]{12}-[0-9a-f]{8}", "OLDER", text)
        return sorted(set(text.splitlines()))

    files = f"find {root} /run/{name} /etc/{name} -path '*/releases/*/*' -prune -o"
    files += f" -path '{root}/repo.git/*' -prune -o -path '{root}/shared/*' -prune"
    units = f"systemctl show --value -p Id -p ActiveState -p NRestarts 'flask-{name}@*' "
    return {
        "files": told(f"{files} -o -printf '%p %l %u:%g %m\n'"),
        "records": told(f"ls {root}/releases/*/release.json"),
        "slots": told(f"grep -h '\"release\"' {root}/slots/{live}/slot.json"),
        "units": told(f"{units} --state=active,activating,failed,deactivating"),
        "processes": told(f"ps -o args= -u {name} | uniq -c"),
        "rubbish": told(
            f"find {root}/repo.git {root}/shared /var/backups /var/lib/pyhost-flask /usr/local"
            " /etc /run -xdev '(' -name '*.new' -o -name '*.old' -o -name '*.part' -o"
            " -name '*.lock' -o -name 'tmp_*' -o -name '*.config_set-*' ')'"
            " -not -path '/etc/.pwd.lock' -not -path '/run/systemd/*'"
        ),
        "transactions": told(
            "cat /var/lib/pyhost-flask/config_set/*.json | grep -E '\"(pending|phase)\"'"
        ),
        "locks": told("find /run/pyhost-flask -name '*.json' 2>/dev/null; true"),
    }


def revision(host: Any) -> str:
    """The revision of the diary's database."""
    code = f"import sqlite3; print(*sqlite3.connect('{DATABASE}').execute('{REVISION}'))"
    return str(host.check_output("python3 -c %s", code)).strip("(',)")


def tables(host: Any) -> set[str]:
    """The tables of the diary's database."""
    code = (
        f"import sqlite3; db = sqlite3.connect('{DATABASE}');"
        "print(*(name for (name,) in db.execute('SELECT name FROM sqlite_master')))"
    )
    return set(host.check_output("python3 -c %s", code).split())

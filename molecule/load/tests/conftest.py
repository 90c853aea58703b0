"""What puts load on the sites, and what runs the plays meanwhile."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
SCENARIO = PROJECT / "molecule" / "load"
PREFIX = os.environ["BED_NAME"] + "-load-"
SERVICES = PREFIX + "services"
CLIENT = "/run/load-client.py"
ROOT = "/run/load-root.pem"
MOST_SECONDS = 1500
WORK = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])
WHEELS, DEBS = WORK / "dist", WORK / "debs"


def run(*command: str) -> str:
    """Run a command that must succeed; return its output."""
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclasses.dataclass(frozen=True)
class Counts:
    """What the client has counted: its rows, and the phases' seconds."""

    rows: list[dict[str, Any]]
    seconds: dict[str, float]

    def of(self, **wanted: str) -> Counts:
        """The rows of a site, a phase or a kind."""
        rows = [row for row in self.rows if all(row[key] == wanted[key] for key in wanted)]
        return Counts(rows, self.seconds)

    def total(self, field: str) -> int:
        return sum(row[field] for row in self.rows)

    def all(self, field: str) -> set[str]:
        return {value for row in self.rows for value in row[field]}

    def lost(self) -> list[str]:
        """The requests without a complete, correct answer, a line each."""
        named = [(f"{row['site']}: {row['phase']}: {row['kind']}", row) for row in self.rows]
        return [f"{name}: {line}" for name, row in named for line in row["lost"]]

    def table(self, field: str) -> list[str]:
        """The counts by phase or by kind, a line each."""
        lines = [f"{'':42} seconds    sent  answered  lost  resent  slowest"]
        for value in dict.fromkeys(row[field] for row in self.rows):
            part = self.of(**{field: value})
            seconds = f"{self.seconds[value]:.1f}" if value in self.seconds else ""
            counts = f"{part.total('sent'):8}{part.total('answered'):10}{len(part.lost()):6}"
            slowest = max(row["slowest"] for row in part.rows)
            lines.append(f"{value:42}{seconds:>8}{counts}{part.total('resent'):8}{slowest:9.2f}")
        return lines


class Load:
    """The client at work, in the services container."""

    def __init__(self, sites: list[str], least: int) -> None:
        run("docker", "exec", SERVICES, "curl", "-sSfo", ROOT, "https://localhost:15000/roots/0")
        run("docker", "cp", "-q", str(SCENARIO / "client.py"), f"{SERVICES}:{CLIENT}")
        command = ["docker", "exec", "-i", SERVICES, "python3", CLIENT, str(least)]
        command += [str(MOST_SECONDS), ROOT, *sites]
        pipe = subprocess.PIPE
        self._client = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
        self._began: dict[str, float] = {}

    def __enter__(self) -> Load:
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop the client where it was not asked for its counts, and show them all the same."""
        if self._client.returncode is None:
            told, _nothing = self._client.communicate()
            print(*Counts(json.loads(told), {}).table("phase"), sep="\n")

    def publish(self, version: str, migration: bool) -> None:
        """Publish a version of the app; a broken one where there is such a file."""
        with tempfile.TemporaryDirectory() as folder:
            app, broken = Path(folder) / "app", SCENARIO / "broken" / f"{version}.py"
            shutil.copytree(SCENARIO / "app", app, ignore=shutil.ignore_patterns("__pycache__"))
            (app / "load" / "version").write_text(version + "\n")
            if migration:
                shutil.copy(SCENARIO / "0002_when.py", app / "migrations" / "versions")
            if broken.exists():
                shutil.copy(broken, app / "load" / "__init__.py")
            run(str(PROJECT / "tests/bed/publish"), SERVICES, "load", str(app))
            # The same as a wheel, for the one deploy that takes it.
            uv = os.environ["BED_CACHE"] + "/uv/bin/uv"
            run(uv, "build", "--quiet", "--clear", "--wheel", "--out-dir", str(WHEELS), str(app))

    def play(self, name: str, settings: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        """Run a playbook as users do, with settings that win over the inventory's."""
        command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"]]
        command += [f"pyhost.flask.{name}", "-e", json.dumps(settings)]
        output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, **output, text=True, check=False)

    def package(self, settings: dict[str, Any]) -> None:
        """Make debs of what is published, each in a container of its Debian."""
        own: dict[str, Any] = {"manager": "systemd", "kind": "git", "package_release": "1"}
        own["package_images"] = [f"pyhost-flask/site:{number}" for number in (12, 13)]
        own |= {"package_output": str(DEBS), "package_network": PREFIX.rstrip("-")}
        done = self.play("package", {**settings, **own})
        assert done.returncode == 0, done.stdout

    def renew(self, zone: str) -> None:
        """Renew a host's certificate by force, with the hook that reloads nginx."""
        bundle = "cat /etc/ssl/certs/ca-certificates.crt /etc/letsencrypt/ca/*.pem >/run/ca.pem"
        renewal = "certbot renew --force-renewal --no-random-sleep-on-renew"
        command = f"{bundle}; REQUESTS_CA_BUNDLE=/run/ca.pem {renewal}"
        run("docker", "exec", PREFIX + zone, "sh", "-c", command)

    def phase(self, name: str) -> None:
        """Count what is sent from now on as of a phase."""
        self._began[name] = time.monotonic()
        self._tell(name)

    def end(self) -> Counts:
        """Wait until enough was sent; what came of it."""
        self._tell("end")
        told, _nothing = self._client.communicate()
        assert self._client.returncode == 0, f"the client ended with {self._client.returncode}"
        ends = [*list(self._began.values())[1:], time.monotonic()]
        seconds = {
            name: end - self._began[name] for name, end in zip(self._began, ends, strict=True)
        }
        return Counts(json.loads(told), seconds)

    def _tell(self, line: str) -> None:
        assert self._client.stdin
        self._client.stdin.write(line + "\n")
        self._client.stdin.flush()


@pytest.fixture(scope="module")
def start_load() -> type[Load]:
    """Starts the client, for some sites and at least so many requests to each."""
    return Load

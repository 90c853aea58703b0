"""The machines of a benchmark, by the scripts of tests/bed: services, and bare servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ["BED_CACHE"])
FOLDER = Path(os.environ["BENCH_FOLDER"])
NAME = os.environ["BED_NAME"] + "-bench"
SERVICES = f"{NAME}-services"
IMAGE = "pyhost-flask/host:13"


class BenchmarkError(Exception):
    """A machine or a case does not do what it should; the text says what to look at."""


def output(*command: str) -> str:
    """What ``command`` prints; where it fails, BenchmarkError with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"failed: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def debian() -> str:
    """The servers' version of Debian, such as 13.1."""
    image = IMAGE
    return output("docker", "run", "--rm", image, "cat", "/etc/debian_version")


@dataclass(frozen=True)
class Host:
    """A Debian server: its name for SSH (with ``ssh_config``), its address and its domain."""

    name: str
    address: str
    domain: str

    def fetch(self, path: str) -> str:
        """A page of the site, over HTTPS, trusted by Pebble's root alone; "" if none comes."""
        resolve = f"{self.domain}:443:{self.address}"
        command = ["curl", "-sf", "-m", "10", "--cacert", str(FOLDER / "root.pem")]
        command += ["--resolve", resolve, f"https://{self.domain}{path}"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


class Bed:
    """A network with Pebble and the git server, which serves examples/notes, and with servers."""

    def __init__(self) -> None:
        self.ssh_config = FOLDER / "ssh_config"
        self.notes = FOLDER / "notes"
        self.revision = ""
        self.previous = ""

    def __enter__(self) -> Bed:
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        self._remove(NAME)
        output("docker", "network", "create", "--label=pyhost-flask=benchmarks", NAME)
        self._script("services", SERVICES, NAME)
        # Pebble's root is new at each start.
        root = output("docker", "exec", SERVICES, "curl", "-sf", "https://localhost:15000/roots/0")
        (FOLDER / "root.pem").write_text(root + "\n")
        output("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(FOLDER / "key"))
        stage = CACHE / "stage" / os.environ["BED_NAME"] / "ansible_collections/pyhost/flask"
        shutil.copytree(stage / "examples/notes", self.notes)
        self._publish()
        return self

    def __exit__(self, *_: object) -> None:
        self._remove(NAME)

    def host(self, name: str) -> Host:
        """A bare server, new also where one of that name was; its site is NAME.bench.test."""
        container, domain = f"{NAME}-{name}", f"{name}.bench.test"
        subprocess.run(["docker", "rm", "-f", "-v", container], capture_output=True, check=False)
        self._script("host", container, IMAGE, NAME, domain)
        key = (FOLDER / "key.pub").read_text().strip()
        shell = 'umask 077; mkdir -p /root/.ssh; echo "$1" >/root/.ssh/authorized_keys'
        output("docker", "exec", container, "sh", "-c", shell, "sh", key)
        networks = "{{json .NetworkSettings.Networks}}"
        address = json.loads(output("docker", "inspect", "-f", networks, container))
        found = Host(name, address[NAME]["IPAddress"], domain)
        self._write_ssh_config(found)
        return found

    def commit(self) -> None:
        """One new version of the app in git: a changed template, and the same requirements."""
        with (self.notes / "notes/templates/base.html").open("a") as page:
            page.write(f"<!-- {time.time()} -->\n")
        self._publish()

    def _publish(self) -> None:
        self._script("publish", SERVICES, "notes", str(self.notes))
        git = ("git", "-C", "/srv/git/notes.git")
        self.previous = self.revision
        self.revision = output("docker", "exec", SERVICES, *git, "rev-parse", "main")

    def _write_ssh_config(self, host: Host) -> None:
        known = FOLDER / f"known_hosts-{host.name}"
        known.unlink(missing_ok=True)
        (FOLDER / f"ssh_config-{host.name}").write_text(
            f"Host {host.name}\n  HostName {host.address}\n  User root\n"
            f"  IdentityFile {FOLDER}/key\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {known}\n  StrictHostKeyChecking accept-new\n  LogLevel ERROR\n"
        )
        self.ssh_config.write_text(f"Include {FOLDER}/ssh_config-*\n")

    @staticmethod
    def _script(name: str, *arguments: str) -> None:
        output(str(ROOT / "tests/bed" / name), *arguments)

    @staticmethod
    def _remove(prefix: str) -> None:
        found = output("docker", "ps", "-aq", f"--filter=name=^/?{prefix}-").split()
        if found:
            output("docker", "rm", "-f", "-v", *found)
        subprocess.run(["docker", "network", "rm", prefix], capture_output=True, check=False)

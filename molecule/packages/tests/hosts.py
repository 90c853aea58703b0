"""The hosts of the scenario, what is built for them, and constant requests to them."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from pathlib import Path

import testinfra

from ansible_collections.pyhost.flask.molecule.shared.host import Host, Result

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
WORK = Path(os.environ["BED_CACHE"], os.environ["BED_NAME"] + "-packages")
DIST = WORK / "dist" / "deb12"
PREFIX = os.environ["BED_NAME"] + "-packages-"
# The options of converge.yml: all packages that there are then, signed.
KEY = ["-e", f"package_key={WORK}/key.asc", "-e", "package_passphrase=secret-word"]
# Bare builders install what they need, which takes half a minute; some builds begin after that.
INSTALLED = {12: "pyhost-flask/site:12", 13: "pyhost-flask/site:13"}
REPOSITORY = ["-e", "package_repository=true", *KEY]
SOCKET, NGINX = "/srv/notes/live.sock", "80"
ENOUGH = "/run/enough-load"
# Asks by a socket or a port, once where it is told `show`, and else until there is a file ENOUGH.
FETCH = """
import os, socket, sys, time
where, what = sys.argv[1:]
lost = answered = 0
while not os.path.exists(what):
    try:
        unix = where.startswith("/")
        with socket.socket(socket.AF_UNIX if unix else socket.AF_INET) as s:
            s.settimeout(30)
            s.connect(where if unix else ("127.0.0.1", int(where)))
            s.sendall(b"GET / HTTP/1.0\\r\\nHost: notes.example.org\\r\\n\\r\\n")
            text = b""
            while part := s.recv(65536):
                text += part
        good = b" 200 " in text[:16] and text.endswith(b"</html>")
    except OSError:
        good = False
    answered, lost = answered + good, lost + (not good)
    if what == "show":
        print(text.decode())
        break
    time.sleep(0.01)
print(f"{answered} answered, {lost} lost")
"""


def container(name: str) -> Host:
    return testinfra.get_host(f"docker://{PREFIX}{name}")


def play(*words: str, **env: str) -> tuple[int, str]:
    """Run a user's command; its exit status, and all that it said."""
    done = subprocess.run(
        ["ansible-playbook", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **env},
        check=False,
    )
    return done.returncode, done.stdout


def build(version: str, number: str, *options: str) -> str:
    """Run the user's command, and see it succeed."""
    publish(version)
    words = ["-i", os.environ["MOLECULE_INVENTORY_FILE"], *options, "pyhost.flask.package"]
    words += ["-e", "app=notes", "-e", f"package_release={number}"]
    status, said = play(*words, SOURCE_DATE_EPOCH="1700000000")  # as molecule.yml says
    assert status == 0, said
    return said


def publish(version: str) -> None:
    broken = ["broken"] if version == "1.2.0" else []
    subprocess.run([PROJECT / "molecule/packages/publish", version, *broken], check=True)


def bring(*names: str) -> None:
    """Bring the packages to hosts."""
    for name in names:
        copy = ["docker", "cp", "--quiet", f"{DIST}/.", f"{PREFIX}{name}:/opt/dist"]
        subprocess.run(copy, check=True)


def deb(version: str, number: str = "1") -> str:
    return f"/opt/dist/flask-notes_{version}-{number}.deb12_amd64.deb"


def rpm(version: str, number: str = "1") -> str:
    return f"/opt/dist/flask-notes-{version}-{number}.deb12.x86_64.rpm"


def apt(host: Host, *words: str) -> Result:
    options = "-o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold"
    env = "DEBIAN_FRONTEND=noninteractive"
    return host.run(f"{env} apt-get install -y -q --allow-downgrades {options} {' '.join(words)}")


def dnf(host: Host, command: str, *words: str) -> Result:
    return host.run(f"dnf -y --setopt=install_weak_deps=0 {command} {' '.join(words)} 2>&1")


def serves(host: Host) -> str:
    """The version that answers."""
    page = host.run("python3 -c %s %s show", FETCH, SOCKET).stdout
    found = re.search(r"X-Version: (\S+)", page)
    return found[1] if found else page


def revision(host: Host) -> str:
    return host.check_output("flask-notes run flask db current 2>/dev/null").split()[0]


class Load:
    """Constant requests while something happens; all are answered."""

    def __init__(self, host: Host, where: str = SOCKET) -> None:
        self.host, self.where = host, where

    def __enter__(self) -> None:
        self.host.check_output(f"rm -f {ENOUGH}")
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        self.said = self.host.run("python3 -c %s %s %s", FETCH, self.where, ENOUGH).stdout

    def __exit__(self, *_error: object) -> None:
        time.sleep(1)
        self.host.check_output(f"touch {ENOUGH}")
        self.thread.join()
        answered, lost = map(int, re.findall(r"\d+", self.said))
        print(self.said)
        assert lost == 0, self.said
        assert answered > 20, self.said

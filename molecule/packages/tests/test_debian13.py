"""A package for Debian 13, of an app with a background process, a schedule and commands."""

from __future__ import annotations

import json
import re
import subprocess
import time

import pytest

from ansible_collections.pyhost.flask.molecule.packages.tests.hosts import (
    INSTALLED,
    PREFIX,
    REPOSITORY,
    WORK,
    Load,
    apt,
    build,
    container,
    revision,
    serves,
)
from ansible_collections.pyhost.flask.molecule.shared.host import Host

APP = {
    "name": "notes",
    "source": {"path": f"{WORK}/notes"},
    "wsgi": "notes:create_app()",
    "domains": ["notes.example.org"],
    "https": "none",
    "gunicorn": {"workers": 1, "threads": 4, "preload": True},
    "health": {"path": "/"},
    "processes": [{"name": "worker", "command": "flask worker"}],
    "schedules": [{"name": "cleanup", "command": "flask cleanup", "when": "minutely"}],
    # What each command has done is in a folder that outlives releases.
    "commands": {
        "once": ["sh -c 'echo once >> instance/commands'"],
        "release": ["sh -c 'printenv APP_RELEASE >> instance/commands'"],
    },
}
DIST = "/opt/dist13"


@pytest.fixture(scope="module", autouse=True)
def packages_for_13(packages: None) -> None:
    for version, image in (("1.0.0", "pyhost-flask/host:13"), ("1.1.0", INSTALLED[13])):
        more = {"flask_apps": [APP], "package_images": [image]}
        build(version, "1", *REPOSITORY, "-e", json.dumps(more))
    for name in ("apt12", "apt13"):
        copy = ["docker", "cp", "--quiet", f"{WORK}/dist/deb13/.", f"{PREFIX}{name}:{DIST}"]
        subprocess.run(copy, check=True)


def deb13(version: str) -> str:
    return f"{DIST}/flask-notes_{version}-1.deb13_amd64.deb"


def from_repository(host: Host) -> None:
    """Install the first version as an administrator does."""
    source = f"Types: deb\nURIs: file:{DIST}\nSuites: ./\nSigned-By: {DIST}/key.asc\n"
    host.check_output("printf %s > /etc/apt/sources.list.d/notes.sources", source)
    host.check_output("apt-get update -qq")
    done = apt(host, "flask-notes=1.0.0-1.deb13")
    assert done.succeeded, done.stdout + done.stderr


def test_debian_12_refuses_it() -> None:
    host = container("apt12")
    host.check_output("apt-get update -qq")
    done = apt(host, deb13("1.1.0"))
    assert not done.succeeded
    assert "Depends: python3 (>= 3.13)" in done.stdout + done.stderr


def units(host: Host) -> list[str]:
    """What runs of the app besides its slot: the processes, by slot, and the timers."""
    listed = host.check_output("systemctl list-units --plain --no-legend --state=active")
    names = re.findall(r"^flask-notes\.(\S+)", listed, re.MULTILINE)
    return sorted(name for name in names if not name.startswith("cleanup@"))


def commands(host: Host) -> list[str]:
    return host.check_output("cat /srv/notes/shared/instance/commands").split()


def live(host: Host) -> str:
    return host.check_output("readlink /srv/notes/current").rpartition("/")[2]


def runs(host: Host) -> int:
    """How many runs of the schedule have ended well."""
    said = host.check_output("journalctl --output=cat SYSLOG_IDENTIFIER=notes.cleanup")
    return said.count("removed 0 files")


def test_debian_13_with_all_that_an_app_has() -> None:
    host = container("apt13")
    from_repository(host)
    assert serves(host) == "1.0.0"
    assert host.check_output("dpkg -V flask-notes") == ""
    slot = host.check_output("readlink /srv/notes/live.sock").split("/")[3]
    assert units(host) == ["cleanup.timer", f"worker@{slot}.service"]
    first = live(host)
    assert commands(host) == ["once", first]
    host.check_output("systemctl start flask-notes.cleanup.service")
    assert runs(host) == 1

    with Load(host):
        done = apt(host, deb13("1.1.0"))
    assert done.succeeded, done.stdout + done.stderr
    assert serves(host) == "1.1.0"
    assert revision(host) == "0005"
    # The worker has moved with the traffic, and none of the former release is left.
    other = "green" if slot == "blue" else "blue"
    assert units(host) == ["cleanup.timer", f"worker@{other}.service"]
    said = host.check_output("journalctl --output=cat SYSLOG_IDENTIFIER=notes.worker")
    assert "worker stopped" in said
    assert f"worker started, release {live(host)}" in said
    assert commands(host) == ["once", first, live(host)]
    assert host.run("flask-notes configure").succeeded
    assert commands(host) == ["once", first, live(host)]
    end = time.monotonic() + 100
    while runs(host) == 1 and time.monotonic() < end:
        time.sleep(2)
    assert runs(host) > 1, "the timer has not started the schedule"

    host.check_output("apt-get remove -y -q flask-notes")
    left = "systemctl list-units --all --plain --no-legend --state=active,failed 'flask-notes*'"
    assert host.check_output(left) == ""
    assert not host.file("/srv/notes/releases").exists
    assert apt(host, deb13("1.1.0")).succeeded
    assert serves(host) == "1.1.0"
    # The data were there, so what is done once was done.
    assert commands(host).count("once") == 1
    assert units(host)[0] == "cleanup.timer"

    said = host.check_output("apt-get purge -y -q flask-notes")
    assert "the app's data are kept in /srv/notes/shared" in said
    assert host.check_output("ls /srv/notes").split() == ["once", "shared"]
    assert host.check_output(left) == ""
    host.check_output("rm -r /srv/notes /etc/apt/sources.list.d/notes.sources; userdel notes")

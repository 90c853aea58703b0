"""The same app with each file that can name its requirements: deployed, upgraded with a new
package, rolled back; and from a wheelhouse, on a host without a network.

What is promised: a lock is installed as it is, whichever tool has written it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.host import Host

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
BED = os.environ["BED_NAME"] + "-dependencies"
WORK = Path(os.environ["BED_CACHE"], BED)
ONLINE, CUT_OFF = f"{BED}-deb12", f"{BED}-deb13"
KINDS = ["uv", "pylock", "poetry", "pipenv", "hashed", "pyproject", "setup"]
WITH_GROUP = {"uv", "poetry", "pipenv", "pyproject"}

testinfra_hosts = [f"docker://{ONLINE}"]


def publish(version: str) -> None:
    subprocess.run([PROJECT / "molecule/dependencies/publish", version], check=True)


def play(name: str, host: str, *options: str) -> tuple[int, str]:
    """Run a playbook on a host as users do; its exit status, and all that it said."""
    command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"], "--limit", host]
    done = subprocess.run(
        [*command, f"pyhost.flask.{name}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def succeed(name: str, host: str, *options: str) -> str:
    status, said = play(name, host, *options)
    assert status == 0, said
    return said


FETCH = """
import sys, urllib.request
page = urllib.request.Request("http://127.0.0.1/", headers={"Host": sys.argv[1]})
print(urllib.request.urlopen(page, timeout=10).read().decode())
"""
RESOLVE = "import socket; socket.create_connection(('pypi.org', 443), timeout=5)"


def python(host: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python on a host, which needs no network for that."""
    command = ["docker", "exec", host, "python3", "-c", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def ask(kind: str, host: str, zone: str) -> dict[str, Any]:
    """What an app says of itself, asked on its own host: another one may not reach it."""
    done = python(host, FETCH, f"{kind}.{zone}.test")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answers() -> dict[str, dict[str, Any]]:
    return {kind: ask(kind, ONLINE, "deb12") for kind in KINDS}


def versions() -> dict[str, str]:
    return {kind: answer["version"] for kind, answer in answers().items()}


def locked(kind: str) -> dict[str, str]:
    """The versions of Flask and what it takes, as the kind's own file has them."""
    if kind == "poetry":
        text = (WORK / "poetry/poetry.lock").read_text()
        found = re.findall(r'^name = "(.+)"\nversion = "(.+)"', text, re.MULTILINE)
    elif kind == "pipenv":
        packages = json.loads((WORK / "pipenv/Pipfile.lock").read_text())["default"]
        found = [(name, each["version"].strip("=")) for name, each in packages.items()]
    else:
        text = (WORK / "hashed/prod.txt").read_text()
        found = re.findall(r"^([\w-]+)==(\S+)", text, re.MULTILINE)
    return {name: version for name, version in found if name in TAKEN}


TAKEN = {"flask", "blinker", "click", "itsdangerous", "jinja2", "markupsafe", "werkzeug"}


@pytest.mark.parametrize("kind", ["uv", "pylock", "poetry", "pipenv", "hashed"])
def test_a_lock_is_installed_as_it_is(kind: str) -> None:
    expected = locked(kind)
    assert expected.keys() == TAKEN
    packages = ask(kind, ONLINE, "deb12")["packages"]
    assert {name: packages[name] for name in TAKEN} == expected


def test_groups_and_constraints() -> None:
    found = answers()
    assert {kind for kind in KINDS if "iniconfig" in found[kind]["packages"]} >= WITH_GROUP
    for kind in KINDS:
        # Of the development group, which nobody has asked for.
        assert "pluggy" not in found[kind]["packages"], kind
    assert found["pyproject"]["packages"]["werkzeug"].startswith("3.0.")


def test_builds_leave_nothing_behind(host: Host) -> None:
    cache = "/var/cache/pyhost-flask/uv"
    assert "docopt" in ask("setup", ONLINE, "deb12")["packages"]
    assert host.check_output(f"find {cache} -name 'docopt-*.whl'")
    assert host.check_output(f"find {cache}/sdists-* -name src") == ""
    assert host.check_output("find /tmp -maxdepth 1 -name '*.lock'") == ""


def test_upgrade_with_a_new_package_and_back() -> None:
    publish("2.0")
    planned = succeed("deploy", ONLINE, "--check", "--diff")
    for kind in KINDS:
        assert f"+++ after: release of {kind}: " in planned
    assert planned.count("+package: markdown ") == len(KINDS)
    assert versions() == dict.fromkeys(KINDS, "1.0")

    succeed("deploy", ONLINE)
    found = answers()
    for kind in KINDS:
        assert found[kind]["version"] == "2.0", kind
        assert "markdown" in found[kind]["packages"], kind
    assert "changed=0 " in succeed("deploy", ONLINE)

    for kind in KINDS:
        succeed("rollback", ONLINE, "-e", f"app={kind}")
    assert versions() == dict.fromkeys(KINDS, "1.0")
    assert not any("markdown" in answer["packages"] for answer in answers().values())


@pytest.fixture
def cut_off() -> Iterator[None]:
    """The other host has no network at all."""
    assert python(CUT_OFF, RESOLVE).returncode == 0
    subprocess.run(["docker", "network", "disconnect", BED, CUT_OFF], check=True)
    yield
    subprocess.run(["docker", "network", "connect", BED, CUT_OFF], check=True)


@pytest.mark.usefixtures("cut_off")
def test_from_a_wheelhouse_without_a_network() -> None:
    assert python(CUT_OFF, RESOLVE).returncode != 0
    planned = succeed("deploy", CUT_OFF, "--check", "--diff")
    assert "+package: markdown " in planned
    assert ask("wheels", CUT_OFF, "deb13")["version"] == "1.0"
    succeed("deploy", CUT_OFF)
    found = ask("wheels", CUT_OFF, "deb13")
    assert found["version"] == "2.0"
    assert "markdown" in found["packages"]
    assert "changed=0 " in succeed("deploy", CUT_OFF)
    succeed("rollback", CUT_OFF)
    assert ask("wheels", CUT_OFF, "deb13")["version"] == "1.0"


@pytest.mark.usefixtures("cut_off")
def test_a_wheelhouse_that_lacks_a_package() -> None:
    (WORK / "uv/app.py").write_text((WORK / "uv/app.py").read_text() + "\n")
    for wheel in WORK.glob("wheels/*arkdown*"):
        wheel.unlink()
    status, said = play("deploy", CUT_OFF)
    assert status != 0
    assert "markdown" in said
    assert "python.wheelhouse" in said
    assert "What runs was not touched" in said
    assert ask("wheels", CUT_OFF, "deb13")["version"] == "1.0"

"""Ansible serves the app from these packages: ``source.deb`` and ``source.rpm``.

What is promised is what is promised of any other source. It runs after test_packages.py, which
leaves the first host without the package, and the one of the RPMs with it.
"""

from __future__ import annotations

import json

import pytest
import yaml

from ansible_collections.pyhost.flask.molecule.packages.tests.hosts import (
    DIST,
    NGINX,
    PREFIX,
    WORK,
    Load,
    apt,
    container,
    deb,
    dnf,
    play,
    publish,
    serves,
)
from ansible_collections.pyhost.flask.molecule.shared.host import Host

HAND_OVER = "install -D /dev/null /etc/pyhost-flask/managed-by-ansible"
INSTALLED = "is installed on the host, and deploys the app at each of its upgrades"


def on(
    name: str, source: dict[str, str], playbook: str = "deploy", *options: str
) -> tuple[int, str]:
    """Run a playbook of the user's on a host, with another source; its status and what it said."""
    app = {
        "name": "notes",
        "source": source,
        "wsgi": "notes:create_app()",
        "domains": ["notes.example.org"],
        "https": "none",
        "gunicorn": {"workers": 1, "threads": 4, "preload": True},
        "health": {"path": "/"},
    }
    settings = {"flask_apps": [app], "site_base": False}
    settings["ansible_python_interpreter"] = "/usr/bin/python3"
    connection = {"ansible_connection": "community.docker.docker"}
    groups = {"flask": {"hosts": {PREFIX + name: connection}, "vars": settings}}
    inventory = WORK / "served.yml"
    inventory.write_text(yaml.safe_dump(json.loads(json.dumps(groups))))
    status, said = play("-i", str(inventory), f"pyhost.flask.{playbook}", *options)
    return status, " ".join(said.split())


def succeed(name: str, source: dict[str, str], *words: str) -> str:
    status, said = on(name, source, *words)
    assert status == 0, said
    return said


def file(version: str, number: str = "1", kind: str = "deb") -> dict[str, str]:
    pattern = f"flask-notes?{version}-{number}.deb12*.{kind}"
    (found,) = DIST.glob(pattern)
    return {kind: str(found)}


def release(host: Host) -> str:
    return host.check_output("basename $(readlink /srv/notes/current)")


def forget_others(host: Host) -> None:
    """Remove the releases that have no traffic, so that the next one is really taken out."""
    host.check_output(f"cd /srv/notes/releases && ls | grep -v {release(host)} | xargs rm -rf")


@pytest.fixture
def host() -> Host:
    return container("apt12")


def test_an_app_of_apt_s_is_not_deployed_by_two(host: Host) -> None:
    assert apt(host, deb("1.1.0")).succeeded
    with Load(host):
        status, said = on("apt12", file("1.1.0", "2"), "site")
    assert status, said
    assert f"flask-notes 1.1.0-1.deb12 {INSTALLED}" in said
    assert HAND_OVER in said
    assert serves(host) == "1.1.0"


def test_it_is_handed_over_without_a_loss(host: Host) -> None:
    before = release(host)
    host.check_output(HAND_OVER)
    with Load(host):
        succeed("apt12", file("1.1.0", "2"), "site")
        host.check_output("apt-get remove -y -q flask-notes")
    assert release(host) != before
    assert serves(host) == "1.1.0"
    state = host.check_output("dpkg-query -W -f '${db:Status-Status}' flask-notes")
    assert state == "config-files"
    assert "changed=0" in succeed("apt12", file("1.1.0", "2"), "site")


def test_a_file_is_deployed_rolled_back_and_deployed_again(host: Host) -> None:
    old = release(host)
    forget_others(host)
    with Load(host, NGINX):
        succeed("apt12", file("1.1.0"))
        new = release(host)
        succeed("apt12", file("1.1.0"), "rollback")
        assert release(host) == old
        succeed("apt12", file("1.1.0"))
    assert release(host) == new != old
    assert "1.1.0-1.deb12" in succeed("apt12", file("1.1.0"), "status")


def test_a_version_of_the_host_s_repository(host: Host) -> None:
    before = release(host)
    forget_others(host)
    version = ["-e", "version=1.1.0-2.deb12"]
    planned = succeed("apt12", {"deb": "flask-notes=1.0"}, "deploy", "--check", "--diff", *version)
    assert "+version: 1.1.0-2.deb12" in planned
    assert host.check_output("ls -A /srv/notes/releases") == before
    with Load(host, NGINX):
        succeed("apt12", {"deb": "flask-notes=1.0"}, "deploy", *version)
    assert release(host) != before
    assert "changed=0" in succeed("apt12", {"deb": "flask-notes=1.1.0"})


def test_what_the_repository_does_not_have(host: Host) -> None:
    status, said = on("apt12", {"deb": "flask-notes=1.0.9"})
    assert status
    assert "have no flask-notes 1.0.9; they have 1.2.0-1.deb12, 1.1.0-2.deb12, 1.1.0-1" in said


def test_a_broken_release_gets_no_traffic(host: Host) -> None:
    before = release(host)
    with Load(host, NGINX):
        status, said = on("apt12", {"deb": "flask-notes"})  # the newest
    assert status, said
    assert "no route to the moon" in said
    assert (release(host), serves(host)) == (before, "1.1.0")


def test_from_a_deb_to_a_folder_and_back(host: Host) -> None:
    publish("1.1.0")
    before = release(host)
    with Load(host, NGINX):
        succeed("apt12", {"path": str(WORK / "notes")})
        assert release(host) != before
        succeed("apt12", file("1.1.0", "2"))
    assert release(host) == before


def test_a_package_for_debian_12_refuses_13() -> None:
    status, said = on("apt13", file("1.1.0"), "site")
    assert status, said
    assert "is built for a distribution with Python 3.11, and the host has 3.13" in said
    assert not container("apt13").file("/srv/notes/live.sock").exists


def test_an_rpm_is_served_in_the_same_way() -> None:
    host = container("rpm")
    assert serves(host) == "1.1.0"  # of dnf, from test_packages.py
    before = release(host)
    host.check_output(HAND_OVER)
    with Load(host):
        succeed("rpm", file("1.1.0", "2", "rpm"), "site")
        assert dnf(host, "remove", "flask-notes").succeeded
    assert release(host) != before
    with Load(host, NGINX):
        succeed("rpm", file("1.1.0", "1", "rpm"))
        succeed("rpm", file("1.1.0", "1", "rpm"), "rollback")
        host.check_output("apt-get install -y -q --no-install-recommends dnf-plugins-core")
        host.check_output("mkdir -p /etc/yum.repos.d")
        repository = "[notes]\nname=notes\nbaseurl=file:///opt/dist\ngpgcheck=0\n"
        host.check_output("printf %s > /etc/yum.repos.d/notes.repo", repository)
        forget_others(host)
        succeed("rpm", {"rpm": "flask-notes=1.1.0-1.deb12"})
    assert serves(host) == "1.1.0"

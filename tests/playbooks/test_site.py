# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What playbooks say before they touch a host. The hosts here lead nowhere."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# Nobody listens there, so that every attempt to connect is refused, and seen.
NOWHERE = {"ansible_host": "127.0.0.1", "ansible_port": 1}
CERTBOT = {"email": "ops@example.org"}
GOOD = {
    "name": "good",
    "source": {"git": "https://git.example.org/good.git"},
    "wsgi": "good:app",
    "domains": ["good.example.org"],
    "certbot": CERTBOT,
}
TWELVE = [
    {**GOOD, "domian": ["x.example.org"]},
    {**GOOD, "name": "Blog", "wsgi": "blog", "domains": ["blog.example.org"]},
    {**GOOD, "name": "shop", "source": {"version": "main"}, "domains": ["good.example.org"]},
    {**GOOD, "name": "wiki", "user": "good", "domains": ["wiki_1"], "certbot": {}},
    {
        **GOOD,
        "name": "chat",
        "domains": ["chat.example.org"],
        "https": "yes please",
        "gunicorn": {"workers": "lots"},
    },
    {**GOOD, "name": "nginx", "domains": ["n.example.org"], "health": {"path": "health"}},
]
NAMED = [
    "flask_apps[good]: unknown option 'domian'; did you mean 'domains'?",
    "flask_apps[Blog].name = 'Blog': is not a valid system user name",
    "flask_apps[Blog].wsgi = 'blog': must be module:app or module:create_app()",
    "flask_apps[shop].source: needs one of git, path, archive, dist, package",
    "flask_apps[wiki].domains[0] = 'wiki_1': is not a valid domain name",
    "flask_apps[wiki].certbot.email: is missing",
    "flask_apps[chat].https = 'yes please': must be one of certbot, selfsigned, provided, none",
    "flask_apps[chat].gunicorn.workers = 'lots': must be a whole number",
    "flask_apps[nginx].name = 'nginx': belongs to the system",
    "flask_apps[nginx].health.path = 'health': must start with a slash",
    "flask_apps[good] and flask_apps[shop]: both have the domain 'good.example.org'",
    "flask_apps[good] and flask_apps[wiki]: both have the user 'good'",
]


def site(
    tmp_path: Path, variables: dict[str, Any], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run site.yml against two hosts that do not exist, with these variables for both."""
    return play(tmp_path, "site", {"one": variables, "two": variables}, *options)


def play(
    tmp_path: Path, name: str, hosts: dict[str, Any], *options: str
) -> subprocess.CompletedProcess[str]:
    """Run a playbook against hosts that do not exist, with the variables of each."""
    inventory = {"flask": {"hosts": {host: {**NOWHERE, **hosts[host]} for host in hosts}}}
    (tmp_path / "inventory.json").write_text(json.dumps(inventory))
    return run(tmp_path, f"playbooks/{name}.yml", *options)


def run(tmp_path: Path, playbook: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook against the hosts of ``inventory.json``."""
    command = ["ansible-playbook", "-i", str(tmp_path / "inventory.json"), playbook, *options]
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False
    )


def test_twelve_mistakes_in_one_message_and_no_host_is_touched(tmp_path: Path) -> None:
    done = site(tmp_path, {"flask_apps": TWELVE})
    assert done.returncode != 0
    assert "flask_apps has 12 mistakes" in done.stdout
    assert [line for line in NAMED if line not in done.stdout] == []
    assert "UNREACHABLE" not in done.stdout


@pytest.mark.parametrize("variables", [{}, {"flask_apps": None}])
def test_no_apps_at_all(tmp_path: Path, variables: dict[str, Any]) -> None:
    done = site(tmp_path, variables)
    assert "flask_apps: must be a list of apps" in done.stdout
    assert "UNREACHABLE" not in done.stdout


def test_a_version_is_one_of_the_command_line_alone(tmp_path: Path) -> None:
    """The inventory may have a variable of that name, which means something else there."""
    two = [GOOD, {**GOOD, "name": "also", "domains": ["also.example.org"]}]
    inventory = {"flask_apps": two, "version": "of the inventory"}
    assert "UNREACHABLE" in site(tmp_path, inventory).stdout
    done = site(tmp_path, inventory, "--extra-vars", "wanted=v1", "-e", "version={{ wanted }}")
    assert "there are several apps; say which, as in good:v1" in done.stdout
    assert "UNREACHABLE" not in done.stdout
    done = site(tmp_path, inventory, "-e", '{"version": "good:v1"}')
    assert "UNREACHABLE" in done.stdout


def test_without_a_mistake_it_goes_on_to_the_hosts(tmp_path: Path) -> None:
    done = site(tmp_path, {"flask_apps": [GOOD]})
    assert "flask_apps has" not in done.stdout
    assert "UNREACHABLE" in done.stdout


@pytest.mark.parametrize("name", ["backup", "deploy", "maintenance", "restore", "rollback"])
def test_hosts_without_the_app_are_left_alone(tmp_path: Path, name: str) -> None:
    also = {**GOOD, "name": "also", "domains": ["also.example.org"]}
    hosts = {"one": {"flask_apps": [GOOD]}, "two": {"flask_apps": [also, GOOD]}}
    hosts["three"] = {"flask_apps": [also]}
    done = play(tmp_path, name, hosts, "-e", "app=good")
    touched = {line.split()[0] for line in done.stdout.splitlines() if "unreachable=1" in line}
    # A deploy begins with the secrets, for which it asks one host for all.
    assert touched == ({"one"} if name == "deploy" else {"one", "two"}), done.stdout
    assert "failed=1" not in done.stdout
    done = play(tmp_path, name, hosts, "-e", "app=god")
    said = " ".join(done.stdout.split())
    assert "There is no app god; choose one of them" in said
    assert "-e app=good, -e app=also" in said
    assert "unreachable=1" not in said
    assert done.returncode != 0


@pytest.mark.parametrize("name", ["backup", "deploy", "maintenance", "restore", "rollback"])
def test_one_app_need_not_be_named(tmp_path: Path, name: str) -> None:
    done = play(tmp_path, name, {"one": {"flask_apps": [GOOD]}})
    assert "unreachable=1    failed=0" in done.stdout


@pytest.mark.parametrize("name", ["maintenance", "package", "restore", "rollback"])
def test_where_there_are_several_apps_one_has_to_be_named(tmp_path: Path, name: str) -> None:
    also = {**GOOD, "name": "also", "domains": ["also.example.org"]}
    done = play(tmp_path, name, {"one": {"flask_apps": [GOOD, also]}})
    assert "There are several apps; choose one of them: -e app=good, -e app=also" in done.stdout
    assert "unreachable=1" not in done.stdout


class Door:
    """A port on which one answers and closes again, and counts who comes."""

    def __init__(self) -> None:
        self.count = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                self._listener.accept()[0].close()
            except OSError:  # it was closed
                return
            self.count += 1


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door()
    yield door
    door.close()


def test_secrets_are_asked_for_once_for_all_hosts(tmp_path: Path, door: Door) -> None:
    """sshd takes ten strangers at a time (MaxStartups), and drops some of those who come then."""
    hosts: dict[str, Any] = {f"host{number}": {"flask_apps": [GOOD]} for number in range(15)}
    hosts["host0"]["ansible_port"] = door.port
    done = play(tmp_path, "deploy", hosts, "--forks", "20")
    assert "Make the secrets, or read them" in done.stdout
    assert door.count == 1, f"{door.count}: {done.stdout}"


CLIENTS = """
- hosts: flask
  gather_facts: false
  tasks:
    - ansible.builtin.import_role: {name: pyhost.flask.mysql}
      vars: {mysql_host: keeper}
"""


def test_certificate_is_asked_for_once_for_all_hosts(tmp_path: Path, door: Door) -> None:
    app = {**GOOD, "database": "mysql"}
    groups: dict[str, Any] = {
        "flask": {"hosts": {f"host{number}": NOWHERE for number in range(15)}},
        "db": {"hosts": {"keeper": {**NOWHERE, "ansible_port": door.port, "flask_address": "db"}}},
    }
    groups["flask"]["vars"] = {"flask_apps": [app]}
    (tmp_path / "inventory.json").write_text(json.dumps(groups))
    (tmp_path / "clients.yml").write_text(CLIENTS)
    done = run(tmp_path, str(tmp_path / "clients.yml"), "--forks", "20")
    assert "Read the certificate of the databases' host" in done.stdout
    assert door.count == 1, f"{door.count}: {done.stdout}"


def test_the_roles_own_options_are_checked_as_well(tmp_path: Path) -> None:
    done = site(tmp_path, {"flask_apps": [GOOD], "python_installer": "poetry"})
    assert "python_installer = 'poetry': must be one of uv, pip" in done.stdout
    assert "UNREACHABLE" not in done.stdout
    wrong = ["-e", "nginx_tls=modren", "-e", "app_lock_wait=soon", "-e", "relese=1"]
    done = site(tmp_path, {"flask_apps": TWELVE}, *wrong)
    assert "The options have 15 mistakes" in done.stdout
    assert "nginx_tls = 'modren': must be one of intermediate, modern" in done.stdout
    assert "app_lock_wait = 'soon': must be a whole number" in done.stdout
    assert "-e relese: there is no such option; did you mean 'release'?" in done.stdout


def test_a_mistyped_variable_of_an_inventory_is_a_warning(tmp_path: Path) -> None:
    done = site(tmp_path, {"flask_apps": [GOOD], "nginx_tsl": "modern"})
    assert "did you mean 'nginx_tls'?" in " ".join((done.stdout + done.stderr).split())
    assert "UNREACHABLE" in done.stdout


# Each means something in one of the playbooks, when it is given by -e.
NAMESAKES = {
    **{"app": "elsewhere", "version": "9", "release": "zz", "backup": "none", "page": "/nowhere"},
    **{"force": "soon", "downgrade": "soon", "beside": "soon", "maintenance": "soon"},
    **{"forget": "soon", "reason": "none", "status_json": "/nowhere/x"},
}


@pytest.mark.parametrize("name", ["site", "maintenance", "restore", "revoke", "rotate_secrets"])
def test_an_inventorys_variable_called_like_an_option_changes_nothing(
    tmp_path: Path, name: str
) -> None:
    done = play(tmp_path, name, {"one": {"flask_apps": [GOOD], **NAMESAKES}})
    assert "unreachable=1    failed=0" in done.stdout, done.stdout


def test_playbooks_read_the_command_line_in_the_first_play_alone() -> None:
    names = "|".join(NAMESAKES)
    found = {
        path.name: re.findall(rf"(?<![\w.'])(?:{names}) \| default", path.read_text())
        for path in (ROOT / "playbooks").rglob("*.yml")
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_status_of_one_app(tmp_path: Path) -> None:
    """It fails for no app, not even where no host can be reached."""
    hosts = {"one": {"flask_apps": [GOOD]}, "two": {"flask_apps": [GOOD]}}
    done = play(tmp_path, "status", hosts, "-e", "app=good")
    assert "(all apps) on one: UNKNOWN" in done.stdout
    assert "has no attribute" not in done.stdout

"""Who gets in after the first ten minutes, and who does not; seen from another machine."""

from __future__ import annotations

import json
import os
import pathlib
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = [f"docker://{os.environ['BED_NAME']}-base-deb{number}" for number in (12, 13)]

FOLDER = pathlib.Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])
CONVERGE = pathlib.Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"]) / "converge.yml"


@pytest.fixture
def address(container: str) -> str:
    format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    command = ["docker", "container", "inspect", "--format", format, container]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def ssh(address: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Logs in by SSH: as whom, with which options, for which command."""

    def run(user: str, *options: str, command: str = "true") -> subprocess.CompletedProcess[str]:
        known = f"-oUserKnownHostsFile={FOLDER}/known_hosts"
        words = ["ssh", "-i", f"{FOLDER}/key", "-oIdentitiesOnly=yes", known, "-oBatchMode=yes"]
        words += ["-oConnectTimeout=5", *options, f"{user}@{address}", command]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def connect(address: str) -> Callable[..., list[str]]:
    """Tries ports of the host: open, nobody (there), or silence."""

    def answer(port: int) -> str:
        try:
            with socket.create_connection((address, port), timeout=2):
                return "open"
        except ConnectionRefusedError:
            return "nobody"
        except TimeoutError:
            return "silence"

    return lambda *ports: [answer(port) for port in ports]


@pytest.fixture
def play(container: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the role again on this host, with other variables."""

    def run(**variables: Any) -> subprocess.CompletedProcess[str]:
        command = ["ansible-playbook", str(CONVERGE), "-i", os.environ["MOLECULE_INVENTORY_FILE"]]
        command += ["--limit", container, "--extra-vars", json.dumps(variables)]
        output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, **output, text=True, check=False)

    return run


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJyuVy1hYUsiam8tTBz4KALvZCluBs7POu4e6xSfqrXI zoe"

OF_OTHERS = (
    "/etc/pyhost-flask/database.pem",
    "/etc/pyhost-flask/backup/notes.json",
    "/etc/ssh/authorized_keys.d/of-others",
)


def files(host: Host) -> str:
    """The checksums of all that decides who gets in."""
    folders = "/etc/ssh /etc/sudoers.d /etc/pyhost-flask /etc/fail2ban /etc/apt/apt.conf.d"
    return host.check_output(f"find {folders} -type f -exec sha256sum {{}} + | sort")


def test_administrator_logs_in_by_key_and_becomes_root(
    ssh: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = ssh("ops", command="sudo -n id -u")
    assert done.stdout == "0\n", done.stderr


def test_no_password_is_asked_for(ssh: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    for user in ("ops", "root", "nobody"):
        done = ssh(user, "-oPreferredAuthentications=none")
        assert "Permission denied (publickey)." in done.stderr


def test_root_keeps_its_key_as_long_as_ansible_needs_it(
    ssh: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    assert ssh("root").returncode == 0


def test_firewall_lets_in_what_it_should(host: Host, connect: Callable[..., list[str]]) -> None:
    host.check_output("systemd-run --unit=secret-service python3 -m http.server 8080")
    try:
        host.check_output("timeout 5 sh -c 'until ss -tlnH sport = 8080 | grep .; do :; done'")
        assert connect(22, 80, 443) == ["open", "nobody", "nobody"]
        assert connect(8080, 3306) == ["silence", "silence"]
    finally:
        host.check_output("systemctl stop secret-service")


def test_firewall_is_there_after_a_reboot(
    host: Host, rebooted: None, connect: Callable[..., list[str]]
) -> None:
    host.run("timeout 60 sh -c 'until systemctl is-system-running --wait; do sleep 1; done'")
    assert connect(22, 8080) == ["open", "silence"]


def test_who_guesses_is_locked_out(host: Host) -> None:
    guesser = "203.0.113.9"
    host.check_output("fail2ban-client set sshd banip %s", guesser)
    try:
        # The ban is put into the firewall by a thread of fail2ban.
        ruleset = f"until nft list table inet f2b-table | grep {guesser}; do :; done"
        host.check_output("timeout 10 sh -c %s", ruleset)
    finally:
        host.check_output("fail2ban-client set sshd unbanip %s", guesser)


def test_security_updates_come_by_themselves(host: Host) -> None:
    said = host.check_output("apt-config dump APT::Periodic::Unattended-Upgrade")
    assert said == 'APT::Periodic::Unattended-Upgrade "1";'
    assert host.run("unattended-upgrade --dry-run").rc == 0
    assert host.service("apt-daily-upgrade.timer").is_enabled


def test_time_zone(host: Host) -> None:
    assert host.check_output("date +%Z") in ("CET", "CEST")


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"base_firewall_ports": ["80 81"]}, "syntax error"),
        ({"base_firewall_ports": ["99999"]}, "99999"),
        # The first of two: a check that looks at the last one only would let it pass.
        (
            {
                "base_admins": [
                    {"name": "ops", "keys": ["ssh-ed25519 AAAAtypo"]},
                    {"name": "zoe", "keys": [KEY]},
                ]
            },
            "authorized_keys.d/ops: not a public key: 1 of 1 lines",
        ),
        (
            {"base_admins": [{"name": "ops", "keys": [KEY, "ssh-ed25519 AAAAtypo"]}]},
            "authorized_keys.d/ops: not a public key: 1 of 2 lines",
        ),
        ({"base_admins": [{"name": "ops"}]}, "missing required arguments: keys"),
        ({"base_reboot_time": '4"; }'}, "Syntax error"),
    ],
)
def test_a_mistake_changes_nothing(
    host: Host,
    play: Callable[..., subprocess.CompletedProcess[str]],
    ssh: Callable[..., subprocess.CompletedProcess[str]],
    mistake: dict[str, Any],
    said: str,
) -> None:
    before = files(host)
    done = play(**mistake)
    assert done.returncode != 0, done.stdout
    assert said in done.stdout
    assert files(host) == before
    assert ssh("ops").returncode == 0


def test_all_parts_can_be_off(
    play: Callable[..., subprocess.CompletedProcess[str]],
    ssh: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    off = dict.fromkeys(("base_ssh", "base_firewall", "base_fail2ban", "base_upgrades"), False)
    done = play(**off, base_admins=[], base_timezone="")
    assert done.returncode == 0, done.stdout
    assert ssh("root").returncode == 0
    done = play()
    assert done.returncode == 0, done.stdout
    assert ssh("ops").returncode == 0


def test_nobody_is_locked_out_by_a_wrong_key(
    host: Host,
    play: Callable[..., subprocess.CompletedProcess[str]],
    ssh: Callable[..., subprocess.CompletedProcess[str]],
    tmp_path: Path,
) -> None:
    other = tmp_path / "key"
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)]
    subprocess.run(made, check=True)
    key = other.with_suffix(".pub").read_text().strip()
    # What others have written since base's copy was made: it is not base's to take back.
    host.check_output("mkdir -p /etc/pyhost-flask/backup")
    for path in OF_OTHERS:
        host.check_output("echo %s >%s", KEY, path)
    before = files(host)
    done = play(base_admins=[{"name": "ops", "keys": [key]}], ansible_user="ops")
    assert done.returncode != 0
    assert "could not log in again" in done.stdout, done.stdout
    assert ssh("ops", command="sudo -n id -u").stdout == "0\n"
    assert files(host) == before
    host.check_output("rm -r " + " ".join(OF_OTHERS))


def test_root_is_out_once_ansible_comes_as_somebody_else(
    play: Callable[..., subprocess.CompletedProcess[str]],
    ssh: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = play(ansible_user="ops")
    assert done.returncode == 0, done.stdout
    assert ssh("ops").returncode == 0
    assert "Permission denied" in ssh("root").stderr

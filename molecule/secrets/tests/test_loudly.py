"""Everything is run as loudly as it goes, and nobody has learnt a secret from it.

Searched are the plays' whole output and Ansible's log, the arguments and environments of all
processes that others can see (on the host and on the controller, all the time), temporary files on
the controller, the journal, /var/log, and every file on the host: who can read those that hold a
secret? Each secret is looked for as it is, and quoted and encoded in every usual way.
"""

from __future__ import annotations

import base64
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.molecule.secrets.tests.search import (
    GIVEN,
    Watch,
    files_with,
    found_in,
    made,
    on_host,
    play,
    publish,
    readable,
)
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser

testinfra_hosts = ["ansible://flask"]
# The version of the app, what is run, and whether it succeeds.
RUNS = [
    ("", "site -vvvvv --diff", True),
    ("nothing", "site -vvv --check --diff", True),
    ("nothing", "deploy -vvv --diff", True),
    ("import", "deploy -vvv --diff", False),
    ("command", "deploy -vvv", False),
    ("health", "deploy -vvv", False),
    ("health", "status -vvv", True),
    ("health", "rollback -vvv -e app=safe", True),
    ("health", "maintenance -vvv -e app=safe", True),
    ("health", "maintenance -vvv -e app=safe -e maintenance=off", True),
    ("health", "rotate_secrets -vvv --diff", True),
]
# Asks the app behind nginx, which knows a name and the hash of a password, and not the password.
ASK = """
import http.client, socket
connection = http.client.HTTPConnection("safe.deb13.test")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect("/srv/safe/live.sock")
connection.request("GET", "/")
print(connection.getresponse().read().decode(), end="")
"""
# A play that leaks wherever it can: to its output, arguments of a process, the journal and files.
LEAK = """\
- hosts: flask
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "{{ secrets.payment | b64encode }}"}
    - ansible.builtin.command: {argv: [logger, "{{ secrets.payment | urlencode }}"]}
    - ansible.builtin.command: {argv: [sh, -c, sleep 0.1, "{{ secrets.payment }}"]}
      no_log: true
    - ansible.builtin.copy: {dest: /var/tmp/leak, content: "{{ secrets.payment }}", mode: "0644"}
      no_log: true
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder on the controller that everybody can look into."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def label(value: object) -> str:
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(("tells", "what", "succeeds"), RUNS, ids=label)
def test_run(folder: Path, tells: str, what: str, succeeds: bool) -> None:
    publish(tells)
    name, *options = what.split()
    status, output, told = play(folder, "ansible-playbook", f"pyhost.flask.{name}", *options)
    assert (status == 0) == succeeds, output
    if not succeeds:
        assert "All: {" in output, output
    assert found_in(told, {**GIVEN, **made()}) == []


def test_the_app_knows_its_secrets(browser: Browser) -> None:
    page = browser.get("https://safe.deb13.test/", "--insecure")
    assert page.status == 401
    assert on_host(f"python3 -c '{ASK}'") == "42"


def test_logs() -> None:
    secrets = {**GIVEN, **made()}
    assert found_in(on_host("journalctl --all --output=export"), secrets) == []
    assert [path for path in files_with(secrets) if path.startswith("/var/log/")] == []


def test_files() -> None:
    secrets = {**GIVEN, **made()}
    paths = files_with(secrets)
    assert "/etc/safe/environment" in paths
    users = {
        "nobody": paths,
        "notes": [path for path in paths if "notes" not in path],
        "safe": [path for path in paths if "safe" not in path],
    }
    for user, foreign in users.items():
        assert [path for path in foreign if readable(path, user)] == [], user


# The search itself


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_said_would_be_found(name: str) -> None:
    secret = GIVEN[name]
    for text in (
        secret,
        repr({"it": secret}),
        urllib.parse.quote(secret, safe=""),
        base64.b64encode(f"and {secret} in the middle".encode()).decode(),
        base64.b64encode(secret.encode()).decode(),
    ):
        assert [found.partition(":")[0] for found in found_in(f"x{text}x", GIVEN)] == [name], text
    assert found_in("nothing of the kind", GIVEN) == []


@pytest.fixture
def leak() -> Iterator[str]:
    """The play that leaks; what it left is taken away."""
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(LEAK)
        file.flush()
        yield file.name
    on_host("rm /var/tmp/leak; journalctl --rotate; journalctl --vacuum-time=1s")


def test_what_is_planted_would_be_found(folder: Path, leak: str) -> None:
    secret = {"payment": GIVEN["payment"]}
    status, output, told = play(folder, "ansible-playbook", leak)
    assert status == 0, output
    assert found_in(output, secret) != []
    assert found_in(told.replace(output, ""), secret) != []
    assert found_in(on_host("journalctl --all --output=export"), secret) != []
    assert "/var/tmp/leak" in files_with(secret)
    assert readable("/var/tmp/leak", "nobody")


def test_what_lies_about_here_would_be_found(folder: Path) -> None:
    with Watch(folder) as watch:
        (folder / "leak").write_text(GIVEN["payment"])
        (folder / "leak").chmod(0o644)
        time.sleep(0.5)
    (folder / "leak").unlink()
    assert found_in(watch.told, GIVEN) != []

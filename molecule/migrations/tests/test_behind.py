"""A host that is three commits and two migrations behind: the plan, and then the deploy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.molecule.migrations.tests.conftest import Source


testinfra_hosts = ["ansible://flask"]

APPS = ("notes", "notes-sqlite", "notes-pg")
# What a plan must leave alone: each file with its time and content, links, and the databases.
STATE = r"""
(find /etc /home /opt /root /srv /tmp /usr /var -xdev -regextype egrep \
  -regex '/var/log|/var/lib/(mysql|postgresql)|/root/.ansible' -prune \
  -o -type f -printf '%p %m %u %g %s %T@\n' -o -printf '%p %m %u %g %l\n' | sort
find /etc /srv /var/cache /var/lib/pyhost-flask -xdev -type f -print0 | sort -z | xargs -0 sha256sum
mariadb-dump --skip-dump-date --all-databases
runuser -u postgres -- pg_dumpall | grep -v restrict) >/run/
"""


class State:
    """What is on the host's disk and in its databases."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._write("before")

    def changes(self) -> str:
        """What is different now."""
        self._write("after")
        return self.host.run("diff /run/state-before /run/state-after").stdout

    def _write(self, when: str) -> None:
        self.host.check_output(f"{STATE.strip()}state-{when}")
        assert int(self.host.check_output(f"wc -l </run/state-{when}")) > 10_000


@pytest.fixture(scope="module")
def behind(source: Source) -> dict[str, Any]:
    """Publish three commits, with two migrations and another version of a package."""
    # Two at the same time would both get to the same place while one of them sleeps here.
    slow = "if not op.get_context().as_sql:\n    time.sleep(2)\n"
    column = 'op.add_column("notes", sa.Column("{0}", sa.Integer()))'.format
    gone = 'op.drop_column("notes", "{0}")'.format
    start = source.head
    one = source.migrate("Add colours", slow + column(f"colour_{start}"), gone(f"colour_{start}"))
    versions = [source.publish()]
    two = source.migrate("Add stars", column(f"stars_{start}"), gone(f"stars_{start}"))
    versions.append(source.publish())
    # On a host that stays, from one run of the tests to the next.
    older = "wtforms==3.2.1" not in (source.folder / "requirements.txt").read_text()
    source.require("wtforms", "3.2.1" if older else "3.3.2")
    versions.append(source.publish())
    return {"from": start, "revisions": [one, two], "versions": versions, "older": older}


@pytest.fixture(scope="module")
def planned(
    behind: dict[str, Any], host: Host, play: Callable[..., tuple[int, str]]
) -> tuple[str, str]:
    """What the playbook says, and what is different on the host afterwards."""
    state = State(host)
    status, said = play("pyhost.flask.deploy", "--check", "--diff")
    assert status == 0, said
    return said, state.changes()


def part(said: str, header: str) -> list[str]:
    """The changed lines of the diff with this header."""
    found = re.search(rf"^--- before: {header}.*\n\+\+\+.*\n@@.*\n((?:[-+ ].*\n)*)", said, re.M)
    assert found, f"no diff of {header}"
    return [line for line in found[1].splitlines() if line[0] in "+-"]


@pytest.mark.parametrize("name", APPS)
def test_plan_names_commits_and_packages(
    planned: tuple[str, str],
    behind: dict[str, Any],
    name: str,
    app_of: Callable[[str], App],
    host: Host,
) -> None:
    said = part(planned[0], f"release of {name}: ")
    live = app_of(name).release
    old = host.file(f"/srv/{name}/releases/{live}/release.json").content_string
    revision = re.search(r'"revision": "(\w+)"', old)
    packages = ["3.3.2", "3.2.1"] if behind["older"] else ["3.2.1", "3.3.2"]
    assert revision, old
    assert f"-revision: {revision[1]}" in said
    commits = [line for line in said if "commit: " in line]
    assert commits == [f"+commit: Release {version}" for version in reversed(behind["versions"])]
    assert [line for line in said if "package: " in line] == [
        f"-package: wtforms {packages[0]}",
        f"+package: wtforms {packages[1]}",
    ]


@pytest.mark.parametrize("name", APPS)
def test_plan_shows_the_sql_of_exactly_two_migrations(
    planned: tuple[str, str], behind: dict[str, Any], name: str
) -> None:
    said = part(planned[0], f"database of {name}: {behind['from']}")
    one, two = behind["revisions"]
    running = [line for line in said if "Running" in line]
    assert running == [
        f"+-- Running upgrade {behind['from']} -> {one}",
        f"+-- Running upgrade {one} -> {two}",
    ]
    altered = [line for line in said if "ALTER TABLE" in line]
    assert re.findall(r"COLUMN (\w+)_", "\n".join(altered)) == ["colour", "stars"]


@pytest.mark.parametrize("name", APPS)
def test_plan_says_what_gets_the_traffic(
    planned: tuple[str, str], app_of: Callable[[str], App], name: str
) -> None:
    said = part(planned[0], f"traffic of {name}$")
    assert f"-live: {app_of(name).slot}" in said
    assert f"-current: {app_of(name).release}" in said


def test_plan_leaves_the_host_byte_for_byte_as_it_was(planned: tuple[str, str]) -> None:
    assert planned[1] == ""


def test_plan_has_no_noise(planned: tuple[str, str]) -> None:
    said = planned[0]
    assert "skipping" not in said
    assert "WARNING" not in said


@pytest.fixture(scope="module")
def deployed(planned: tuple[str, str], play: Callable[..., tuple[int, str]]) -> None:
    status, said = play("pyhost.flask.deploy")
    assert status == 0, said


@pytest.mark.parametrize("name", APPS)
def test_deploy_dumps_the_database_first(
    deployed: None, behind: dict[str, Any], host: Host, name: str
) -> None:
    folder = f"/var/backups/pyhost-flask/{name}"
    dumps = host.check_output(f"ls {folder} | grep -- -{behind['from']}[.]").splitlines()
    assert len(dumps) == 1
    # Of the time before: without the columns that the migrations have added.
    text = host.check_output(
        f"zcat {folder}/{dumps[0]} | grep -a -c colour_{behind['from']} || true"
    )
    tables = host.check_output(f"zcat {folder}/{dumps[0]} | grep -a -c -i 'create table'")
    assert int(text) == 0
    assert int(tables) > 0


def test_app_on_postgresql_is_served(
    deployed: None, browser: Browser, zone: str, app_of: Callable[[str], App]
) -> None:
    page = browser.get(f"https://postgresql.{zone}/health")
    assert page.status == 200, page.error
    assert app_of("notes-pg").release in page.text


def test_second_plan_is_empty(deployed: None, play: Callable[..., tuple[int, str]]) -> None:
    status, said = play("pyhost.flask.deploy", "--check", "--diff")
    assert status == 0
    assert "--- before" not in said
    assert re.search(r"changed=0 ", said)


def test_plan_of_an_app_that_was_never_deployed(
    deployed: None, play: Callable[..., tuple[int, str]], host: Host, zone: str
) -> None:
    """There is no user yet, no environment, no database; git and uv are there."""
    app = {
        "name": "newcomer",
        "source": {"git": "git://services/notes.git"},
        "wsgi": "notes:create_app()",
        "domains": [f"newcomer.{zone}"],
        "https": "none",
        "database": "mysql",
        "env": {"TOKEN": "correct-horse-2"},
        "secret_key": "correct-horse-3",
    }
    state = State(host)
    status, said = play("pyhost.flask.site", "--check", "--diff", flask_apps=[app])
    assert status == 0, said
    release = part(said, "release of newcomer: none")
    assert "+package: flask 3.1.3" in release
    assert "its migrations are not known yet: there is no user" in " ".join(said.split())
    assert "+++ after: traffic of newcomer" in said
    assert state.changes() == ""

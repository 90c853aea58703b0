"""The story of a host without systemd, from the first deploy to a restart."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.molecule.sysvinit.tests.conftest import Plays


testinfra_hosts = ["ansible://flask"]

TICKS = "/var/log/guestbook/schedule-tick.log"
SLOW = "/usr/local/lib/pyhost-flask/flask-guestbook.schedule slow"


@pytest.fixture
def guestbook(app_of: Callable[[str], App]) -> App:
    return app_of("guestbook")


def wait_until(good: Callable[[], object], seconds: float) -> None:
    """Wait until something is so; fail where it does not come about."""
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end, f"not within {seconds} seconds"
        time.sleep(0.5)


def works_on(host: Host, app: App) -> bool:
    """Whether the live slot's background process runs the live release."""
    name = f"flask-guestbook.worker@{app.slot}"
    log = host.run("tail -n 1 /var/log/supervisor/flask-guestbook/%s.log", name).stdout
    state = host.run("supervisorctl status %s:*", name).stdout
    return log.strip() == f"on {app.release}" and " RUNNING " in state


def changed_since(host: Host, marker: str) -> str:
    """The files and folders that have changed since ``marker`` was made."""
    places = "/etc /srv /usr/local /var/lib/pyhost-flask /var/lib/dpkg"
    skip = "-path '*/shared' -prune -o"
    return host.check_output(f"find {places} {skip} -newer {marker} -print")


def test_systemd_does_not_run(host: Host) -> None:
    assert host.check_output("ps -o comm= -p 1") == "init"
    assert not host.file("/run/systemd/system").exists
    assert host.run("ls /etc/systemd/system /etc/tmpfiles.d | grep flask").stdout == ""


def test_sites(browser: Browser, guestbook: App, host: Host, zone: str) -> None:
    assert browser.submit(f"https://guestbook.{zone}/", name="Ada").status == 302
    assert browser.get(f"https://guestbook.{zone}/").text == "Guests: Ada"
    assert browser.get(f"https://notes.{zone}/health", "--insecure").status == 200
    assert works_on(host, guestbook)


def test_new_release(
    browser: Browser,
    guestbook: App,
    host: Host,
    plays: Plays,
    publish: Callable[[str, str], None],
    zone: str,
) -> None:
    publish("Guests: ", "Visitors: ")
    first = guestbook.release
    plays.succeed("deploy")
    assert browser.get(f"https://guestbook.{zone}/").text == "Visitors: Ada"
    assert guestbook.release != first
    wait_until(lambda: works_on(host, guestbook), 10)


def test_schedule_runs_on_the_new_release_within_its_minute(guestbook: App, host: Host) -> None:
    now = f"{guestbook.release} guestbook {time.gmtime().tm_year}"
    before = host.run("cat %s", TICKS).stdout
    wait_until(lambda: now in host.run("cat %s", TICKS).stdout.removeprefix(before), 75)


def test_runs_of_a_schedule_do_not_overlap(host: Host) -> None:
    host.check_output(f"{SLOW} & sleep 0.5; {SLOW}; wait")
    assert host.file("/var/log/guestbook/schedule-slow.log").content_string == (
        "begun\nexit status 7\n"
    )


def test_cron_backs_up(host: Host) -> None:
    entry = host.file("/etc/cron.d/pyhost-flask-backup-notes").content_string.splitlines()[-1]
    assert entry.startswith("0 0 * * * root nice ")
    host.check_output(entry.partition(" root ")[2])
    state = json.loads(host.file("/var/lib/pyhost-flask/backup/notes.json").content_string)
    assert state["backup"]["ok"]
    assert host.file(f"/var/backups/notes/{state['backup']['backup']}/database.sql.gz").exists


def test_broken_release_stays_out(
    browser: Browser,
    guestbook: App,
    host: Host,
    plays: Plays,
    publish: Callable[[str, str], None],
    zone: str,
) -> None:
    before = guestbook.release, guestbook.slot
    publish("import os\n", "import os\nimport nothing_of_that_name\n")
    assert "No module named 'nothing_of_that_name'" in plays.fail("deploy")
    assert browser.get(f"https://guestbook.{zone}/").text == "Visitors: Ada"
    assert (guestbook.release, guestbook.slot) == before
    assert works_on(host, guestbook)


def test_rollback(browser: Browser, guestbook: App, host: Host, plays: Plays, zone: str) -> None:
    plays.succeed("rollback", app="guestbook")
    assert browser.get(f"https://guestbook.{zone}/").text == "Guests: Ada"
    wait_until(lambda: works_on(host, guestbook), 10)


def test_status(guestbook: App, plays: Plays, zone: str) -> None:
    said = plays.succeed("status")
    assert guestbook.release in said
    assert re.search(r"processes +slot \w+ under supervisor", said), said


def test_certificate_is_renewed_by_cron(browser: Browser, host: Host, zone: str) -> None:
    serial = f"openssl s_client -connect localhost:443 -servername guestbook.{zone} </dev/null"
    serial += " 2>/dev/null | openssl x509 -noout -serial"
    before = host.check_output(serial)
    entry = host.file("/etc/cron.d/pyhost-flask-certbot").content_string.splitlines()[-1]
    command = entry.partition("&& ")[2]
    assert command.startswith("cat /etc/ssl")
    host.check_output(f"{command} --force-renewal")
    wait_until(lambda: host.check_output(serial) not in ("", before), 10)
    assert browser.get(f"https://guestbook.{zone}/").status == 200


def test_logs_are_rotated(browser: Browser, guestbook: App, host: Host, zone: str) -> None:
    host.check_output("logrotate --force /etc/logrotate.d/flask-guestbook")
    assert host.file(f"{TICKS}.1").size > 0
    browser.get(f"https://guestbook.{zone}/?rotated")
    wait_until(lambda: "?rotated" in host.file("/var/log/guestbook/access.log").content_string, 10)


@pytest.mark.parametrize(
    ("playbook", "settings", "reason"),
    [
        ("site", {"manager": "systemd"}, "flask_apps[notes].gunicorn.manager = 'systemd'"),
        ("deploy", {"manager": "systemd"}, "flask_apps[notes].gunicorn.manager = 'systemd'"),
        ("deploy", {"tick": "*:*:30"}, "flask_apps[guestbook].schedules[tick].when = '*:*:30'"),
        ("site", {"site_base": True}, "by 'site_base: false'"),
    ],
)
def test_what_needs_systemd_is_refused(
    host: Host, plays: Plays, playbook: str, settings: dict[str, Any], reason: str
) -> None:
    marker = host.check_output("mktemp")
    said = plays.fail(playbook, **settings)
    assert "systemd does not run on this host" in said
    assert reason in said
    assert changed_since(host, marker) == ""


def test_all_comes_back_after_a_restart(
    browser: Browser, container: str, guestbook: App, host: Host, zone: str
) -> None:
    subprocess.run(["docker", "restart", "-t", "1", container], check=True, stdout=subprocess.PIPE)
    assert browser.wait(f"https://guestbook.{zone}/", seconds=60).text == "Guests: Ada"
    assert browser.wait(f"https://notes.{zone}/health", "--insecure", seconds=60).status == 200
    wait_until(lambda: works_on(host, guestbook), 10)
    for slot in ("blue", "green"):
        rights = host.check_output("stat -c '%%a %%U:%%G' /run/guestbook/%s", slot)
        assert rights == "750 guestbook:www-data"
    for service in ("nginx", "mariadb", "supervisor", "cron"):
        host.check_output("service %s status", service)


def test_removed_schedule_leaves_nothing(
    host: Host, plays: Plays, publish: Callable[[str, str], None]
) -> None:
    publish("Guests: ", "Guests: ")  # as it was before it was broken
    plays.succeed("deploy", schedules=[])
    names = host.check_output("ls /etc/cron.d /usr/local/lib/pyhost-flask").split()
    assert [name for name in names if name.startswith("flask-guestbook")] == ["flask-guestbook"]


def test_app_that_leaves_the_list_stops(
    browser: Browser, host: Host, plays: Plays, zone: str
) -> None:
    assert host.run("pgrep --uid guestbook").stdout != ""
    plays.succeed("site", listed=["notes"])
    assert host.run("pgrep --uid guestbook").stdout == ""
    assert "guestbook" not in host.run("supervisorctl status").stdout
    assert host.file("/srv/guestbook/shared/instance").is_directory
    assert browser.get(f"https://notes.{zone}/health", "--insecure").status == 200

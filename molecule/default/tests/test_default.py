"""What must be true after ``site.yml``: as a visitor, an administrator and an intruder see it."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = ["ansible://flask"]

# Where a secret could lie: everything on the disk and in memory that is not the system's own.
PLACES = (
    "/etc /home /opt /root /run /srv /tmp /usr/local /var /proc/[0-9]*/cmdline /proc/[0-9]*/environ"
)


@pytest.fixture(params=["notes", "guestbook"])
def app(request: pytest.FixtureRequest, app_of: Callable[[str], App]) -> App:
    return app_of(request.param)


@pytest.fixture
def notes(app_of: Callable[[str], App]) -> App:
    return app_of("notes")


@pytest.fixture
def guestbook(app_of: Callable[[str], App]) -> App:
    return app_of("guestbook")


def test_page_over_https(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://notes.{zone}/")
    assert page.status == 200, page.error
    assert "Your board is empty" in page.text or "card" in page.text


def test_certificate_is_for_every_name(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://www.notes.{zone}/path?q=1")
    assert page.status in (301, 308), page.error
    assert page.headers["location"] == f"https://notes.{zone}/path?q=1"


@pytest.mark.parametrize("name", ["notes", "www.notes", "guestbook"])
def test_http_leads_to_https(browser: Browser, zone: str, name: str) -> None:
    page = browser.get(f"http://{name}.{zone}/path?q=1")
    assert page.status in (301, 308)
    assert page.headers["location"] == f"https://{name}.{zone}/path?q=1"


def test_static_files_expire(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://notes.{zone}/static/notes.css")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/css")
    assert "max-age=3600" in page.headers["cache-control"]


def test_text_is_compressed(browser: Browser, zone: str) -> None:
    url = f"https://notes.{zone}/static/notes.css"
    page = browser.get(url, "-H", "Accept-Encoding: gzip", "-o", "/dev/null", "-D", "-")
    assert page.headers["content-encoding"] == "gzip"


def test_stranger_gets_no_app(browser: Browser, host: Host, zone: str) -> None:
    address = host.check_output("hostname -I").split()[0]
    for url, port in (("http://stranger.test/", 80), ("https://stranger.test/", 443)):
        page = browser.get(url, "--insecure", "--resolve", f"stranger.test:{port}:{address}")
        assert page.status in (0, 400, 404, 421, 444), f"{url}: {page}"
        assert "Notes" not in page.text


def test_health_names_the_release(browser: Browser, zone: str, notes: App) -> None:
    page = browser.get(f"https://notes.{zone}/health")
    assert json.loads(page.text) == {"status": "ok", "database": "ok", "release": notes.release}


def test_newest_tag_is_deployed(host: Host, notes: App) -> None:
    repository = "/srv/notes/repo.git"
    release = host.file(f"/srv/notes/releases/{notes.release}/release.json").content_string
    newest = host.check_output(f"git -C {repository} rev-parse v0.2.0^{{commit}}")
    assert newest in release


def test_note_is_written_and_in_mariadb(browser: Browser, host: Host, zone: str) -> None:
    title = "Ein Brief an Zoë 🌻"
    page = browser.submit(f"https://notes.{zone}/notes/new", title=title, body="…", tags="mail")
    assert page.status == 302, page.text
    assert title in browser.get(f"https://notes.{zone}/").text
    query = "SELECT title FROM notes ORDER BY id DESC LIMIT 1"
    client = "mariadb --default-character-set=utf8mb4 -N notes"
    assert host.check_output(f"{client} -e %s", query) == title


def test_form_without_token_is_refused(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://notes.{zone}/notes/new", "-d", "title=forged", "-d", "body=x")
    assert page.status in (400, 422)
    assert "forged" not in browser.get(f"https://notes.{zone}/").text


def test_module_app_in_a_subfolder(browser: Browser, zone: str) -> None:
    url = f"https://guestbook.{zone}/"
    assert "certificate" in browser.get(url).error  # nobody vouches for a self-signed one
    assert browser.submit(url, "--insecure", name="Ada").status == 302
    assert "Ada" in browser.get(url, "--insecure").text


def test_live_slot_alone_runs(host: Host, app: App) -> None:
    assert app.running() == [app.slot]
    assert host.service(app.unit).is_enabled


def workers(host: Host) -> list[str]:
    units = {slot: f"flask-notes.worker@{slot}.service" for slot in ("blue", "green")}
    return [slot for slot, unit in units.items() if host.service(unit).is_running]


def test_worker_of_the_live_slot_does_the_jobs(
    browser: Browser, host: Host, zone: str, notes: App
) -> None:
    assert workers(host) == [notes.slot]
    page = browser.submit(f"https://notes.{zone}/notes/new", title="Work", body="x", tags="job")
    assert page.status == 302, page.text
    left = "mariadb -N notes -e \"SELECT COUNT(*) FROM jobs WHERE state = 'queued'\""
    for _attempt in range(20):
        if host.check_output(left) == "0":
            break
        time.sleep(0.5)
    assert host.check_output(left) == "0"


def test_schedule_runs_in_the_live_slot(host: Host, notes: App) -> None:
    assert host.service("flask-notes.cleanup.timer").is_running
    host.check_output("systemctl start flask-notes.cleanup.service")
    unit = f"flask-notes.cleanup@{notes.slot}.service"
    assert "removed " in host.check_output("journalctl -q -o cat -u %s", unit)


def test_sandbox_is_as_tight_as_it_may_be(host: Host, notes: App) -> None:
    """systemd's own marks, from 0 to 10; a service without a sandbox has 9.6."""
    for unit in (notes.unit, f"flask-notes.worker@{notes.slot}.service"):
        said = host.check_output("systemd-analyze security --no-pager %s", unit)
        mark = re.search(r"Overall exposure level for .+?: ([\d.]+)", said)
        assert mark, said
        assert float(mark[1]) <= 1.3, said


def test_sandbox_takes_settings_of_the_users_own(host: Host, guestbook: App) -> None:
    shown = host.check_output("systemctl show %s", guestbook.unit).splitlines()
    assert {"MemoryMax=536870912", "PrivateDevices=no", "PrivateUsers=yes"} <= set(shown)
    (writable,) = [line for line in shown if line.startswith("ReadWritePaths=")]
    assert "-/data/exports" in writable
    assert "/srv/guestbook/shared" in writable


def test_environment_is_private(host: Host, app: App) -> None:
    file = host.file(f"/etc/{app.name}/environment")
    assert (file.user, file.group, oct(file.mode)) == ("root", app.name, "0o640")


def test_app_cannot_change_its_code(app: App) -> None:
    release = f"/srv/{app.name}/releases/{app.release}"
    assert app.tries(f"test -r {release}/release.json").rc == 0
    assert app.tries(f"find {release}/ -writable ! -type l").stdout == ""
    for path in (release, f"{release}/.venv", f"/srv/{app.name}", f"/etc/{app.name}"):
        assert app.tries(f"touch {path}/hole").rc != 0, path
    assert app.tries(f"ln -sfn /tmp /srv/{app.name}/live.sock").rc != 0
    kept = f"/srv/{app.name}/shared/instance/.kept"
    assert app.tries(f"touch {kept} && rm {kept}").rc == 0


def test_apps_are_strangers_to_each_other(guestbook: App, notes: App) -> None:
    assert guestbook.tries("cat /etc/notes/environment").rc != 0
    assert guestbook.tries("ls /srv/notes/shared").rc != 0
    socket = f"/run/notes/{notes.slot}/gunicorn.sock"
    connect = f"import socket; socket.socket(socket.AF_UNIX).connect('{socket}')"
    assert guestbook.tries(f'python3 -c "{connect}"').rc != 0
    assert guestbook.tries("mariadb notes -e 'SELECT 1'").rc != 0
    assert notes.tries("mariadb notes -e 'SELECT 1'").rc == 0
    assert notes.tries("mariadb mysql -e 'SELECT 1'").rc != 0


def test_secret_is_nowhere_to_be_read(host: Host, app: App) -> None:
    secret = f"sed -n 's/^SECRET_KEY=//p' /etc/{app.name}/environment | tr -d \\'"
    assert len(host.check_output(secret)) >= 32
    search = f"grep -rlsF -D skip -f - {PLACES}"
    assert f"/etc/{app.name}/environment" in host.run(f"{secret} | {search}").stdout
    assert host.run(f"{secret} | runuser -u nobody -- {search}").stdout == ""
    in_logs = "t=$(mktemp) && journalctl -o cat > $t && grep -cF -f - $t; rm $t"
    assert host.run(f"{secret} | (umask 077; {in_logs})").stdout.strip() == "0"


def test_other_scenarios_begin_with_what_is_installed_here(host: Host) -> None:
    """The images of their hosts hold what a bare server gets from site.yml, and nothing more."""
    images = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"], "tests/bed")
    held = {*(images / "image-site/packages").read_text().split(), "mariadb-server"}
    log = host.file("/var/log/apt/history.log").content_string
    (asked,) = re.findall("^Commandline: apt-get install --quiet (.+)", log, re.MULTILINE)
    installed = {word for word in asked.split() if not word.startswith("-")}
    on_bare_servers = {"ca-certificates", "iproute2", "openssl", "python3", "sudo"}
    assert installed | on_bare_servers == held


def test_certificates_are_renewed_by_one_timer(host: Host) -> None:
    timers = host.check_output("systemctl list-timers --all --no-legend").splitlines()
    assert len([line for line in timers if "certbot" in line or "renew" in line]) == 1


def test_nothing_has_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --no-legend") == ""


def test_restart_of_the_live_slot(browser: Browser, host: Host, zone: str, notes: App) -> None:
    host.check_output("systemctl restart %s", notes.unit)
    assert browser.wait(f"https://notes.{zone}/health", seconds=30).status == 200


def test_static_files_come_from_nginx(browser: Browser, host: Host, zone: str, notes: App) -> None:
    unit = notes.unit
    host.check_output("systemctl stop %s", unit)
    try:
        assert browser.get(f"https://notes.{zone}/").status == 502
        assert browser.get(f"https://notes.{zone}/static/notes.css").status == 200
        assert browser.get(f"https://guestbook.{zone}/", "--insecure").status == 200
    finally:
        host.check_output("systemctl start %s", unit)


def test_reboot(
    rebooted: None, browser: Browser, host: Host, zone: str, notes: App, guestbook: App
) -> None:
    page = browser.wait(f"https://notes.{zone}/", seconds=60)
    assert page.status == 200, page.error
    assert "Zoë" in page.text
    assert json.loads(browser.get(f"https://notes.{zone}/health").text)["release"] == notes.release
    assert browser.wait(f"https://guestbook.{zone}/", "--insecure").status == 200
    for app in (notes, guestbook):
        assert app.running() == [app.slot]
        assert app.state_of_idle_slot() == "inactive"
    assert workers(host) == [notes.slot]

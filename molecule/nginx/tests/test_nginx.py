"""What visitors, scanners and careless administrators get to see of a site."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = [f"docker://{os.environ['BED_NAME']}-nginx-deb{number}" for number in (12, 13)]

# sslyze's whole verdict on a certificate of Pebble's, which signs with RSA, against "modern".
ONLY_THE_AUTHORITY = ["certificate_signatures"]


@pytest.fixture
def site(zone: str) -> str:
    return f"https://guestbook.{zone}"


@pytest.fixture
def play(container: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs one of the user's playbooks on this host, with other variables."""

    def run(name: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        command = ["ansible-playbook", f"pyhost.flask.{name}"]
        command += ["-i", os.environ["MOLECULE_INVENTORY_FILE"], "--limit", container]
        command += ["--extra-vars", json.dumps(variables)]
        output: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, **output, text=True, check=False)

    return run


@pytest.fixture
def judged(
    container: str, browser: Browser, zone: str, tmp_path: Path
) -> Callable[[str], list[str]]:
    """What sslyze holds against the site by one of Mozilla's profiles: the checks that fail."""

    def run(profile: str) -> list[str]:
        root = tmp_path / "root.pem"
        root.write_text(browser.machine.check_output("cat /run/pebble-root.pem"))
        format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        inspect = ["docker", "container", "inspect", "--format", format, container]
        address = subprocess.run(inspect, check=True, capture_output=True, text=True).stdout.strip()
        command = ["sslyze", f"--mozilla_config={profile}", f"--certinfo_ca_file={root}"]
        command += ["--sni", f"guestbook.{zone}", f"{address}:443"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        verdict = done.stdout.partition("COMPLIANCE AGAINST")[2]
        assert verdict, done.stdout + done.stderr
        found = [line.split()[1].rstrip(":") for line in verdict.splitlines() if " * " in line]
        assert bool(found) == bool(done.returncode), verdict
        return found

    return run


def test_tls_is_mozillas_intermediate_profile(judged: Callable[[str], list[str]]) -> None:
    assert judged("intermediate") == []


def test_headers(browser: Browser, site: str) -> None:
    page = browser.get(f"{site}/")
    assert page.status == 200, page.error
    assert page.headers["strict-transport-security"] == "max-age=63072000"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["x-site"] == "hello world"
    assert "referrer-policy" not in page.headers
    assert page.headers["server"] == "nginx"


def test_redirects_and_snippets(browser: Browser, site: str) -> None:
    assert browser.get(f"{site}/old").headers["location"] == f"{site}/new"
    assert browser.get(f"{site}/away").headers["location"] == "https://elsewhere.example/"
    assert browser.get(f"{site}/ping").text == "pong"


def test_log_in_json_names_the_client_behind_a_load_balancer(
    browser: Browser, host: Host, site: str
) -> None:
    path = "/?said=%22quoted%22"
    browser.get(site + path, "-H", "X-Forwarded-For: 198.51.100.7")
    lines = host.file("/var/log/nginx/guest-book.access.log").content_string.splitlines()
    entry = json.loads(lines[-1])
    assert entry["uri"] == path
    assert entry["client"] == "198.51.100.7"
    assert entry["status"] == 200


def test_websocket_and_stream_are_passed_on_at_once(browser: Browser, zone: str) -> None:
    client = Path(__file__).parent.with_name("client.py").read_text()
    said = browser.machine.check_output("python3 -c %s %s", client, f"notes.{zone}").splitlines()
    assert said[0] == "websocket, 101, you said hello, you said again"
    assert said[1] == "stream, first, said, second"


def test_foreign_names_get_no_answer(browser: Browser, container: str, zone: str) -> None:
    address = browser.machine.check_output("getent hosts guestbook.%s", zone).split()[0]
    for port, scheme in ((80, "http"), (443, "https")):
        resolve = f"elsewhere.test:{port}:{address}"
        page = browser.get(f"{scheme}://elsewhere.test/", "--insecure", "--resolve", resolve)
        assert page.status == 0


def test_maintenance_page_is_switched_on_and_off(
    browser: Browser, site: str, play: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    assert play("maintenance", app="guest-book").returncode == 0
    page = browser.get(f"{site}/")
    assert page.status == 503
    assert page.headers["retry-after"] == "300"
    assert "being worked on" in page.text
    assert play("maintenance", app="guest-book", maintenance=False).returncode == 0
    assert browser.get(f"{site}/").status == 200


def test_what_others_changed_by_hand_is_put_right(
    browser: Browser, site: str, play: Callable[..., subprocess.CompletedProcess[str]], host: Host
) -> None:
    """A run looks at files and services even where its own options are those of the run before."""
    assert play("site").returncode == 0
    file = "/etc/nginx/conf.d/guest-book.conf"
    before = host.file(file).content_string
    # As many bytes as before, and the times of before.
    host.check_output(f"cp -p {file} /run/before && sed -i s/pong/gone/ {file}")
    host.check_output(f"touch -r /run/before {file} && systemctl disable --now nginx")
    assert play("site").returncode == 0
    assert host.file(file).content_string == before
    assert browser.get(f"{site}/ping").text == "pong"
    assert host.service("nginx").is_enabled
    done = play("site")
    assert " changed=0 " in done.stdout, done.stdout


def test_passwords_and_rates(
    browser: Browser, site: str, play: Callable[..., subprocess.CompletedProcess[str]], host: Host
) -> None:
    hashed = host.check_output("openssl passwd -apr1 sesame")
    limits = {"users": {"me": hashed}, "rate": "1r/m", "burst": 2}
    done = play("site", change={"nginx": limits})
    assert done.returncode == 0, done.stdout
    assert hashed not in done.stdout
    assert browser.get(f"{site}/").status == 401
    statuses = [browser.get(f"{site}/", "-u", "me:sesame").status for _time in range(5)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert host.file("/etc/nginx/users/guest-book").mode == 0o640
    done = play("site")
    assert done.returncode == 0, done.stdout
    assert browser.get(f"{site}/").status == 200
    assert not host.file("/etc/nginx/users/guest-book").exists


MISTAKES = [
    ({"nginx": {"server": "bogus on;"}}, 'unknown directive "bogus"'),
    ({"nginx": {"server": "location = /ping {"}}, "nginx -t -q rejects the new files"),
    ({"nginx": {"server": "}"}}, "directive is not allowed here"),
    ({"nginx": {"location": "proxy_pass http://127.0.0.1;"}}, "directive is duplicate"),
    ({"nginx": {"location": "expires soon;"}}, "invalid value"),
    ({"gunicorn": {"args": ["--no-such-argument=1"]}}, "unrecognized arguments"),
    ({"gunicorn": {"args": ["--user=nobody-there"]}}, "nobody-there"),
    ({"schedules": [{"name": "tidy", "command": "flask tidy", "when": "99-99-99"}]}, "99-99-99"),
    ({"systemd": {"MemoryMux": "1G"}}, "MemoryMux"),
    ({"systemd": {"MemoryMax": "much"}}, "Invalid memory limit 'much'"),
    ({"systemd": {"SystemCallFilter": "@nonsense"}}, "@nonsense"),
    ({"nginx": {"proxies": ["everywhere"]}}, "everywhere"),
    ({"files": [{"name": "a.cfg", "template": "no/such/file.j2"}]}, "no/such/file.j2"),
    ({"wsgi": "guestbook:nothing"}, "nothing"),
]


# What is found before any host is asked, and so all at once.
EARLY_MISTAKES = {
    "nginx": {
        "max_body_size": "many",
        "headers": {"X-Bad": 'a"b'},
        "rate": "often",
        "users": {"me": "sesame"},
        "redirects": {"old": "/new"},
    },
    "env": {"1st": "x"},
}
EARLY_SAID = [
    "must be a size",
    "a header's name",
    "must be as in 10r/s",
    "openssl passwd",
    "must lead from a path",
    "a variable's name",
]


@pytest.mark.parametrize(("mistake", "said"), MISTAKES, ids=[said for _change, said in MISTAKES])
def test_a_mistake_changes_nothing(
    browser: Browser,
    site: str,
    play: Callable[..., subprocess.CompletedProcess[str]],
    host: Host,
    app_of: Callable[[str], App],
    zone: str,
    mistake: dict[str, Any],
    said: str,
) -> None:
    if zone == "deb12.test" and MISTAKES.index((mistake, said)) > 4:
        pytest.skip("the rest says the same on both")
    folders = "/etc/nginx /etc/systemd/system /etc/tmpfiles.d /etc/letsencrypt/renewal-hooks"
    managed = f"find {folders} /srv/guest-book/slots/{app_of('guest-book').slot}"
    before = host.check_output(f"{managed} -type f -exec sha256sum {{}} + | sort")
    done = play("site", change=mistake)
    assert done.returncode != 0, done.stdout
    assert said in done.stdout
    assert host.check_output(f"{managed} -type f -exec sha256sum {{}} + | sort") == before
    assert host.run("nginx -t").rc == 0
    assert browser.get(f"{site}/").status == 200


def test_all_early_mistakes_are_told_at_once(
    host: Host, play: Callable[..., subprocess.CompletedProcess[str]], zone: str
) -> None:
    if zone == "deb12.test":
        pytest.skip("no host is asked")
    marker = host.check_output("mktemp")
    done = play("site", change=EARLY_MISTAKES)
    assert done.returncode != 0, done.stdout
    assert [said for said in EARLY_SAID if said not in done.stdout] == [], done.stdout
    assert host.check_output("find /etc /srv -newer %s", marker) == ""


def test_tls_is_mozillas_modern_profile_by_choice(
    judged: Callable[[str], list[str]], play: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = play("site", nginx_tls="modern")
    assert done.returncode == 0, done.stdout
    assert judged("modern") == ONLY_THE_AUTHORITY

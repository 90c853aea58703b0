"""Apps that others wrote, as a visitor sees them, and an app that came later."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Callable

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = ["ansible://flask"]


def test_factory_app_in_a_subfolder_writes_and_reads(browser: Browser, zone: str) -> None:
    site = f"https://flaskr.{zone}"
    user = {"username": f"ada-{uuid.uuid4()}", "password": "x"}
    assert browser.submit(f"{site}/auth/register", **user).status == 302
    assert browser.submit(f"{site}/auth/login", **user).status == 302
    assert browser.submit(f"{site}/create", title="First post", body="Hello").status == 302
    page = browser.get(f"{site}/")
    assert page.status == 200, page.error
    assert "First post" in page.text


def test_its_secret_key_is_the_hosts_own(host: Host, app_of: Callable[[str], App]) -> None:
    flaskr = app_of("flaskr")
    kept = host.check_output("cat /var/lib/pyhost-flask/secrets/flaskr")
    code = "from flaskr import create_app; print(create_app().config['SECRET_KEY'])"
    assert host.check_output("flask-app flaskr python -c %s", code) == kept
    assert flaskr.tries("cat /var/lib/pyhost-flask/secrets/flaskr").rc != 0


def test_its_static_files_come_from_nginx(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://flaskr.{zone}/static/style.css")
    assert page.status == 200
    assert page.headers["cache-control"] == "max-age=3600"


def test_module_app_sees_the_scheme_and_host(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://httpbin.{zone}/get?a=b")
    assert page.status == 200, page.error
    assert json.loads(page.text)["url"] == f"https://httpbin.{zone}/get?a=b"


def test_module_app_streams(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://httpbin.{zone}/stream/20")
    assert len(page.text.splitlines()) == 20


def test_third_app_serves(browser: Browser, zone: str) -> None:
    page = browser.get(f"https://notes.{zone}/health")
    assert json.loads(page.text)["status"] == "ok"


def test_third_app_disturbed_neither(host: Host) -> None:
    before, after = (host.file(f"/run/{name}").content_string for name in ("before", "after"))
    assert "flask-flaskr@" in before
    assert before.count("serial=") == 2
    assert after == before


@pytest.mark.parametrize("name", ["flaskr", "httpbin", "notes"])
def test_each_has_its_own_user_and_certificate(
    host: Host, app_of: Callable[[str], App], name: str
) -> None:
    app = app_of(name)
    pid = host.check_output("systemctl show --value --property=MainPID %s", app.unit)
    assert host.check_output("stat -c %%U /proc/%s", pid) == name
    subject = f"openssl x509 -noout -ext subjectAltName -in /etc/letsencrypt/live/{name}/cert.pem"
    assert f"DNS:{name}." in host.check_output(subject)
    assert host.check_output(subject).count("DNS:") == 1


def test_app_that_leaves_the_list_stops_and_loses_nothing(
    browser: Browser, host: Host, zone: str
) -> None:
    """The scenario's own list is that of the first two apps."""
    assert host.check_output("pgrep --count --uid notes --full 'sleep infinity'") == "1"
    inventory = os.environ["MOLECULE_INVENTORY_FILE"]
    subprocess.run(["ansible-playbook", "-i", inventory, "pyhost.flask.site"], check=True)
    assert host.run("pgrep --uid notes").stdout == ""
    assert host.run("systemctl list-units --all --plain --no-legend 'flask-notes*'").stdout == ""
    assert browser.get(f"https://notes.{zone}/health", "--insecure").status == 0
    assert browser.get(f"https://httpbin.{zone}/status/204").status == 204
    assert host.file("/srv/notes/current").exists
    assert "notes" in host.check_output("mariadb -e 'SHOW TABLES' notes")

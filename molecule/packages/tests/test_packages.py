"""An app's packages through their lives, on hosts that know nothing of Ansible.

What is promised: apt and dnf do what a deploy does. No request is lost, a release that does not
come up gets none, and data outlive everything.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from ansible_collections.pyhost.flask.molecule.packages.tests.hosts import (
    DIST,
    INSTALLED,
    Load,
    apt,
    build,
    container,
    deb,
    dnf,
    revision,
    rpm,
    serves,
)


def checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_apt_installs_from_a_signed_repository_what_serves() -> None:
    host = container("apt12")
    source = "Types: deb\nURIs: file:/opt/dist\nSuites: ./\nSigned-By: /opt/dist/key.asc\n"
    host.check_output("printf %s > /etc/apt/sources.list.d/notes.sources", source)
    host.check_output("apt-get update -qq")
    done = apt(host, "flask-notes=1.0.0-1.deb12")
    assert done.succeeded, done.stdout + done.stderr
    assert serves(host) == "1.0.0"
    assert revision(host) == "0004"
    assert host.check_output("dpkg -V flask-notes") == ""
    # The key is of this host, and nobody else reads it.
    environment = host.file("/etc/notes/environment")
    assert (environment.mode, environment.group) == (0o640, "notes")
    assert re.search(r"^SECRET_KEY=[0-9a-f]{64}$", environment.content_string, re.MULTILINE)


def test_an_upgrade_loses_nothing_and_migrates() -> None:
    host = container("apt12")
    host.check_output("echo kept > /srv/notes/shared/kept")
    with Load(host):
        done = apt(host, deb("1.1.0"))
    assert done.succeeded, done.stdout + done.stderr
    assert serves(host) == "1.1.0"
    assert revision(host) == "0005"
    assert host.check_output("dpkg -V flask-notes") == ""
    assert host.check_output("ls /srv/notes/releases").count("\n") == 1


def test_a_downgrade_that_does_not_know_the_database_is_refused() -> None:
    host = container("apt12")
    with Load(host):
        done = apt(host, deb("1.0.0"))
    assert not done.succeeded
    assert "the database is at revision 0005, which this release does not know" in done.stderr
    assert serves(host) == "1.1.0"


def test_a_new_build_of_a_version_and_the_way_back() -> None:
    host = container("apt12")
    with Load(host):
        assert apt(host, deb("1.1.0", "2")).succeeded
        new = host.check_output("readlink /srv/notes/current")
        assert apt(host, deb("1.1.0", "1")).succeeded
    assert host.check_output("readlink /srv/notes/current") != new
    with Load(host):
        assert host.run("flask-notes rollback").succeeded
    assert host.check_output("readlink /srv/notes/current") == new
    assert host.check_output("dpkg -V flask-notes") == ""


def test_a_release_that_does_not_answer_gets_no_traffic() -> None:
    host = container("apt12")
    with Load(host):
        done = apt(host, deb("1.2.0"))
    assert not done.succeeded
    assert "did not come up and got no traffic" in done.stderr
    assert "no route to the moon" in done.stderr
    assert serves(host) == "1.1.0"
    assert apt(host, deb("1.1.0", "2")).succeeded
    assert host.check_output("dpkg -V flask-notes") == ""


def test_settings_of_the_administrator_are_kept_and_applied() -> None:
    host = container("apt12")
    host.check_output("echo GREETING=hello >> /etc/default/flask-notes")
    with Load(host):
        assert host.run("flask-notes configure").succeeded
    assert "hello" in host.check_output("flask-notes run env")
    assert apt(host, deb("1.1.0", "1")).succeeded
    assert "hello" in host.check_output("flask-notes run env")


def test_data_outlive_the_package() -> None:
    host = container("apt12")
    key = host.check_output("grep ^SECRET_KEY /etc/notes/environment")
    host.check_output("apt-get remove -y -q flask-notes")
    assert host.check_output("systemctl list-units --no-legend 'flask-notes*'") == ""
    assert not host.file("/srv/notes/releases").exists
    assert host.file("/etc/default/flask-notes").exists
    assert apt(host, deb("1.1.0")).succeeded
    assert serves(host) == "1.1.0"
    assert host.check_output("grep ^SECRET_KEY /etc/notes/environment") == key
    assert host.file("/srv/notes/shared/kept").content_string == "kept\n"

    said = host.check_output("apt-get purge -y -q flask-notes")
    assert "the app's data are kept in /srv/notes/shared" in said
    assert host.check_output("ls /srv/notes") == "shared"
    for path in ("/etc/notes", "/etc/default/flask-notes", "/var/log/notes"):
        assert not host.file(path).exists
    assert not host.file("/var/lib/pyhost-flask/secrets/notes").exists
    assert host.user("notes").exists


def test_a_package_for_debian_12_refuses_13() -> None:
    host = container("apt13")
    host.check_output("apt-get update -qq")
    done = apt(host, deb("1.1.0"))
    assert not done.succeeded
    assert "Depends: python3 (< 3.12~)" in done.stdout + done.stderr


def test_the_same_input_makes_the_same_packages() -> None:
    """On a machine that has built other things, and on a fresh one."""
    files = sorted(DIST.glob("flask-notes?1.1.0-1.*"))
    assert len(files) == 2
    before = list(map(checksum, files))
    build("1.1.0", "1", "-e", json.dumps({"package_images": [INSTALLED[12]]}))
    assert list(map(checksum, files)) == before


def test_dnf_installs_upgrades_downgrades_and_erases() -> None:
    host = container("rpm")
    signed = "--setopt=notes.gpgcheck=1 --setopt=notes.gpgkey=file:///opt/dist/key.asc"
    done = dnf(host, "install", "--repofrompath=notes,/opt/dist", signed, "flask-notes-1.0.0")
    assert done.succeeded, done.stdout
    assert serves(host) == "1.0.0"
    host.check_output("echo kept > /srv/notes/shared/kept")
    with Load(host):
        assert dnf(host, "upgrade", rpm("1.1.0")).succeeded
    assert serves(host) == "1.1.0"
    assert revision(host) == "0005"
    with Load(host):
        assert dnf(host, "upgrade", rpm("1.1.0", "2")).succeeded
        assert dnf(host, "downgrade", rpm("1.1.0", "1")).succeeded
    assert serves(host) == "1.1.0"
    assert host.run("rpm -V flask-notes").stdout == ""
    with Load(host):
        refused = dnf(host, "upgrade", rpm("1.2.0"))
    assert "no route to the moon" in refused.stdout
    assert serves(host) == "1.1.0"
    assert dnf(host, "downgrade", rpm("1.1.0", "2")).succeeded

    assert dnf(host, "remove", "flask-notes").succeeded
    assert host.file("/srv/notes/shared/kept").exists
    assert not host.file("/srv/notes/releases").exists
    assert host.check_output("systemctl list-units --no-legend 'flask-notes*'") == ""
    assert dnf(host, "install", rpm("1.1.0")).succeeded
    assert serves(host) == "1.1.0"

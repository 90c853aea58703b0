"""One small app from each kind of source: deployed, planned, upgraded, left alone, rolled back.

What is promised: it makes no difference where an app comes from.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

testinfra_hosts = ["ansible://flask"]

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
WORK = Path(os.environ["BED_CACHE"], os.environ["BED_NAME"] + "-sources")
KINDS = ["git", "path", "archive", "web"]


def publish(version):
    subprocess.run([PROJECT / "molecule/sources/publish", version], check=True)


def play(name, *options):
    """Run a playbook as users do; its exit status, and all that it said."""
    command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"]]
    done = subprocess.run(
        [*command, f"pyhost.flask.{name}", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def succeed(name, *options):
    status, said = play(name, *options)
    assert status == 0, said
    return said


def site(kind):
    return f"http://{kind}.deb13.test/"


@pytest.fixture
def versions(browser):
    """Gives the version that each app answers with."""

    def ask():
        answers = {kind: browser.get(site(kind)).text for kind in KINDS}
        return {kind: re.sub(r"Version (\S+),.*", r"\1", text) for kind, text in answers.items()}

    return ask


def all_at(version):
    return dict.fromkeys(KINDS, version)


def test_each_serves_the_app(versions, browser):
    assert versions() == all_at("1.0")
    for kind in KINDS:
        assert browser.get(site(kind) + "static/style.css").status == 200, kind
        assert browser.submit(site(kind), name="Ada").status == 302, kind


def test_upgrade_and_back(host, versions, browser, app_of):
    before = {kind: app_of(f"from-{kind}").release for kind in KINDS}
    publish("2.0")
    planned = succeed("deploy", "--check", "--diff")
    for kind in KINDS:
        assert f"+++ after: release of from-{kind}: " in planned
    assert versions() == all_at("1.0")
    assert {kind: app_of(f"from-{kind}").release for kind in KINDS} == before

    succeed("deploy")
    assert versions() == all_at("2.0")
    for kind in KINDS:
        assert "guests: Ada" in browser.get(site(kind)).text, kind
    assert re.search(r"changed=0 ", succeed("deploy"))

    for kind in KINDS:
        succeed("rollback", "-e", f"app=from-{kind}")
    assert versions() == all_at("1.0")
    assert {kind: app_of(f"from-{kind}").release for kind in KINDS} == before


def test_nothing_that_was_sent_stays(host):
    left = host.check_output(
        "find /tmp /var/tmp /root/.ansible -name '*guestbook*' -o -name 'pyhost-flask*'"
    )
    assert left == ""


def test_a_hostile_archive_is_refused(host, versions):
    file = WORK / "hostile.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name in ("guestbook.py", "../../../../../tmp/outside"):
            member = tarfile.TarInfo(name)
            archive.addfile(member, io.BytesIO())
    sources = json.loads((WORK / "sources.json").read_text())
    sources["archive"] = {"archive": str(file)}
    (WORK / "sources.json").write_text(json.dumps(sources))

    status, said = play("deploy")
    assert status != 0
    assert "its entry '../../../../../tmp/outside' leads out of the folder" in said
    assert "What runs was not touched" in said
    assert not host.file("/tmp/outside").exists
    assert versions()["archive"] == "1.0"

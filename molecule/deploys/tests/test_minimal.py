"""An app that has nothing: one file, no requirements, no health path, no migrations.

What is promised: the same as for any other. Its first version is served over HTTPS, a new one
takes over without a lost request, one that does not boot gets no traffic and the play says why,
and there is a way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ansible_collections.pyhost.flask.molecule.deploys.tests.scenario import (
    HOST,
    Source,
    changed,
    only,
    play,
    succeed,
)
from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.host import Host
from ansible_collections.pyhost.flask.molecule.shared.visitors import Site, Visitors

testinfra_hosts = ["ansible://flask"]

PLAIN = only("plain")
BROKEN = {
    "does not boot": ("import nothing_of_that_name\n", "No module named 'nothing_of_that_name'"),
    "has no app": ("application = None\n", "Failed to find attribute 'app' in 'app'"),
    "answers 500": (
        "from flask import Flask\n\napp = Flask(__name__)\n\n\n"
        "@app.get('/')\ndef index():\n    return {}['the reason']\n",
        "KeyError: 'the reason'",
    ),
}


@pytest.fixture
def plain_visitors() -> Iterator[Visitors]:
    """Visitors of the app. None of their requests may be lost."""
    with Visitors(Site.of(HOST, "plain.deb13.test")) as found:
        yield found
    found.check()


def test_new_versions_and_the_way_back(
    app_of: Callable[[str], App], plain: Source, plain_visitors: Visitors
) -> None:
    app = app_of("plain")
    assert plain_visitors.site.ask() == (200, "first")
    first = app.release
    second = plain.publish()
    succeed("deploy", *PLAIN)
    assert plain_visitors.site.ask() == (200, second)
    assert plain_visitors.since(0) <= {"first", second}
    assert changed(succeed("deploy", *PLAIN)) == 0
    # Each does its own part in one command, too: what a deploy has built is none of a rotation's.
    succeed("deploy", "pyhost.flask.rollback", "pyhost.flask.rotate_secrets", *PLAIN)
    assert plain_visitors.site.ask() == (200, "first")
    assert app.release == first
    assert app.running() == [app.slot]
    assert app.state_of_idle_slot() == "inactive"


@pytest.mark.parametrize("way", BROKEN)
def test_broken_version(
    app_of: Callable[[str], App], plain: Source, plain_visitors: Visitors, way: str
) -> None:
    app = app_of("plain")
    version = plain.publish()
    succeed("deploy", *PLAIN)
    before = app.release, app.slot
    code, reason = BROKEN[way]
    plain.publish(app_py=code)
    answered = len(plain_visitors.answers)
    done = play("deploy", *PLAIN)
    assert done.returncode, done.stdout
    assert reason in done.stdout, done.stdout
    assert plain_visitors.site.ask() == (200, version)
    assert plain_visitors.since(answered) == {version}
    assert (app.release, app.slot) == before
    assert app.running() == [app.slot]
    assert app.state_of_idle_slot() == "inactive"


def test_others_are_left_alone(
    host: Host, app_of: Callable[[str], App], diary: Source, plain: Source
) -> None:
    """The host's other app has a new version as well, and both have a new setting."""
    look = (
        "{ readlink /srv/diary/live.sock /srv/diary/current; ls /srv/diary/releases;"
        " find /etc -path '*diary*' -type f -print0 | sort -z | xargs -0 sha256sum;"
        " sha256sum /usr/local/bin/flask-app; flask-app diary env | grep ^COLOUR;"
        " systemctl show -p MainPID,NeedDaemonReload 'flask-diary@*'; }"
    )
    before = host.check_output(look)
    diary.publish()
    plain.publish()
    old = app_of("plain").release
    succeed("deploy", *PLAIN, "-e", "colour=red")
    assert app_of("plain").release != old
    assert "COLOUR=red" in host.file("/etc/plain/environment").content_string
    assert host.check_output(look) == before
    refused = play("deploy", *only("plian"))
    assert refused.returncode != 0
    assert "There is no app plian; choose one of them" in refused.stdout
    assert "-e app=diary, -e app=plain" in refused.stdout

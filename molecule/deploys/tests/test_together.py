"""Two deploys of one app at the same time: one at a time, whoever comes second is told.

What is promised. Of two deploys that are started together one wins; the other one fails before it
has changed anything, and says who deploys, since when, at which step, and how to wait. With
``app_lock_wait`` it waits, and both succeed one after the other. A play that was killed keeps
nobody waiting. Nobody who visits the site notices any of it.
"""

from __future__ import annotations

import getpass
import re
import socket
import time

import pytest

from ansible_collections.pyhost.flask.molecule.deploys.tests.scenario import (
    HELD,
    Hold,
    Source,
    kill_play,
    only,
    start,
    state,
    succeed,
    wait_for,
)
from ansible_collections.pyhost.flask.molecule.shared.host import Host
from ansible_collections.pyhost.flask.molecule.shared.visitors import Visitors

testinfra_hosts = ["ansible://flask"]

DIARY = only("diary")
WHO = re.compile(rf"diary: {getpass.getuser()}@{socket.gethostname()} \(process (\d+)\) deploys ")
SINCE = re.compile(r"since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, for \d+ (s|min)")


@pytest.fixture
def version(diary: Source, hold: Hold) -> str:
    """A version whose last migration waits until the test lets it go on."""
    name = diary.publish(migrations=2)
    hold.let_wait(diary.migrations[-1])
    return name


def test_second_is_refused(
    host: Host, diary: Source, visitors: Visitors, version: str, hold: Hold
) -> None:
    plays = [start("deploy", *DIARY), start("deploy", *DIARY)]
    wait_for(host, HELD)
    # The winner waits in its migration, so the other one is the first to end.
    while not (ended := [process for process in plays if process.poll() is not None]):
        time.sleep(0.1)
    (loser,) = ended
    (winner,) = [process for process in plays if process is not loser]
    said = loser.communicate()[0]
    assert loser.returncode, said
    found = WHO.search(said)
    assert found, said
    assert int(found[1]) == winner.pid
    assert SINCE.search(said), said
    assert "app_lock_wait" in said
    assert visitors.site.ask()[1].split()[0] != version
    hold.go_on()
    told = winner.communicate()[0]
    assert winner.returncode == 0, told
    assert visitors.site.ask()[1].split()[0] == version
    assert state(host)["locks"] == []


def test_second_waits(
    host: Host, diary: Source, visitors: Visitors, version: str, hold: Hold
) -> None:
    first = start("deploy", *DIARY)
    wait_for(host, HELD)
    second = start("deploy", *DIARY, "-e", "app_lock_wait=300")
    # It is at the step that needs the lock.
    assert second.stdout
    for line in second.stdout:
        if "Build the releases" in line:
            break
    assert second.poll() is None
    hold.go_on()
    for process in (first, second):
        said = process.communicate()[0]
        assert process.returncode == 0, said
    assert visitors.site.ask()[1].split()[0] == version
    assert state(host)["locks"] == []


def test_dead_one_keeps_nobody_waiting(
    host: Host, diary: Source, visitors: Visitors, version: str, hold: Hold
) -> None:
    first = start("deploy", *DIARY)
    wait_for(host, HELD)
    kill_play(first)
    # Nobody deploys now, but a step is still at work.
    hold.go_on()
    succeed("deploy", *DIARY)
    assert visitors.site.ask()[1].split()[0] == version
    assert state(host)["locks"] == []

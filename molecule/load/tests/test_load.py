"""Others use the site, while releases come and go: nobody notices, and no broken one goes live.

Lost is any request that got no complete, correct answer of one whole release. A kept connection
that the server closes while a request is under way may be told apart from that: the client sends
the request again (see client.py). While nginx is not reloaded, not even that may happen.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.host import Host

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.molecule.load.tests.conftest import Counts, Load


MANAGERS = {"deb12": "supervisor", "deb13": "systemd"}
LEAST = 20_000
PATIENCE = 10  # seconds that a broken release gets; a good one has more

testinfra_hosts = [f"docker://{os.environ['BED_NAME']}-load-{zone}" for zone in MANAGERS]


class Step(NamedTuple):
    """A phase of the story: the version that is published, the playbook, and what is changed in
    the inventory from here on; and the version that has the traffic at the end."""

    phase: str
    publish: str
    playbook: str
    settings: dict[str, str]
    live: str


# Where nginx itself is reloaded, it closes the kept connections that are idle.
RENEWAL = "renewal; new connections"
SITE = "site.yml, changed site; new connections"
STORY = [
    Step("deploy 1", "r01", "deploy", {}, "r01"),
    Step("deploy 2", "r02", "deploy", {}, "r02"),
    Step("deploy 3, with a migration", "r03", "deploy", {}, "r03"),
    Step("deploy 4, from sync to gthread", "r04", "deploy", {"worker_class": "gthread"}, "r04"),
    Step("deploy 5", "r05", "deploy", {}, "r05"),
    Step("rollback", "", "rollback", {}, "r04"),
    Step("deploy 6", "r06", "deploy", {}, "r06"),
    Step("deploy 7, from gthread to gevent", "r07", "deploy", {"worker_class": "gevent"}, "r07"),
    Step("deploy 8", "r08", "deploy", {}, "r08"),
    Step("reload for a changed variable", "", "deploy", {"setting": "second"}, "r08"),
    Step("deploy 9, from git to a wheel", "r09", "deploy", {"kind": "dist"}, "r09"),
    Step(RENEWAL, "", "", {}, "r09"),
    Step("deploy 10, from a wheel to a deb", "r10", "deploy", {"kind": "deb"}, "r10"),
    Step("deploy 11, from a deb to git", "r11", "deploy", {"kind": "git"}, "r11"),
    Step("site.yml, nothing to do", "", "site", {}, "r11"),
    Step(SITE, "", "site", {"max_body_size": "17m"}, "r11"),
]
AFTER = Step("deploy 12, after the broken ones", "r12", "deploy", {}, "r12")

# A broken release, and what the failed play must say of it.
CAUSES = {
    "import_error": ["RuntimeError: broken when it is imported", "load/__init__.py"],
    "missing_dependency": ["No module named 'a_package_that_nobody_required'"],
    "wrong_wsgi": ["Failed to find attribute 'app' in 'load'"],
    "exits_at_once": ["its workers end as soon as they start", "leaves as soon as it has come"],
    "hangs_at_boot": ["no answer to GET /health; the app hangs"],
    "answers_500": ["GET /health was answered 500", "cannot serve health"],
    "never_answers": ["no answer to GET /health; the app hangs"],
}


@pytest.fixture(scope="module")
def failures() -> dict[str, subprocess.CompletedProcess[str]]:
    """What the plays with the broken releases said."""
    return {}


@pytest.fixture(scope="module")
def counts(start_load: type[Load], failures: dict[str, subprocess.CompletedProcess[str]]) -> Counts:
    """Let all of it happen under load; what the visitors have counted."""
    settings = {}
    with start_load([f"load.{zone}.test" for zone in MANAGERS], LEAST) as load:
        load.phase("before")
        time.sleep(3)
        for step in STORY:
            settings.update(step.settings)
            do(load, step, settings)
        for kind in CAUSES:
            load.phase(f"broken: {kind}")
            load.publish(kind, migration=True)
            failures[kind] = load.play("deploy", {**settings, "patience": PATIENCE})
        do(load, AFTER, settings)
        load.phase("after")
        time.sleep(3)
        counts = load.end()
    for zone, manager in MANAGERS.items():
        show(zone, manager, counts.of(site=f"load.{zone}.test"))
    return counts


def do(load: Load, step: Step, settings: dict[str, Any]) -> None:
    load.phase(step.phase)
    if step.publish:
        load.publish(step.publish, migration=step.publish >= "r03")
    if step.settings.get("kind") == "deb":
        load.package(settings)
    if step.playbook:
        done = load.play(step.playbook, settings)
        assert done.returncode == 0, done.stdout
    else:
        for zone in MANAGERS:
            load.renew(zone)


def show(zone: str, manager: str, counts: Counts) -> None:
    """Print the counts of a host."""
    sent, answered = counts.total("sent"), counts.total("answered")
    lost, resent = len(counts.lost()), counts.total("resent")
    print(f"\n\n  counted {zone}, {manager}: {sent} requests sent, {answered} answered, ", end="")
    print(f"{lost} lost, {resent} sent again, over {counts.total('connections')} connections")
    for line in [*counts.table("phase"), "", *counts.table("kind"), *counts.lost()[:50]]:
        print("  " + line)


@pytest.fixture
def mine(counts: Counts, zone: str) -> Counts:
    """The counts of the host's site."""
    return counts.of(site=f"load.{zone}")


def test_every_request_is_answered(mine: Counts) -> None:
    assert mine.lost() == []
    assert mine.total("answered") == mine.total("sent") >= LEAST


def test_kept_connections_stay_open(mine: Counts) -> None:
    by_nginx = mine.of(phase=RENEWAL).total("resent") + mine.of(phase=SITE).total("resent")
    assert mine.total("resent") == by_nginx


def test_visitors_see_one_release_after_the_other(mine: Counts) -> None:
    live, setting = "r00", "first"
    for step in [*STORY, *(broken(kind) for kind in CAUSES), AFTER]:
        before = (live, setting)
        live, setting = step.live, step.settings.get("setting", setting)
        seen = {tuple(text.split()[::2]) for text in mine.of(phase=step.phase).all("made_by")}
        assert before in seen, step.phase
        assert seen <= {before, (live, setting)}, step.phase
    assert {text.split()[0] for text in mine.of(phase="after").all("made_by")} == {"r12"}


def broken(kind: str) -> Step:
    return Step(f"broken: {kind}", kind, "deploy", {}, "r11")


def test_each_version_is_one_release(mine: Counts) -> None:
    whole = {tuple(text.split()[:2]) for text in mine.all("made_by")}
    assert len(whole) == len({version for version, _release in whole}) == 13


def test_each_post_was_done_once(mine: Counts, host: Host) -> None:
    posts = mine.of(kind="post, kept").total("answered") + mine.of(kind="post, new").total(
        "answered"
    )
    assert host.check_output("mariadb -N load -e 'SELECT COUNT(*) FROM visit'") == str(posts)


def test_renewed_certificate_is_served(mine: Counts) -> None:
    old, new = (mine.of(phase=phase).all("certificates") for phase in ("before", "after"))
    assert len(old) == len(new) == 1
    assert old != new


@pytest.mark.parametrize("kind", CAUSES)
def test_broken_release_fails_with_its_cause(
    counts: Counts, failures: dict[str, subprocess.CompletedProcess[str]], container: str, kind: str
) -> None:
    assert failures[kind].returncode == 2
    said = said_of(container, failures[kind].stdout)
    for cause in CAUSES[kind]:
        assert cause in said, failures[kind].stdout


def said_of(container: str, output: str) -> str:
    """What a play said when it failed on a host."""
    parts = re.split(r"^(?:failed: \[|fatal: \[|\[ERROR\]|PLAY RECAP)", output, flags=re.M)
    return "".join(part for part in parts if part.startswith(f"{container}]"))


def test_one_slot_is_left(counts: Counts, host: Host, app_of: Callable[[str], App]) -> None:
    sockets = [line.split()[4] for line in host.check_output("ss -xlH").splitlines()]
    mine = [path for path in sockets if path.startswith("/run/load/")]
    assert mine == [f"/run/load/{app_of('load').slot}/gunicorn.sock"]


def test_its_manager_runs_it(counts: Counts, host: Host, zone: str) -> None:
    parent = host.check_output("ps -o comm= -p $(ps -o ppid= -p $(pgrep -o -u load))")
    assert parent == {"systemd": "systemd", "supervisor": "supervisord"}[manager_of(zone)]


def manager_of(zone: str) -> str:
    return MANAGERS[zone.partition(".")[0]]

"""The way back: to the release before or to a given one, with or without its migrations.

What is promised. Going back takes the traffic to an older release as a deploy does, so nobody is
lost. A release that does not know the database's revision is refused, with the migrations that
would have to be reverted, and nothing is changed; with ``downgrade=true`` they are reverted, after
a dump, and what older migrations have made stays, with its data. A release that does not come up
leaves everything as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ansible_collections.pyhost.flask.molecule.deploys.tests.scenario import (
    Source,
    only,
    play,
    revision,
    state,
    succeed,
    tables,
)
from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.host import Host
from ansible_collections.pyhost.flask.molecule.shared.visitors import Visitors

testinfra_hosts = ["ansible://flask"]

DIARY = only("diary")
BROKEN = "raise RuntimeError('this version cannot boot')\n"


def deploy(diary: Source, app: App, migrations: int = 0) -> tuple[str, str]:
    """Deploy a new version; its name and its release."""
    version = diary.publish(migrations=migrations)
    succeed("deploy", *DIARY)
    return version, app.release


def entries(visitors: Visitors) -> tuple[str, int]:
    """The version that answers, and how many entries it finds."""
    version, _release, count = visitors.site.ask()[1].split()
    return version, int(count)


def test_back_without_migrations(
    host: Host, app_of: Callable[[str], App], diary: Source, visitors: Visitors
) -> None:
    app = app_of("diary")
    older, first = deploy(diary, app)
    newer, second = deploy(diary, app)
    assert entries(visitors)[0] == newer
    succeed("rollback", *DIARY)
    assert entries(visitors)[0] == older
    assert app.release == first
    assert app.running() == [app.slot]
    succeed("rollback", *DIARY, "-e", f"release={second}")
    assert entries(visitors)[0] == newer
    assert app.release == second


def test_back_over_migrations(
    host: Host, app_of: Callable[[str], App], diary: Source, visitors: Visitors
) -> None:
    app = app_of("diary")
    older, first = deploy(diary, app, migrations=1)
    known, before = revision(host), tables(host)
    assert visitors.site.ask(text="before the newer release") == (204, "")
    newer, second = deploy(diary, app, migrations=2)
    assert visitors.site.ask(text="after it") == (204, "")
    count = entries(visitors)[1]
    undone = diary.migrations[-2:]

    refused = play("rollback", *DIARY)
    assert refused.returncode, refused.stdout
    assert "Nothing was changed" in refused.stdout
    for number in undone:
        assert re.search(rf"^\s+{number}\s+\S", refused.stdout, re.MULTILINE), refused.stdout
    assert known not in re.findall(r"^\s+(\d{4})  ", refused.stdout, re.MULTILINE)
    assert "downgrade=true" in refused.stdout
    assert entries(visitors) == (newer, count)
    assert revision(host) == undone[-1]

    succeed("rollback", *DIARY, "-e", "downgrade=true")
    assert entries(visitors) == (older, count)
    assert app.release == first
    assert revision(host) == known
    assert tables(host) == before
    dump = host.check_output("ls -t /var/backups/pyhost-flask/diary | head -1")
    assert undone[-1] in dump

    # The inventory still names the newest version.
    succeed("deploy", *DIARY)
    assert entries(visitors) == (newer, count)
    assert app.release == second
    assert revision(host) == undone[-1]


def test_broken_release_changes_nothing(
    host: Host, app_of: Callable[[str], App], diary: Source, visitors: Visitors
) -> None:
    app = app_of("diary")
    version, release = deploy(diary, app)
    before = state(host)
    diary.publish(diary_py=BROKEN)
    done = play("deploy", *DIARY)
    assert done.returncode, done.stdout
    assert "this version cannot boot" in done.stdout
    assert entries(visitors)[0] == version
    assert app.release == release
    after = state(host)
    assert {**after, "files": []} == {**before, "files": []}
    # The next version, which is good again, goes live.
    version, release = deploy(diary, app)
    assert entries(visitors)[0] == version
    assert state(host) == before

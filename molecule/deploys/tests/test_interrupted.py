"""A deploy that is killed at any moment: nobody notices, and the next run finishes it.

What is promised. While a deploy is killed and run again, each request is answered, by the old
release or by the new one. The next run succeeds, and leaves the host as a deploy that was not
disturbed would have: one slot and its processes, ``current`` and ``previous``, the wanted release
live, the database at its revision, and nothing that lies around. A run after that changes nothing.

Killed are, with SIGKILL and so without a chance to clean up:

- the whole play, at the end of each of its tasks (for the host that is the start of the next one);
- the play, while a module is at work on the host, which then goes on without it;
- a module's process on the host, right before something that it does (``dies.py``);
- the process of a migration.

SQLite, as MySQL, cannot take back a change of tables. So what is promised of a migration that dies
half way is only that it is run again, from its beginning. Those here can be run twice.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.deploys.tests.scenario import (
    HELD,
    HOST,
    SCENARIO,
    Hold,
    Source,
    changed,
    kill_play,
    only,
    play,
    revision,
    run,
    start,
    state,
    succeed,
    wait_for,
)
from ansible_collections.pyhost.flask.molecule.shared.host import Host
from ansible_collections.pyhost.flask.molecule.shared.visitors import Visitors

testinfra_hosts = ["ansible://flask"]

DIARY = only("diary")
KILLER = {
    "ANSIBLE_CALLBACK_PLUGINS": str(SCENARIO / "callbacks"),
    "ANSIBLE_CALLBACKS_ENABLED": "killer",
}
RELEASE = "/srv/diary/releases/[^/']+"
# What a module is about to do when it dies: how often that is let pass, and a pattern for dies.py.
MOMENTS = {
    "mirror fetched": "0 Popen.*'checkout'",
    "venv to be filled": "0 Popen.*'install'",
    "release built, before its record": "0 Popen.*'--file-system'",
    "old release half removed": f"0 shutil.rmtree.*{RELEASE}'",
    "dump written, not renamed": "0 os.rename.*gz.part",
    "slot half filled": "0 os.symlink.*slots/.*/release",
    "slot to be started": "0 Popen.*systemctl.*start",
    "slot started and checked, before the switch": "0 os.symlink.*live.sock.new",
    "link to be switched": "0 os.rename.*live.sock.new",
    "after the switch": "0 os.symlink.*previous.new",
    "current to be set": "0 os.rename.*current.new",
    "marker to be removed": "1 os.remove.*starting",
    "before the old slot drains": "0 Popen.*-xlH",
    "old slot to be stopped": "1 Popen.*systemctl.*stop",
}


@pytest.fixture(scope="module")
def undisturbed(host: Host, diary: Source) -> Iterator[dict[str, Any]]:
    """The host's state after deploys that nobody disturbed."""
    folder = host.check_output("python3 -c 'import site; print(site.getsitepackages()[0])'")
    run("docker", "cp", "-q", str(SCENARIO / "dies.py"), f"{HOST}:{folder}/dies.py")
    host.check_output("echo import dies >%s/dies.pth", folder)
    for _once in range(2):
        diary.publish(migrations=1)
        succeed("deploy", *DIARY)
    assert changed(succeed("deploy", *DIARY)) == 0
    found = state(host)
    assert not found["locks"]
    assert not [line for line in found["files"] if ".starting" in line or ".new" in line]
    assert found["records"] == [
        f"/srv/diary/releases/{name}/release.json" for name in ("CURRENT", "OLDER", "PREVIOUS")
    ]
    yield found
    host.check_output("rm -f %s/dies.pth %s/dies.py", folder, folder)


class Disturbed:
    """A deploy of a new version, with two migrations, that is killed and run again."""

    def __init__(
        self, host: Host, diary: Source, visitors: Visitors, undisturbed: dict[str, Any]
    ) -> None:
        self.host, self.diary, self.visitors = host, diary, visitors
        self.undisturbed = undisturbed
        self.old = visitors.site.ask()[1].split()[0]
        self.version = diary.publish(migrations=2)
        self.answered = len(visitors.answers)

    def recover(self, moment: str) -> None:
        """The next run finishes the work; nobody has noticed anything."""
        done = play("deploy", *DIARY)
        assert done.returncode == 0, f"killed: {moment}\n{done.stdout}"
        assert self.visitors.lost == [], f"killed: {moment}"
        assert self.visitors.since(self.answered) <= {self.old, self.version}, moment
        assert self.visitors.site.ask()[1].split()[0] == self.version, moment
        assert revision(self.host) == self.diary.migrations[-1], moment
        assert state(self.host) == self.undisturbed, moment


@pytest.fixture
def deploy(
    host: Host, diary: Source, visitors: Visitors, undisturbed: dict[str, Any]
) -> Callable[[], Disturbed]:
    """Publishes a new version; then the test deploys and kills."""
    return lambda: Disturbed(host, diary, visitors, undisturbed)


def test_play_is_killed_at_the_end_of_each_task(deploy: Callable[[], Disturbed]) -> None:
    """One deploy, which each time gets further by one task. The tasks are counted, so a new one is
    covered by itself."""
    deployed = deploy()
    moments: list[str] = []
    while True:
        done = play("deploy", *DIARY, KILL_AT=str(len(moments) + 1), **KILLER)
        if done.returncode != -signal.SIGKILL:
            break
        moments.append(done.stdout.strip().splitlines()[-1])
        assert deployed.visitors.lost == [], moments
    assert done.returncode == 0, done.stdout
    print(*moments, sep="\n")
    for name in ("Build the releases", "Migrate the database", "Move the traffic"):
        assert name in str(moments)
    deployed.recover("after each task")
    assert changed(succeed("deploy", *DIARY)) == 0


def set_trap(host: Host, signal_name: str, moment: str) -> None:
    """A module is to get a signal at a moment."""
    trap = f"{signal_name} {MOMENTS[moment]}"
    host.check_output("rm -f /run/died; printf %%s %s >/run/dies", trap)


@pytest.mark.parametrize("moment", MOMENTS)
def test_module_is_killed(host: Host, deploy: Callable[[], Disturbed], moment: str) -> None:
    deployed = deploy()
    set_trap(host, "KILL", moment)
    done = play("deploy", *DIARY)
    assert host.file("/run/died").exists, f"no module came so far: {moment}\n{done.stdout}"
    assert done.returncode != 0, done.stdout
    deployed.recover(moment)


@pytest.mark.parametrize(
    ("which", "victims"),
    [("first", "module"), ("second", "module"), ("second", "module and migration")],
)
def test_migration_is_interrupted(
    host: Host,
    diary: Source,
    deploy: Callable[[], Disturbed],
    hold: Hold,
    which: str,
    victims: str,
) -> None:
    """After the dump, before the first migration; and between the first and the second."""
    deployed = deploy()
    hold.let_wait(diary.migrations[-2 if which == "first" else -1])
    process = start("deploy", *DIARY)
    module, migration = wait_for(host, HELD).split()
    host.check_output(f"kill -KILL {module}")
    process.communicate()
    assert process.returncode
    if victims == "module and migration":
        host.check_output(f"kill -KILL {migration}")
    hold.go_on()
    deployed.recover(f"the {which} migration, {victims}")


def test_fetch_is_interrupted(
    host: Host, deploy: Callable[[], Disturbed], visitors: Visitors
) -> None:
    """git dies with the module, and leaves its own locks: the mirror serves on nevertheless."""
    mirror = "/srv/diary/repo.git"
    hook = f"{mirror}/hooks/reference-transaction"
    script = "#!/bin/sh\n[ $1 = prepared ] && touch /run/fetching && sleep 60\n:\n"
    host.check_output("mkdir -p %s/hooks && printf %%s %s >%s", mirror, script, hook)
    host.check_output(f"chmod +x {hook}")
    deployed = deploy()
    process = start("deploy", *DIARY)
    wait_for(host, "/run/fetching")
    host.check_output(f"pkill -KILL -u root ^python3; rm {hook} /run/fetching")
    process.communicate()
    assert process.returncode
    host.check_output("pkill -x sleep; touch %s/kept", mirror)
    assert host.check_output("find %s -name '*.lock'", mirror)
    succeed("deploy", *DIARY)
    assert visitors.site.ask()[1].split()[0] == deployed.version
    deploy().recover("while git fetches")
    host.check_output("rm %s/kept", mirror)


@pytest.mark.parametrize("moment", ["venv to be filled", "after the switch"])
def test_module_goes_on_without_its_play(
    host: Host, deploy: Callable[[], Disturbed], moment: str
) -> None:
    """The next run begins while the module of the killed one is still at work."""
    deployed = deploy()
    set_trap(host, "STOP", moment)
    process = start("deploy", *DIARY)
    module = wait_for(host, "/run/died")
    kill_play(process)
    stopped = "until grep -q '^State:.T' /proc/%s/status; do sleep 0.1; done"
    host.check_output(f"{stopped}; kill -CONT %s", module, module)
    deployed.recover(f"without its play: {moment}")

"""One deploy of an app at a time, the ledger of those that have ended, and the playbook status.

What is promised. A second play of an app is refused, and is told whose the first is and at which
step, or waits. A play that is killed holds nobody up, and is written down as interrupted. What
failed is written down with its reason. A play with nothing to do writes nothing. The status names
all of it, and is no failure whatever state an app is in.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.deploys.tests.scenario import (
    Source,
    changed,
    only,
    play,
    start,
    succeed,
)
from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = ["ansible://flask"]

DIARY = only("diary")
RECORD = "/run/pyhost-flask/diary.json"


def ledger(host: Host) -> list[dict[str, Any]]:
    found = host.run("cat /srv/diary/deploys.jsonl").stdout
    return [json.loads(line) for line in found.splitlines()]


@pytest.fixture
def first(host: Host, diary: Source) -> Iterator[subprocess.Popen[str]]:
    """A play that deploys a new version of the diary and has got its lock."""
    diary.publish()
    process = start("deploy", *DIARY)
    end = time.monotonic() + 60
    while host.run(f"test -e {RECORD}").rc and time.monotonic() < end:
        assert process.poll() is None, process.communicate()[0]
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_second_is_refused_and_the_third_waits(
    host: Host, first: subprocess.Popen[str]
) -> None:
    # Stopped, it lives and comes no further: nothing depends on which one is faster.
    os.killpg(first.pid, signal.SIGSTOP)
    second = play("deploy", *DIARY)
    assert second.returncode, second.stdout
    assert f"(process {first.pid}) deploys this app since" in second.stdout
    assert "app_lock_wait" in second.stdout
    third = start("deploy", *DIARY, "-e", "app_lock_wait=300")
    os.killpg(first.pid, signal.SIGCONT)
    told, _nothing = first.communicate()
    assert first.returncode == 0, told
    said, _nothing = third.communicate()
    assert third.returncode == 0, said
    assert ledger(host)[-1]["result"] == "ok"
    assert not host.file(RECORD).exists


def test_a_killed_one_holds_nobody_up(host: Host, first: subprocess.Popen[str]) -> None:
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    succeed("deploy", *DIARY)
    interrupted, done = ledger(host)[-2:]
    assert (interrupted["result"], done["result"]) == ("interrupted", "ok")
    assert interrupted["to"]["id"] == done["to"]["id"]
    assert not host.file(RECORD).exists


def test_another_controllers_is_taken_over_once_it_is_silent(
    host: Host, first: subprocess.Popen[str]
) -> None:
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    move = "import json, sys; f = sys.argv[1]; r = json.load(open(f)); " + (
        "r['play']['controller'] = 'elsewhere'; r['renewed'] -= int(sys.argv[2]);"
        " json.dump(r, open(f, 'w'))"
    )
    # The step on the host outlives its play for a moment, and writes the record until its end.
    host.check_output("flock /run/pyhost-flask/diary.lock true")
    host.check_output("python3 -c %s %s 0", move, RECORD)
    refused = play("deploy", *DIARY)
    assert refused.returncode, refused.stdout
    host.check_output("python3 -c %s %s 901", move, RECORD)
    succeed("deploy", *DIARY)
    assert [entry["result"] for entry in ledger(host)[-2:]] == ["interrupted", "ok"]


def test_nothing_to_do_is_not_written_down(host: Host) -> None:
    succeed("deploy", *DIARY)
    before = ledger(host)
    assert changed(succeed("deploy", *DIARY)) == 0
    assert ledger(host) == before
    assert host.file("/srv/diary/deploys.jsonl").mode == 0o640


def test_a_migration_whose_release_fails_is_told_with_the_way_back(
    host: Host, app_of: Callable[[str], App], diary: Source
) -> None:
    app = app_of("diary")
    before = app.release
    diary.publish(
        migrations=1,
        diary_py=(
            "from pathlib import Path\nfrom flask import Flask\napp = Flask(__name__)\n"
            "@app.get('/health')\ndef health():\n    return 'not well', 500\n"
        ),
    )
    done = play("deploy", *DIARY)
    assert done.returncode, done.stdout
    assert f"-e release={before} -e downgrade=true" in done.stdout
    failed = ledger(host)[-1]
    assert (failed["result"], failed["migrations"]) == ("failed", diary.migrations[-1:])
    assert "answered 500" in failed["reason"]
    way = ["-e", f"release={before}", "-e", "downgrade=true"]
    succeed("rollback", *DIARY, "-e", "app=diary", *way)
    assert app.release == before
    assert ledger(host)[-1]["migrations"] == failed["migrations"]
    diary.publish()
    succeed("deploy", *DIARY)


def status(tmp_path: Path) -> tuple[str, dict[str, Any]]:
    file = tmp_path / "status.json"
    said = succeed("status", "-e", f"status_json={file}")
    (apps,) = json.loads(file.read_text()).values()
    return said, apps


def test_the_status(host: Host, app_of: Callable[[str], App], tmp_path: Path) -> None:
    app = app_of("diary")
    said, apps = status(tmp_path)
    assert "diary on " in said
    assert "serving, answers 200" in said
    found = apps["diary"]
    assert found["release"]["id"] == app.release
    assert found["process"]["slot"] == app.slot
    assert len(found["process"]["workers"]) == 1
    assert found["database"]["pending"] == []
    assert found["deploys"][0] == ledger(host)[-1]
    assert found["deploying"] is None
    assert apps["plain"]["certificate"]["days"] > 0


def test_the_status_of_what_is_down(
    host: Host, app_of: Callable[[str], App], tmp_path: Path
) -> None:
    host.check_output("systemctl stop %s", app_of("diary").unit)
    host.check_output("mv /srv/plain /srv/plain.away")
    try:
        said, apps = status(tmp_path)
    finally:
        host.check_output("mv /srv/plain.away /srv/plain")
        host.check_output("systemctl start %s", app_of("diary").unit)
    assert "STOPPED" in said
    assert "NEVER DEPLOYED" in said
    assert apps["diary"]["health"]["problem"]
    assert apps["plain"]["release"] is None

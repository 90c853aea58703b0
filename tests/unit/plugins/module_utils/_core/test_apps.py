# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One execution of a module for several apps."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core import apps
from ansible_collections.pyhost.flask.plugins.module_utils._core.apps import Worker
from ansible_collections.pyhost.flask.tests.unit import examples


class Module(examples.Module):
    """As much of AnsibleModule as running apps takes."""

    check_mode = False
    _diff = False

    def __init__(self) -> None:
        self.no_log_values: set[str] = set()
        self.warnings: list[str] = []

    def run_command(self, args: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        return 0, " ".join(args), ""

    def warn(self, warning: str) -> None:
        self.warnings.append(warning)


def work(worker: Worker, app: str) -> dict[str, Any]:
    """What becomes of an app, by its name."""
    worker.warn(f"{app} warns")
    worker.no_log_values.add(f"{app}'s secret")
    os.environ["CHANGED"] = os.environ.get("CHANGED", "") + app
    if app == "raises":
        raise RuntimeError("why")
    if app == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if app == "fails":
        return {"failed": True, "msg": "fails: reason"}
    said = worker.run_command(["echo", app])[1]
    environment = os.environ["CHANGED"]
    return {"changed": app == "new", "said": said, "env": environment, "diff": [{"a": app}]}


@pytest.mark.parametrize("at_once", [1, 3])
def test_each_app_has_its_own_result(at_once: int) -> None:
    module = Module()
    found = apps.run(module, ["new", "old"], work, at_once)
    assert found["apps"] == {
        "new": {"changed": True, "said": "echo new", "env": "new"},
        "old": {"changed": False, "said": "echo old", "env": "old"},
    }
    assert found["changed"]
    assert not found["failed"]
    assert found["diff"] == [{"a": "new"}, {"a": "old"}]
    assert module.warnings == ["new warns", "old warns"]
    assert module.no_log_values == {"new's secret", "old's secret"}
    assert "CHANGED" not in os.environ


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("fails", "fails: reason"),
        ("raises", "raises: RuntimeError: why"),
        ("killed", "killed: its process ended with signal 9"),
    ],
)
@pytest.mark.parametrize("stop", [True, False])
def test_one_that_fails_leaves_the_others_alone(bad: str, says: str, stop: bool) -> None:
    found = apps.run(Module(), ["old", bad, "new"], work, stop=stop)
    assert found["failed"]
    assert found["msg"] == says
    assert found["changed"] is not stop
    assert list(found["apps"]) == (["old", bad] if stop else ["old", bad, "new"])


def test_a_large_result_arrives() -> None:
    found = apps.run(Module(), ["a", "b"], lambda _worker, app: {"text": app * 300_000}, 2)
    assert len(found["apps"]["b"]["text"]) == 300_000


def test_apps_are_worked_on_at_the_same_time() -> None:
    def wait(_worker: Worker, _app: str) -> dict[str, Any]:
        begun = time.monotonic()
        time.sleep(0.3)
        return {"begun": begun, "ended": time.monotonic()}

    one, two = apps.run(Module(), ["a", "b"], wait, 2)["apps"].values()
    assert max(one["begun"], two["begun"]) < min(one["ended"], two["ended"])


def test_who_kills_the_module_kills_its_work(tmp_path: Path) -> None:
    program = f"""
import os, time
from ansible_collections.pyhost.flask.plugins.module_utils._core import apps
def work(worker, app):
    with open({str(tmp_path / "pid")!r}, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(60)
apps.run(None, ["a"], work)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", program], env=environment)
    end = time.monotonic() + 20
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < end
        time.sleep(0.01)
    child = Path("/proc") / (tmp_path / "pid").read_text()
    parent.kill()
    parent.wait()
    while child.exists() and (child / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end, "it works on"
        time.sleep(0.01)

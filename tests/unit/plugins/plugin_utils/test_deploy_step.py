# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of a step for several apps: who runs again, and what is returned."""

from __future__ import annotations

from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import LOCKED_BY, PLAY
from ansible_collections.pyhost.flask.plugins.plugin_utils import _deploy_step
from ansible_collections.pyhost.flask.plugins.plugin_utils._deploy_step import DeployStepOfApps

ELSEWHERE = {"who": "you@there", "controller": "there", "pid": 1, "started": "then"}
LOCKED = {"failed": True, "msg": "locked", LOCKED_BY: ELSEWHERE}
APPS = [{"name": "a"}, {"name": "b"}]


class Step(DeployStepOfApps):
    """A step whose module answers with one of ``answers`` after the other, for each app by name."""

    def __init__(self, apps: Any, answers: list[dict[str, Any]], wait: float = 0) -> None:
        self._task = MagicMock(args={"apps": apps} if apps is not None else {}, check_mode=False)
        self._templar = MagicMock(template=lambda value: value)
        self.answers, self.asked = answers, [[""]][:0]
        self.wait = wait

    def run_all(self) -> dict[str, Any]:
        return self._act({"app_lock_wait": self.wait})

    def _run_module(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        names = [app["name"] for app in arguments["apps"]]
        assert arguments[PLAY]["last"] is False
        self.asked.append(names)
        answer = self.answers.pop(0)
        return {
            "apps": {name: dict(answer[name]) for name in names},
            "diff": [{"of": names}],
            "warnings": [f"{name}: beware" for name in names],
        }


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deploy_step, "POLL", 0)


def test_most_steps_run_once() -> None:
    step = Step(APPS, [{"a": {"changed": True}, "b": {}}])
    found = step.run_all()
    assert step.asked == [["a", "b"]]
    assert found["apps"] == {"a": {"changed": True}, "b": {}}
    assert (found["changed"], found["failed"]) == (True, False)


def test_only_who_could_not_begin_runs_again() -> None:
    step = Step(APPS, [{"a": {"changed": True}, "b": LOCKED}, {"b": {}}], wait=60)
    found = step.run_all()
    assert step.asked == [["a", "b"], ["b"]]
    assert (found["changed"], found["failed"], found["msg"]) == (True, False, "")
    assert found["diff"] == [{"of": ["a", "b"]}, {"of": ["b"]}]
    assert found["warnings"] == ["a: beware", "b: beware"]


def test_nobody_waits_without_being_asked_to() -> None:
    step = Step(APPS, [{"a": {}, "b": LOCKED}])
    found = step.run_all()
    assert step.asked == [["a", "b"]]
    assert (found["failed"], found["msg"]) == (True, "locked")
    assert found["apps"]["b"] == {"failed": True, "msg": "locked"}


def test_the_lock_of_a_play_that_is_gone_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_deploy_step, "is_dead", lambda _owner, _me: True)
    step = Step(APPS, [{"a": {}, "b": LOCKED}, {"b": {"changed": True}}])
    assert step.run_all()["apps"] == {"a": {}, "b": {"changed": True}}
    assert step.asked == [["a", "b"], ["b"]]


@pytest.mark.parametrize("apps", [None, "a", ["a"], [{"root": "/srv/a"}]])
def test_what_are_no_apps_is_refused(apps: Any) -> None:
    step = Step(apps, [])
    with pytest.raises(AnsibleActionFail, match="apps: must be a list of an app's parts"):
        step.run_all()

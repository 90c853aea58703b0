# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core import services

RUNS = "ActiveState=active\nUnitFileState=enabled\n"
DISABLED = "ActiveState=active\nUnitFileState=disabled\n"
UNKNOWN = "ActiveState=inactive\nUnitFileState=\n"


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "SYSTEMD", "/")


@pytest.fixture
def no_systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A host without systemd, which starts the service ``one`` at boot."""
    monkeypatch.setattr(services, "SYSTEMD", str(tmp_path / "gone"))
    monkeypatch.setattr(services, "LINKS", f"{tmp_path}/S??{{}}")
    (tmp_path / "S01one").touch()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ([RUNS, RUNS], []),
        ([RUNS, DISABLED], ["two"]),
        ([UNKNOWN, RUNS], ["one"]),
        ([UNKNOWN, DISABLED], ["one", "two"]),
        ([], ["one", "two"]),
    ],
)
def test_stopped(systemd: None, said: list[str], found: list[str]) -> None:
    assert services.stopped(lambda _command: (0, "\n".join(said), ""), ["one", "two"]) == found


def test_nothing_is_asked_about_no_service() -> None:
    assert services.stopped(lambda _command: pytest.fail("asked"), []) == []


@pytest.mark.parametrize(
    ("running", "found"),
    [
        # The service "two" is not started at boot, whether it runs or not.
        ({"one", "two"}, ["two.service"]),
        ({"two"}, ["one.service", "two.service"]),
    ],
)
def test_stopped_without_systemd(no_systemd: None, running: set[str], found: list[str]) -> None:
    def run(command: list[str]) -> tuple[int, str, str]:
        assert (command[0], command[2]) == ("service", "status")
        return 0 if command[1] in running else 3, "", ""

    assert services.stopped(run, ["one.service", "two.service"]) == found


def test_start(systemd: None) -> None:
    assert services.start(["one.service"]) == ["systemctl", "enable", "--now", "one.service"]


def test_start_without_systemd(no_systemd: None) -> None:
    assert services.start(["one.service"])[-1] == "one"


def test_refusal(systemd: None) -> None:
    assert services.refusal(["this: do that"]) == ""


def test_refusal_without_systemd(no_systemd: None) -> None:
    assert services.refusal([]) == ""
    assert services.refusal(["this: do that"]).endswith(
        "Nothing was changed here.\n  this: do that"
    )


def test_refusal_before_site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(services, "SET_UP", str(tmp_path / "gunicorn.json"))
    assert services.refusal_before_site(False) == ""
    assert "Run the playbook pyhost.flask.site first" in services.refusal_before_site(True)
    (tmp_path / "gunicorn.json").touch()
    assert services.refusal_before_site(True) == ""

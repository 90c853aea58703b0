# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._services import stopped

RUNS = "ActiveState=active\nUnitFileState=enabled\n"
DISABLED = "ActiveState=active\nUnitFileState=disabled\n"
UNKNOWN = "ActiveState=inactive\nUnitFileState=\n"


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
def test_stopped(said: list[str], found: list[str]) -> None:
    assert stopped(lambda _command: (0, "\n".join(said), ""), ["one", "two"]) == found


def test_nothing_is_asked_about_no_service() -> None:
    assert stopped(lambda _command: pytest.fail("asked"), []) == []

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What app_info finds out by itself; the rest is other modules' code, and has its tests there."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from ansible_collections.pyhost.flask.plugins.modules.app_info import first_line, started


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("one", "one"),
        ("it failed\n  File x\n\nValueError: why\n", "it failed ValueError: why"),
        ("same\nsame", "same"),
        ("x" * 400, "x" * 300),
    ],
)
def test_a_problem_in_one_line(text: str, line: str) -> None:
    assert first_line(text) == line


def test_when_a_process_was_started() -> None:
    before = time.time()
    with subprocess.Popen(["sleep", "60"]) as process:
        found = started(process.pid)
        process.kill()
    assert found is not None
    # The kernel counts in hundredths since the boot, and knows the boot to a second.
    assert abs(found - before) <= 2
    assert started(process.pid) is None


def test_a_name_with_brackets_confuses_nobody() -> None:
    """proc(5): the name stands in brackets, and may hold some, and blanks."""
    code = "import time; open('/proc/self/comm', 'w').write('a) b (c'); print(); time.sleep(60)"
    command = [sys.executable, "-uc", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = started(process.pid)
        process.kill()
    assert found is not None
    assert abs(found - time.time()) <= 2

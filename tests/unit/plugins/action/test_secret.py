# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that are read without the module."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.action.secret import command, result


@pytest.mark.parametrize(
    ("files", "names", "secrets", "previous"),
    [
        ({"notes": "ab"}, ["notes"], {"notes": "ab"}, {}),
        (
            {"notes": "ab", "notes.previous": "cd", "blog": "e:f"},
            ["notes", "blog"],
            {"notes": "ab", "blog": "e:f"},
            {"notes": "cd"},
        ),
        ({"notes": "ab", "other": "cd"}, ["notes"], {"notes": "ab"}, {}),
    ],
)
def test_secrets_that_are_there(
    tmp_path: Path,
    files: dict[str, str],
    names: list[str],
    secrets: dict[str, str],
    previous: dict[str, str],
) -> None:
    assert read(tmp_path, files, names) == {
        "changed": False,
        "secrets": secrets,
        "previous": previous,
    }


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({}, ["notes"]),
        ({"blog": "ab"}, ["notes", "blog"]),
        ({"notes.previous": "ab"}, ["notes"]),
        ({"notes": ""}, ["notes"]),
    ],
)
def test_the_module_makes_what_is_missing(
    tmp_path: Path, files: dict[str, str], names: list[str]
) -> None:
    assert read(tmp_path, files, names) is None


def test_a_host_without_any(tmp_path: Path) -> None:
    assert read(tmp_path / "none", {}, ["notes"]) is None


def read(folder: Path, files: dict[str, str], names: list[str]) -> dict[str, Any] | None:
    for name, secret in files.items():
        (folder / name).write_text(secret)
    shell = ["sh", "-c", command(names, str(folder))]
    printed = subprocess.run(shell, capture_output=True, text=True, check=False).stdout
    return result(names, printed)

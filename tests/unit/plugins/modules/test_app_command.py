# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.modules.app_command import argv


@pytest.mark.parametrize(
    ("command", "once", "words"),
    [
        ("flask init-db", True, ["--once", "flask", "init-db"]),
        ("flask seed --name 'Ann Lee'", False, ["flask", "seed", "--name", "Ann Lee"]),
        ("echo $HOME; id", False, ["echo", "$HOME;", "id"]),
    ],
)
def test_words_are_those_of_a_shell_and_no_shell_runs(
    command: str, once: bool, words: list[str]
) -> None:
    found = argv("notes", "0a1b", command, once)
    assert found == ["flask-app", "notes", "--release", "0a1b", *words]


def test_an_open_quote_is_no_command() -> None:
    with pytest.raises(ValueError, match="quot"):
        argv("notes", "0a1b", "echo 'a", False)

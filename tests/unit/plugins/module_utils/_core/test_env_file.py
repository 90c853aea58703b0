# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import shlex
import subprocess
import sys

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file

HARD = {
    "PLAIN": "abc",
    "EMPTY": "",
    "QUOTES": """it's "so" called""",
    "SIGNS": r"$HOME `id` \n # ; % & | ~ * ! {}",
    "LINES": "one\ntwo",
    "LETTERS": "größer",
}


def test_what_is_quoted_is_parsed_as_it_was() -> None:
    assert env_file.parse("# Made by somebody, don't edit\n\n" + env_file.quote(HARD)) == HARD


def test_sh_reads_the_same() -> None:
    show = "import os; print({name: os.environ[name] for name in os.environ['NAMES'].split()})"
    script = env_file.quote(HARD) + f"exec {shlex.quote(sys.executable)} -c {shlex.quote(show)}"
    env = {"NAMES": " ".join(HARD), "PYTHONUTF8": "1"}
    done = subprocess.run(["sh", "-a", "-c", script], env=env, capture_output=True, check=True)
    assert ast.literal_eval(done.stdout.decode()) == HARD


@pytest.mark.parametrize("text", ["NAME", "1NAME=x", "export NAME=x", "NA-ME=x", "NAME='x"])
def test_what_is_no_variable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        env_file.parse(text)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import shlex
import subprocess
import sys

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._environment import parse, quote, redact

HARD = {
    "PLAIN": "abc",
    "EMPTY": "",
    "QUOTES": """it's "so" called""",
    "SIGNS": r"$HOME `id` \n # ; % & | ~ * ! {}",
    "LINES": "one\ntwo",
    "LETTERS": "größer",
}


def test_what_is_quoted_is_parsed_as_it_was() -> None:
    assert parse("# Made by somebody, don't edit\n\n" + quote(HARD)) == HARD


def test_sh_reads_the_same() -> None:
    show = "import os; print({name: os.environ[name] for name in os.environ['NAMES'].split()})"
    script = quote(HARD) + f"exec {shlex.quote(sys.executable)} -c {shlex.quote(show)}"
    env = {"NAMES": " ".join(HARD), "PYTHONUTF8": "1"}
    done = subprocess.run(["sh", "-a", "-c", script], env=env, capture_output=True, check=True)
    assert ast.literal_eval(done.stdout.decode()) == HARD


@pytest.mark.parametrize("text", ["NAME", "1NAME=x", "export NAME=x", "NA-ME=x", "NAME='x"])
def test_what_is_no_variable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide", "nothing to hide"),
        ("key is 0123456789!", "key is (hidden)!"),
        ("no driver for mysql://me:p@ss-w0rd@db/x", "no driver for mysql://me:(hidden)@db/x"),
        ("denied with p@ss-w0rd", "denied with (hidden)"),
        ("https://ghp_token@git.example.org/x", "https://(hidden)@git.example.org/x"),
        ("https://me:other@git.example.org/x", "https://me:(hidden)@git.example.org/x"),
        ("ssh://git@git.example.org/x git@host:x", "ssh://git@git.example.org/x git@host:x"),
        ("a short value protects nothing", "a short value protects nothing"),
    ],
)
def test_secrets_are_hidden(text: str, shown: str) -> None:
    variables = {
        "SECRET_KEY": "0123456789",
        "DATABASE_URL": "mysql://me:p@ss-w0rd@db/x",
        "API_TOKEN": "short",
        "HOME": "nothing",
    }
    assert redact(text, variables) == shown

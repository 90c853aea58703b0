# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeping what is secret out of messages that quote an app, such as a traceback or an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from . import env_file

SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASS|CREDENTIAL|DSN|SALT", re.IGNORECASE)
# A word of letters and digits that nobody would type: most likely a token, whatever its name.
RANDOM = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w+=-][\w+/=-]{15,}")
LONG = re.compile(r"[\w+/=-]{16,}")  # such as one of the keys in a list
# NAME = "value", as in a .cfg, .ini, .py, .toml or .yml file.
SETTING = re.compile(r"""^\s*["']?([\w.-]+)["']?\s*[:=]\s*["']?(.*?)["']?,?\s*$""", re.MULTILINE)
USER_INFO = re.compile(r"(?<=://)[^/\s'\"]*@")
PASSWORD = re.compile(r"(?<=://)([^/\s:@'\"]*):[^/\s'\"]*@")
WEB_TOKEN = re.compile(r"(?<=https://)[^/\s:@'\"]+@")  # https://TOKEN@github.com/...
HIDDEN = "(hidden)"
# The variable with the release's ID, which looks like a token. It is in each path of a traceback.
RELEASE = "APP_RELEASE"
# A secret of a few letters would hide half of the text, and protects nothing.
SHORTEST = 6


def redact(
    text: str, variables: dict[str, str] | None = None, settings: str = "", app: str = ""
) -> str:
    """``text`` without the secrets of ``variables`` and of files of ``settings``, and without
    URLs' passwords.

    Secret are values whose names say so (``SECRET_KEY``, ``MAIL_PASSWORD``) or that look like
    tokens, and the password in any URL, also where it stands by itself. The ID of the release
    and the name of the ``app`` may look like tokens, but are none.
    """
    pairs = [*(variables or {}).items(), *SETTING.findall(settings)]
    public = {app, *(value for name, value in pairs if name == RELEASE)}
    secrets = {form for name, value in pairs for form in _forms(name, value, public)}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return WEB_TOKEN.sub(f"{HIDDEN}@", PASSWORD.sub(rf"\1:{HIDDEN}@", text))


def redact_for(etc: Path, text: str) -> str:
    """``text`` without the secrets of the app whose settings are in the folder ``etc``."""
    try:
        variables = env_file.parse((etc / "environment").read_text(encoding="utf-8"))
        files = [file for file in etc.iterdir() if file.is_file() and file.name != "environment"]
        settings = "\n".join(file.read_text("utf-8", "replace") for file in files)
    except (OSError, ValueError):
        return redact(text)
    return redact(text, variables, settings, etc.name)


def _forms(name: str, value: str, public: set[str]) -> Iterator[str]:
    """How the secrets of a value may stand in a text: as they are, line by line, or quoted."""
    token = RANDOM.fullmatch(value) and value not in public
    words = {found[0].partition(":")[2][:-1] for found in USER_INFO.finditer(value)}
    words |= set(map(unquote, words))
    if SECRET_NAME.search(name) or token:
        words |= {*value.splitlines(), *LONG.findall(value)}
    for word in words:
        if len(word) >= SHORTEST:
            yield from (word, repr(word)[1:-1], json.dumps(word)[1:-1])
            yield from (quote(word), quote(word, safe=""), word.replace("'", "'\"'\"'"))

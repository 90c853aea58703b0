# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment files of apps, and keeping what is secret in them out of messages.

One ``NAME=value`` a line, the value quoted by ``shlex.quote``. The same text means the same to
systemd's ``EnvironmentFile=``, to ``set -a; . file`` in sh, and to ``parse``.
"""

from __future__ import annotations

import re
import shlex

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASS|CREDENTIAL|DSN|SALT", re.IGNORECASE)
USER_INFO = re.compile(r"(?<=://)[^/\s'\"]*@")
PASSWORD = re.compile(r"(?<=://)([^/\s:@'\"]*):[^/\s'\"]*@")
WEB_TOKEN = re.compile(r"(?<=https://)[^/\s:@'\"]+@")  # https://TOKEN@github.com/...
HIDDEN = "(hidden)"


def quote(variables: dict[str, str]) -> str:
    """The text of an environment file with ``variables``, in their order."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def parse(text: str) -> dict[str, str]:
    """The variables of an environment file. ``ValueError`` says which line is none."""
    variables = {}
    for word in shlex.split(text, comments=True):
        name, equals, value = word.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise ValueError(f"{shlex.quote(name)} is no NAME=value")
        variables[name] = value
    return variables


def redact(text: str, variables: dict[str, str] | None = None) -> str:
    """``text``, such as a traceback, without the secrets of ``variables`` and without URLs'.

    Secret are the values of variables whose names say so (``SECRET_KEY``, ``MAIL_PASSWORD``), and
    the password in any URL, also where it stands by itself.
    """
    secrets = set()
    for name, value in (variables or {}).items():
        if SECRET_NAME.search(name):
            secrets.add(value)
        secrets.update(found[0].partition(":")[2][:-1] for found in USER_INFO.finditer(value))
    for secret in sorted(secrets, key=len, reverse=True):
        # A secret of a few letters would hide half of the text, and protects nothing.
        if len(secret) >= 6:
            text = text.replace(secret, HIDDEN)
    return WEB_TOKEN.sub(f"{HIDDEN}@", PASSWORD.sub(rf"\1:{HIDDEN}@", text))

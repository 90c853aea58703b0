# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment files of apps.

One ``NAME=value`` a line, the value quoted by ``shlex.quote``. The same text means the same to
systemd's ``EnvironmentFile=``, to ``set -a; . file`` in sh, and to ``parse``.
"""

from __future__ import annotations

import re
import shlex

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


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

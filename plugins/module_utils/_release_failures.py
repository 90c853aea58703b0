# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the words of uv, pip and Python mean when they fail, and what to do. No input, no output."""

from __future__ import annotations

import re

HEAD, TAIL = 3, 15  # lines of a tool's words in a message
PASSING = re.compile(
    r"error sending request|dns error|name resolution|timed out|Connection (broken|reset|refused|"
    r"aborted)|Request failed after|IncompleteRead|error decoding response|"
    r"\b(429|50[0234]) \w+",
    re.IGNORECASE,
)
REMEDIES = [  # (what a tool says, what to do); the first that fits
    (
        r"python-build-standalone|No interpreter found|No download found",
        "uv could neither find that Python version on the host nor download it: install it, or "
        "change python.version.",
    ),
    (
        r"pkg_resources",
        "It needs an older setuptools: add 'setuptools<81' to python.packages.",
    ),
    (
        r"Python\.h: No such file|gcc'?: No such file|command '?\S*gcc'? failed: No such file|"
        r"[Uu]nable to find a compiler|unable to execute|`?\S*(cc|gcc|c\+\+)`?.{0,3}not found",
        "A package has to be compiled: add build-essential and python3-dev to "
        "python.system_packages.",
    ),
    (r"pg_config", "psycopg2 is compiled: add libpq-dev to python.system_packages."),
    (
        r"mysql_config|mysqlclient",
        "mysqlclient is compiled: add default-libmysqlclient-dev, pkg-config, build-essential and "
        "python3-dev to python.system_packages.",
    ),
    (r"ffi\.h", "Add libffi-dev to python.system_packages."),
    (
        r"(\S+\.h): No such file",
        "Add the Debian package that has the header to python.system_packages (apt-file search "
        "finds it).",
    ),
    (
        r"No solution found|ResolutionImpossible|conflicting dependencies|"
        r"No matching distribution|not found in the package registry",
        "Change the app's requirements or python.packages so that they fit together and with the "
        "Python version (python.version).",
    ),
    (
        r"No module named '?([\w.]+)'?",
        "Add the missing package to the app's requirements or to python.packages; where it is the "
        "app's own module, check wsgi and source.subdir.",
    ),
    (r"Failed to find attribute", "Check wsgi."),
    (r"No space left", "The disk is full."),
]


def remedy(said: str) -> str:
    """What to do about a tool's words, as a further sentence; empty where that is unknown."""
    return next((f" {text}" for pattern, text in REMEDIES if re.search(pattern, said)), "")


def ends(text: str) -> str:
    """The first lines of a tool's words, which name the package, and the last, which say why."""
    lines = text.strip().splitlines()
    if len(lines) > HEAD + TAIL:
        lines = [*lines[:HEAD], "...", *lines[-TAIL:]]
    return "\n".join(lines)

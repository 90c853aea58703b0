# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the words of uv, pip and Python mean when they fail, and what to do. No input, no output."""

from __future__ import annotations

import re
from collections.abc import Sequence

HEAD, TAIL = 3, 15  # lines of a tool's words in a message
PASSING = re.compile(
    r"error sending request|dns error|name resolution|timed out|Connection (broken|reset|refused|"
    r"aborted)|Request failed after|IncompleteRead|error decoding response|"
    r"\b(429|50[0234]) \w+",
    re.IGNORECASE,
)
# What a Debian package has, by the beginning of a header's name.
HEADERS = {
    "ffi.h": "libffi-dev",
    "ft2build.h": "libfreetype-dev",
    "jpeglib.h": "libjpeg-dev",
    "krb5.h": "libkrb5-dev",
    "lber.h": "libldap-dev",
    "ldap.h": "libldap-dev",
    "libpq-fe.h": "libpq-dev",
    "libxml/": "libxml2-dev",
    "libxslt/": "libxslt1-dev",
    "mysql.h": "default-libmysqlclient-dev",
    "openssl/": "libssl-dev",
    "sasl/": "libsasl2-dev",
    "yaml.h": "libyaml-dev",
    "zlib.h": "zlib1g-dev",
}
PACKAGE = re.compile(r"Failed to build `([\w.-]+)|Building wheel for ([\w.-]+)")
HEADER = re.compile(r"(\S+\.h): No such file")
# (what a tool says, what to do); the first that fits. {0} is the pattern's first group, and so on;
# {package} is what was being built.
IMPORTS = [  # of an app that is imported
    (
        r"pkg_resources",
        "It needs an older setuptools: add 'setuptools<81' to python.packages.",
    ),
    (
        r"No module named '?([\w.]+)'?",
        "Add the missing package to the app's requirements or to python.packages; where it is the "
        "app's own module, check wsgi and source.subdir.",
    ),
    (r"Failed to find attribute", "Check wsgi."),
    (r"No space left", "The disk is full."),
]
REMEDIES = [
    *IMPORTS[:1],
    (
        r"python-build-standalone|No interpreter found|No download found",
        "uv could neither find that Python version on the host nor download it: install it, or "
        "change python.version.",
    ),
    (
        r"Python\.h: No such file|gcc'?: No such file|command '?\S*gcc'? failed: No such file|"
        r"No such file or directory: '\S*(?:cc|[cg]\+\+)'|"
        r"[Uu]nable to find a compiler|unable to execute|`?\S*(?:cc|gcc|c\+\+)`?.{0,3}not found",
        "{package} has to be compiled: add build-essential and python3-dev to "
        "python.system_packages.",
    ),
    (
        r"pg_config",
        "{package} has to be compiled: add libpq-dev, build-essential and python3-dev to "
        "python.system_packages, or take psycopg2-binary.",
    ),
    (
        r"mysql_config|mysqlclient",
        "mysqlclient is compiled: add default-libmysqlclient-dev, pkg-config, build-essential and "
        "python3-dev to python.system_packages.",
    ),
    (
        r"(?i)rust compiler|rustc|\bcargo\b.{0,9}not (?:found|installed)",
        "{package} has to be compiled from Rust: add cargo to python.system_packages, or take a "
        "version of it that has a wheel for this Python.",
    ),
    (
        r"([\w.-]+)\S* was not found in the provided package locations|"
        r"satisfies the requirement ([\w.-]+)\S* \(from versions: none\)(?=(?:.|\n)*no-index)",
        "{0} is not there. With python.wheelhouse, add it to that folder, with all that it needs "
        "(pip download --dest); with python.require_hashes, lock it with the others.",
    ),
    (
        r"current Python version \((\S+)\) does not satisfy Python(\S+) and (\S+) depends",
        "{2} needs Python{1}, and this one is {0}: set python.version.",
    ),
    (
        r"([\w.-]+) was not found in the package registry",
        "The index has no package {0}: check the name, or name the index that has it in "
        "python.extra_indexes.",
    ),
    (
        r"there is no version of ([\w.-]+[=<>!~]\S+)|"
        r"satisfies the requirement (\S+) \(from versions",
        "The index has no {0} for this Python: check the version, python.version and the indexes.",
    ),
    (
        r"you require (\S+) and (?:you require )?(\S+), we can conclude that your requirements",
        "{0} and {1} do not fit together: change one of them, in the app's requirements or in "
        "python.packages and python.constraints.",
    ),
    (
        r"No solution found|ResolutionImpossible|conflicting dependencies",
        "Change the app's requirements or python.packages so that they fit together and with the "
        "Python version (python.version).",
    ),
    (
        r"Hash mismatch for `(\S+)`|THESE PACKAGES DO NOT MATCH THE HASHES",
        "What the index serves is not what was locked ({0}): find out who has changed it, or lock "
        "anew.",
    ),
    (
        r"no trusted hash was provided for: `([^`]+)`|pinned with `==`, but found: (\S+)",
        "{0} has no hash in the app's requirements: lock all that it takes (uv lock, or uv pip "
        "compile --generate-hashes).",
    ),
    (
        r"(?i)\b401\b|\b403\b|unauthorized|forbidden",
        "The index refuses what it was asked for: check the user and the password in python.index "
        "and python.extra_indexes.",
    ),
    (
        PASSING.pattern,
        "The package index cannot be reached from the host: check python.index and the host's way "
        "to it, or try again later.",
    ),
    *IMPORTS[1:],
]


def remedy(said: str) -> str:
    """What to do about uv's or pip's words, as a further sentence; empty where that is unknown."""
    built = PACKAGE.search(said)
    package = next(filter(None, built.groups()), "") if built else "A package"
    header = HEADER.search(said)
    if header and not header[1].endswith("Python.h"):
        return f" {package} has to be compiled, and misses {header[1]}: add {_debian(header[1])}."
    return _first(REMEDIES, said, package)


def import_remedy(said: str) -> str:
    """The same for what Python says of an app that cannot be imported."""
    return _first(IMPORTS, said, "it")


def _first(remedies: Sequence[tuple[str, str]], said: str, package: str) -> str:
    for pattern, text in remedies:
        found = re.search(pattern, said)
        if found:
            return " " + text.format(*filter(None, [*found.groups(), "it"]), package=package)
    return ""


def _debian(header: str) -> str:
    for start, package in HEADERS.items():
        if header.startswith(start):
            return f"{package}, build-essential and python3-dev to python.system_packages"
    return (
        "the Debian package that has it, build-essential and python3-dev to python.system_packages"
        " (apt-file search finds it)"
    )


def ends(text: str) -> str:
    """The first lines of a tool's words, which name the package, and the last, which say why."""
    lines = text.strip().splitlines()
    if len(lines) > HEAD + TAIL:
        lines = [*lines[:HEAD], "...", *lines[-TAIL:]]
    return "\n".join(lines)

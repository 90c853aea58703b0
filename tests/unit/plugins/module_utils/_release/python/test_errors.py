# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._release.python import errors

# As uv 0.13 and pip 25 put it.
CONFLICT = """error: No solution found when resolving dependencies
  cause: Because flask>=3.0.0,<=3.0.3 depends on werkzeug>=3.0.0 and flask>=3.1.0 depends on \
werkzeug>=3.1, we can conclude that flask>=3.0.0 depends on werkzeug>=3.0.0.
         And because you require flask>=3 and werkzeug<2, we can conclude that your requirements \
are unsatisfiable."""
PYTHON = """error: No solution found when resolving dependencies
  cause: Because the current Python version (3.11.7) does not satisfy Python>=3.14 and x==1 \
depends on Python>=3.14, we can conclude that x==1 cannot be used.
         And because only x==1 is available and you require x, we can conclude that your \
requirements are unsatisfiable."""
SINGLE = "error: No solution found when resolving dependencies\n  cause: Because {}"
NO_COMPILER = """error: Failed to build `cx @ file:///srv/c`
  cause: The build backend returned an error
         [stderr]
         error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'"""
NO_HEADER = """error: Failed to build `{}`
         [stderr]
         cx.c:1:10: fatal error: {}: No such file or directory
             1 | #include"""
REFUSED = """error: Failed to fetch: http://127.0.0.1:9/simple/flask/
  cause: error sending request for url (http://127.0.0.1:9/simple/flask/)
  cause: Connection refused (os error 111)"""
UNHASHED = "error: Hash-checking is required, but no trusted hash was provided for: `werkzeug`"


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (CONFLICT, "flask>=3 and werkzeug<2 do not fit together: change one of them"),
        (PYTHON, "x==1 needs Python>=3.14, and this one is 3.11.7: set python.version."),
        (
            SINGLE.format("flask was not found in the provided package locations"),
            "flask is not there. With python.wheelhouse, add it to that folder",
        ),
        (
            SINGLE.format("notes was not found in the package registry"),
            "The index has no package notes: check the name, or name the index",
        ),
        (
            SINGLE.format("there is no version of flask==99"),
            "The index has no flask==99 for this Python",
        ),
        (
            "ERROR: Could not find a version that satisfies the requirement flask==99"
            " (from versions: 0.1, 0.2)\nERROR: No matching distribution found for flask==99",
            "The index has no flask==99 for this Python",
        ),
        (NO_COMPILER, "cx has to be compiled: add build-essential and python3-dev"),
        (
            NO_HEADER.format("psycopg2==2.9", "libpq-fe.h"),
            "psycopg2 has to be compiled, and misses",
        ),
        (NO_HEADER.format("psycopg2==2.9", "libpq-fe.h"), "libpq-fe.h: add libpq-dev, build-ess"),
        (NO_HEADER.format("x==1", "y/z.h"), "misses y/z.h: add the Debian package that has it"),
        (NO_HEADER.format("x==1", "Python.h"), "x has to be compiled: add build-essential"),
        (REFUSED, "The package index cannot be reached from the host: check python.index"),
        (UNHASHED, "werkzeug has no hash in the app's requirements"),
        (
            "error: In `--require-hashes` mode, all requirements must have their versions pinned"
            " with `==`, but found: flask",
            "flask has no hash in the app's requirements",
        ),
        ("  cause: Hash mismatch for `flask==3.0.0`", "not what was locked (flask==3.0.0)"),
        ("HTTP status client error (401 Unauthorized) for url", "check the user and the password"),
        ("error: can't find Rust compiler", "add cargo to python.system_packages"),
        ("Failed to download `https://x/python-build-standalone/y`", "python.version"),
        ("Error: pg_config executable not found.", "libpq-dev"),
        ("x.c:1:10: fatal error: Python.h: No such file or directory", "python3-dev"),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", "build-ess"),
        ("  x No solution found when resolving dependencies", "fit together"),
        ("ERROR: ResolutionImpossible: for help visit", "fit together"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<81"),
        ("ModuleNotFoundError: No module named 'redis'", "python.packages"),
        ("something else", ""),
    ],
)
def test_failures_come_with_advice(said: str, advice: str) -> None:
    assert advice in errors.remedy(said)
    assert bool(errors.remedy(said)) == bool(advice)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<81"),
        ("ModuleNotFoundError: No module named 'redis'", "python.packages"),
        ("AppImportError: Failed to find attribute 'app' in 'notes'.", "wsgi"),
        ("requests.exceptions.ConnectTimeout: timed out, 401", ""),
    ],
)
def test_an_app_that_cannot_be_imported_comes_with_advice(said: str, advice: str) -> None:
    assert advice in errors.import_remedy(said)
    assert bool(errors.import_remedy(said)) == bool(advice)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._release_failures import remedy


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Failed to download `https://x/python-build-standalone/y`", "python.version"),
        ("Error: pg_config executable not found.", "libpq-dev"),
        ("x.c:1:10: fatal error: Python.h: No such file or directory", "python3-dev"),
        ("error: command 'x86_64-linux-gnu-gcc' failed: No such file or directory", "build-ess"),
        ("fatal error: libxml/x.h: No such file or directory", "apt-file"),
        ("  x No solution found when resolving dependencies", "fit together"),
        ("ERROR: ResolutionImpossible: for help visit", "fit together"),
        ("ModuleNotFoundError: No module named 'pkg_resources'", "setuptools<81"),
        ("ModuleNotFoundError: No module named 'redis'", "python.packages"),
        ("AppImportError: Failed to find attribute 'app' in 'notes'.", "wsgi"),
        ("something else", ""),
    ],
)
def test_failures_come_with_advice(said: str, advice: str) -> None:
    assert advice in remedy(said)
    assert bool(remedy(said)) == bool(advice)

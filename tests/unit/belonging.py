# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""belonging.py FILE...: prints the unit tests that belong to files of plugins, a line each.

That is the one of the same name; else those that import the file, or import what imports it, and
of these those in its own folder, if any.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ansible_collections.pyhost.flask.tests.unit.imports import PLUGINS, imported_by

UNIT = Path(__file__).resolve().parent


def belonging(file: Path) -> set[Path]:
    """The files of tests of a file below ``plugins``."""
    folder = UNIT / "plugins" / file.relative_to(PLUGINS).parent
    own = folder / f"test_{file.name.lstrip('_')}"
    if own.is_file():
        return {own}
    users = {each for each in PLUGINS.rglob("*.py") if file in imported_by(each)}
    tests = {each: imported_by(each) for each in (UNIT / "plugins").rglob("test_*.py")}
    found = {test for test, imported in tests.items() if file in imported}
    found = found or {test for test, imported in tests.items() if users & imported}
    return {test for test in found if test.parent == folder} or found


if __name__ == "__main__":
    root = UNIT.parents[1]
    for name in sys.argv[1:]:
        for test in sorted(belonging(root / name)):
            print(test.relative_to(root))

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a release."""

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._migrate import plan
from ansible_collections.pyhost.flask.plugins.module_utils._release import report
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Have, Release
from ansible_collections.pyhost.flask.plugins.module_utils._release.preview import Pending, Preview

OLD = Release("1a-1", "1a", "v1", packages={"flask": "3.0", "six": "1.0", "jinja2": "3.1"})
NEW = Release("2b-2", "2b", "v2", packages={"flask": "3.1", "rich": "14.0", "jinja2": "3.1"})
ADD = plan.Revision("c3", "Add colours")
BEHIND = Pending(
    plan.Have((ADD,), ("c3",), ("b2",)), plan.Plan("upgrade", "c3", (ADD,)), "ALTER TABLE\n"
)
LEVEL = Pending(plan.Have((ADD,), ("c3",), ("c3",)), plan.Plan(target="c3"), "")
LIVE = "revision: 1a\nversion: v1\npackage: flask 3.0\npackage: six 1.0\n"
WANTED = "revision: 2b\nversion: v2\ncommit: Fix\npackage: flask 3.1\npackage: rich 14.0\n"
FIRST = (
    "revision: 2b\nversion: v2\ncommit: Fix\n"
    "package: flask 3.1\npackage: jinja2 3.1\npackage: rich 14.0\n"
)
SHOWN = [  # what is live, what was found out, and the parts of the diffs
    (OLD, Preview(), [("release of notes: 1a-1", LIVE, WANTED)]),
    (OLD, Preview(pending=LEVEL), [("release of notes: 1a-1", LIVE, WANTED)]),
    (
        OLD,
        Preview(pending=BEHIND),
        [("release of notes: 1a-1", LIVE, WANTED), ("database of notes: b2", "", "ALTER TABLE\n")],
    ),
    (None, None, [("release of notes: none", "", FIRST)]),
]


@pytest.mark.parametrize(("live", "found", "parts"), SHOWN)
def test_diffs(
    live: Release | None, found: Preview | None, parts: list[tuple[str, str, str]]
) -> None:
    have = Have({live.id: live}, live=live.id) if live else Have()
    made = report.diffs("notes", have, NEW, ["Fix"], found)
    assert [(diff["before_header"], diff["before"], diff["after"]) for diff in made] == parts
    assert made[0]["after_header"] == "release of notes: 2b-2"


def test_migrations_are_listed() -> None:
    assert Preview().migrations == Preview(pending=LEVEL).migrations == []
    assert Preview(pending=BEHIND).migrations == [{"revision": "c3", "message": "Add colours"}]


def test_old_releases_that_go_are_named() -> None:
    assert report.removal("notes", ()) == []
    assert report.removal("notes", ("1a-1", "2b-2"))[0]["before"] == "1a-1\n2b-2\n"

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What going to another release means for the database, by what each release knows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.plan import Have as Migrations
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.plan import Revision
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Have, Release
from ansible_collections.pyhost.flask.plugins.modules import release_info
from ansible_collections.pyhost.flask.tests.unit import examples

LINE = (
    Revision("a1", "First"),
    Revision("b2", "Second", ("a1",)),
    Revision("c3", "Third", ("b2",)),
)
OLD, LIVE, NEW = "1-old", "2-live", "3-new"
MIGRATION = examples.app()["migration"]
HAVE = Have({name: Release(name, built=name) for name in (OLD, LIVE, NEW)}, live=LIVE)


def knows(count: int, *current: str) -> Migrations:
    """A release with the first migrations of the line, and a database at these revisions."""
    return Migrations(LINE[:count], (LINE[count - 1].revision,), current)


@pytest.mark.parametrize(
    ("known", "to", "expected"),
    [
        ({OLD: 2, LIVE: 2}, OLD, {"current": ["b2"], "target": "b2"}),
        ({OLD: 1, LIVE: 2}, LIVE, {"current": ["b2"], "target": "b2"}),
        ({LIVE: 3}, LIVE, {"current": ["b2"], "target": "c3", "pending": ["c3"]}),
        (
            {OLD: 1, LIVE: 2, NEW: 3},
            OLD,
            {"current": ["b2"], "target": "a1", "reverted": ["b2"], "by": LIVE},
        ),
        # A deploy that migrated and then failed: only the newer release, not the live one, knows.
        (
            {OLD: 1, LIVE: 1, NEW: 2},
            OLD,
            {"current": ["b2"], "target": "a1", "reverted": ["b2"], "by": NEW},
        ),
        # The release is of the time before the app had migrations.
        (
            {LIVE: 2},
            OLD,
            {"target": "base", "current": ["b2"], "reverted": ["b2", "a1"], "by": LIVE},
        ),
        ({}, OLD, {"target": "base"}),
    ],
)
def test_what_a_release_means_for_the_database(
    monkeypatch: pytest.MonkeyPatch,
    known: dict[str, int],
    to: str,
    expected: dict[str, Any],
) -> None:
    def look(_root: Path, _asked: Any, release: Release) -> Migrations | None:
        return knows(known[release.id], "b2") if release.id in known else None

    monkeypatch.setattr(release_info, "look", look)
    found = release_info.way(Path("/srv/notes"), MIGRATION, HAVE.releases[to], HAVE)
    assert found["current"] == expected.get("current", [])
    assert found["target"] == expected["target"]
    for part in ("pending", "reverted"):
        assert [step["revision"] for step in found[part]] == expected.get(part, [])
    assert found.get("reverted_by", {}).get("id") == expected.get("by")


def test_a_database_that_nobody_knows_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_info, "look", lambda *_arguments: knows(1, "zz"))
    with pytest.raises(UserError, match="zz"):
        release_info.way(Path("/srv/notes"), MIGRATION, HAVE.releases[OLD], HAVE)


def test_the_sbom_is_named_where_there_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "releases" / OLD
    folder.mkdir(parents=True)
    assert "sbom" not in release_info.shown(tmp_path, HAVE.releases[OLD])
    (folder / "sbom.json").touch()
    assert release_info.shown(tmp_path, HAVE.releases[OLD])["sbom"] == str(folder / "sbom.json")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._backup import plan
from ansible_collections.pyhost.flask.plugins.module_utils._backup.plan import (
    SAFETY,
    Backup,
    Settings,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

NEW, OLD = Backup("20260302T000000Z", "notes"), Backup("20260301T000000Z", "notes")
SAFE = Backup("20260303T000000Z", "notes", SAFETY)
OLDEST = Backup("20260228T000000Z", "notes", SAFETY)
APP = Settings("notes", "notes", "/r", "/r/shared", "/e", folder="/b", keep=2)
ALL = [SAFE, NEW, OLD, OLDEST]


@pytest.mark.parametrize(("wanted", "found"), [("newest", NEW), (OLD.id, OLD), (SAFE.id, SAFE)])
def test_the_backup_that_is_meant(wanted: str, found: Backup) -> None:
    assert plan.choose(APP, wanted, ALL) is found


@pytest.mark.parametrize(
    ("wanted", "backups", "words"),
    [
        (
            "20250101T000000Z",
            ALL,
            f"no backup 20250101T000000Z in /b. There are:\n  {SAFE.id}, made",
        ),
        ("20250101T000000Z", ALL, f"restore\n  {NEW.id}\n  {OLD.id}\n"),
        ("newest", [SAFE], "there is no backup in /b"),
        ("newest", [], "None is there; copy the folder of one to it"),
        ("x", [OLD] * 12, "and 2 older ones"),
    ],
)
def test_a_backup_that_is_not_there(wanted: str, backups: list[Backup], words: str) -> None:
    with pytest.raises(UserError) as caught:
        plan.choose(APP, wanted, backups)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("keep", "gone"),
    [(1, [OLD, OLDEST]), (2, []), (0, [OLD, OLDEST])],
)
def test_the_newest_of_each_kind_stay(keep: int, gone: list[Backup]) -> None:
    assert plan.doomed(ALL, keep) == gone


BACKUP = Backup("x", "notes", rows={"a": 1, "b": 2}, revisions=("0005",), entries=3)
COPIES: list[tuple[Any, list[str], int, list[str]]] = [
    ({"a": 1, "b": 2}, ["0005"], 3, []),
    ({"a": 1, "b": 1}, ["0005"], 3, ["table b has 1 rows in the place of 2 rows"]),
    (
        {"a": 1},
        ["0005"],
        3,
        ["table b has no rows, for it is not there, in the place of 2 rows"],
    ),
    (
        {"a": 1, "b": 2, "c": 0},
        [],
        2,
        [
            "table c has 0 rows in the place of no rows, for it is not there,",
            "the revision is none in the place of 0005",
            "the shared folder has 2 entries in the place of 3",
        ],
    ),
]


@pytest.mark.parametrize(("rows", "revisions", "entries", "found"), COPIES)
def test_what_a_copy_has_otherwise(
    rows: dict[str, int], revisions: list[str], entries: int, found: list[str]
) -> None:
    assert plan.differences(BACKUP, rows, revisions, entries) == found


def test_an_empty_database_is_as_good_as_none() -> None:
    assert plan.differences(Backup("x", "notes", rows={}), None, [], 0) == []


def test_a_record_is_read_as_it_was_written() -> None:
    assert plan.parse(json.loads(json.dumps(BACKUP.as_dict()))) == BACKUP
    assert plan.parse({"id": "x"}) is None
    assert plan.parse([]) is None


def test_settings_that_lack_something_are_refused() -> None:
    with pytest.raises(ValueError, match="lacks 'name'"):
        plan.settings({})

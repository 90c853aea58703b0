# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import (
    record as deploy_record,
)
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.record import Play, Record

ME = Play("ann@here", "here", 10, "1")
BESIDE = Play("bob@here", "here", 20, "2")
ELSEWHERE = Play("eve@there", "there", 10, "1")
SAME_NUMBER = replace(ME, started="9")
NOW = 10000.0


def record(play: Play = BESIDE, renewed: float = NOW, **facts: Any) -> Record:
    return Record(play, NOW - 100, renewed, "build", ("build",), **facts)


@pytest.mark.parametrize(
    ("found", "busy", "dead", "verdict"),
    [
        (None, False, (), "take"),
        (None, True, (), "take"),
        (record(ME), False, (), "renew"),
        (record(ME, NOW - 9999), False, (), "renew"),
        (record(BESIDE), False, (), "ask"),
        # however long it is silent: whether it lives can be known
        (record(BESIDE, NOW - 9999), False, (), "ask"),
        (record(SAME_NUMBER), False, (), "ask"),
        (record(BESIDE), False, (BESIDE.id,), "take over"),
        # its last step is still at work, and will be waited for
        (record(BESIDE), True, (BESIDE.id,), "take over"),
        (record(BESIDE), False, (SAME_NUMBER.id,), "ask"),
        (record(ELSEWHERE), False, (), "refuse"),
        (record(ELSEWHERE, NOW - 900), False, (), "refuse"),
        (record(ELSEWHERE, NOW - 901), False, (), "take over"),
        # a step that takes its time is no silence
        (record(ELSEWHERE, NOW - 9999), True, (), "refuse"),
        # a clock that was set back
        (record(ELSEWHERE, NOW + 5000), False, (), "refuse"),
    ],
)
def test_who_may_go_on(
    found: Record | None, busy: bool, dead: tuple[str, ...], verdict: str
) -> None:
    assert deploy_record.decide(found, ME, NOW, busy, dead) == verdict
    if verdict in ("take", "renew", "take over"):
        then = deploy_record.renewed(found, ME, NOW, "migrate")
        assert deploy_record.decide(then, ME, NOW, busy, ()) == "renew"
        assert (then.step, then.renewed) == ("migrate", NOW)


def test_another_ones_record_is_begun_anew() -> None:
    theirs = record(BESIDE, release="r2", before="r1", migrations=("0001",), idle=False)
    assert deploy_record.renewed(theirs, ME, NOW, "build") == Record(
        ME, NOW, NOW, "build", ("build",)
    )


def test_survives_its_file() -> None:
    full = record(release="r2", before="r1", commits=("a",), migrations=("0001",), idle=False)
    assert deploy_record.parse(json.loads(json.dumps(full.as_dict()))) == full


@pytest.mark.parametrize("broken", [None, [], "x", {}, {"play": {}}, {"play": 1, "since": 2}])
def test_a_broken_file_is_no_record(broken: str) -> None:
    assert deploy_record.parse(broken) is None


@pytest.mark.parametrize(
    ("steps", "before", "release", "kind"),
    [
        (("restore", "migrate", "switch"), "r1", "r1", "restore"),
        (("build", "migrate", "switch"), "r1", "r2", "deploy"),
        (("build", "switch"), "", "r1", "deploy"),
        (("build", "switch"), "r1", "r1", "settings"),
        (("migrate", "switch"), "r2", "r1", "rollback"),
        (("switch",), "r2", "r1", "rollback"),
    ],
)
def test_what_it_was(steps: tuple[str, ...], before: str, release: str, kind: str) -> None:
    assert (
        deploy_record.kind(replace(record(), steps=steps, before=before, release=release)) == kind
    )


def test_a_line_of_the_ledger() -> None:
    found = deploy_record.noted(record(before="r1"), {"release": "r2", "commits": ["a"] * 200})
    found = deploy_record.noted(
        deploy_record.noted(found, {"migrations": ["1"]}), {"migrations": ["2"]}
    )
    known = {"r2": {"id": "r2", "version": "v2"}}
    line = deploy_record.entry(found, NOW, "failed", "\n".join(map(str, range(50))), known)
    assert len(line["commits"]) == 100
    assert line["migrations"] == ["1", "2"]
    assert (line["from"], line["to"]) == ({"id": "r1"}, known["r2"])
    assert (line["what"], line["result"], line["seconds"]) == ("deploy", "failed", 100)
    assert line["reason"].splitlines() == [*"012345", "...", *map(str, range(44, 50))]


def test_an_interrupted_one_ends_with_its_last_step() -> None:
    line = deploy_record.interrupted(record(renewed=NOW - 40))
    assert (line["result"], line["seconds"], line["who"]) == ("interrupted", 60, "bob@here")
    assert "build" in line["reason"]


def test_the_message_says_who_since_when_where_and_what_to_do() -> None:
    text = deploy_record.message("notes", record(renewed=NOW - 40), NOW, "/run/x/notes.json")
    for word in ("bob@here", "1970-01-01T02:45:00Z", "40 s ago: build", "app_lock_wait=600"):
        assert word in text
    assert "remove /run/x/notes.json" in text


@pytest.mark.parametrize(
    ("steps", "migrations", "said"),
    [
        (("build", "migrate", "switch"), ("0002",), True),
        (("build", "migrate", "switch"), (), False),
        (("migrate", "switch"), ("0002",), False),
    ],
)
def test_a_schema_that_stays_is_told(
    steps: tuple[str, ...], migrations: tuple[str, ...], said: bool
) -> None:
    found = replace(record(release="r2", before="r1"), steps=steps, migrations=migrations)
    text = deploy_record.schema_left("notes", found)
    assert ("-e app=notes -e release=r1 -e downgrade=true" in text) is said


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (5, "5 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (86400, "1 d")],
)
def test_durations(seconds: float, text: str) -> None:
    assert deploy_record.duration(seconds) == text

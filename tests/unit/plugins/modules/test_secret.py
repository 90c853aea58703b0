# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.modules.secret import (
    change,
    keep,
    make,
    observe,
    plan_values,
)

NOTHING: dict[str, Any] = {"forget": False, "values": {}, "previous": {}} | {
    option: [] for option in ("names", "rotate", "begin", "end")
}


def changed(folder: Path, check_mode: bool = False, **params: Any) -> tuple[bool, dict[str, str]]:
    return change({**NOTHING, "folder": str(folder), **params}, check_mode)


def test_a_secret_is_random_and_only_root_reads_it(tmp_path: Path) -> None:
    one, two = make(tmp_path, "one"), make(tmp_path, "two")
    assert re.fullmatch(r"[0-9a-f]{64}", one)
    assert one != two
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one", "two"]


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    first = changed(tmp_path, names=["one"])
    assert first == (True, observe(tmp_path, ["one"]))
    assert changed(tmp_path, names=["one"]) == (False, first[1])


def test_hosts_that_ask_at_the_same_moment_get_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: make(tmp_path, "one"), range(64)))
    assert len(found) == 1


def test_a_given_secret_replaces_what_was_kept(tmp_path: Path) -> None:
    make(tmp_path, "one")
    keep(tmp_path, "one", "given")
    assert observe(tmp_path, ["one"]) == {"one": "given"}
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["one"]


def test_rotation_keeps_what_a_secret_was(tmp_path: Path) -> None:
    first = make(tmp_path, "one")
    changed(tmp_path, rotate=["one"])
    second = observe(tmp_path, ["one"])
    assert second["one.previous"] == first
    assert second["one"] != first
    _yes, third = changed(tmp_path, rotate=["one"], names=["one"])
    assert third["one.previous"] == second["one"]
    changed(tmp_path, rotate=["one"], forget=True)
    fourth = observe(tmp_path, ["one"])
    assert fourth.keys() == {"one"}
    assert fourth["one"] != third["one"]


def test_rotation_in_two_steps(tmp_path: Path) -> None:
    first = make(tmp_path, "one")
    changed(tmp_path, begin=["one"])
    begun = observe(tmp_path, ["one"])
    assert begun["one.previous"] == first != begun["one"]
    assert changed(tmp_path, begin=["one"], names=["one"]) == (False, begun)
    assert changed(tmp_path, end=["one"], names=["one"]) == (True, {"one": begun["one"]})
    assert changed(tmp_path, end=["one"])[0] is False


def test_a_rotation_that_was_killed_between_its_two_files_goes_on(tmp_path: Path) -> None:
    first = make(tmp_path, "one")
    keep(tmp_path, "one.previous", first)
    changed(tmp_path, begin=["one"])
    begun = observe(tmp_path, ["one"])
    assert begun["one.previous"] == first != begun["one"]


def test_rotation_of_what_was_never_made_makes_it(tmp_path: Path) -> None:
    changed(tmp_path / "new", rotate=["one"])
    assert observe(tmp_path / "new", ["one"]).keys() == {"one"}


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    first = make(tmp_path, "one")
    more = {"names": ["one", "two"], "rotate": ["one"], "values": {"three": "3"}}
    assert changed(tmp_path, check_mode=True, **more) == (True, {"one": first})
    assert [file.name for file in tmp_path.iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("previous", "kept", "steps"),
    [
        ({}, {}, {"one": "new"}),
        ({}, {"one": "new"}, {}),
        ({"one": "old"}, {}, {"one.previous": "old", "one": "new"}),
        ({"one": "old"}, {"one": "old"}, {"one.previous": "old", "one": "new"}),
        ({"one": "old"}, {"one": "new", "one.previous": "older"}, {"one.previous": "old"}),
        ({}, {"one": "new", "one.previous": "old"}, {"one.previous": None}),
    ],
)
def test_values(previous: dict[str, str], kept: dict[str, str], steps: dict[str, Any]) -> None:
    assert plan_values({"one": "new"}, previous, kept) == steps
    after = {name: value for name, value in {**kept, **steps}.items() if value is not None}
    assert plan_values({"one": "new"}, previous, after) == {}

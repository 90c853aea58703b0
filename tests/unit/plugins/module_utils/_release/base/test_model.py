# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import model
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Have,
    Inputs,
    Plan,
    Release,
    Revision,
)

A, B, C, D = (digit * 40 for digit in "abcd")
REFS = f"""ref: refs/heads/main\tHEAD
{A}\tHEAD
{A}\trefs/heads/main
{B}\trefs/heads/feature/login
{B}\trefs/heads/both
{C}\trefs/tags/v1.0
{A}\trefs/tags/v1.0^{{}}
{D}\trefs/tags/light
{C}\trefs/tags/both
{D}\trefs/remotes/origin/HEAD
"""


def test_refs_are_parsed() -> None:
    remote = model.parse_refs(REFS)
    assert (remote.head, remote.default) == (A, "main")
    assert remote.branches == {"main": A, "feature/login": B, "both": B}
    assert remote.tags == {"v1.0": A, "light": D, "both": C}


@pytest.mark.parametrize(
    ("version", "source"),
    [
        ("HEAD", Revision(A, "main")),
        ("main", Revision(A, "main")),
        ("feature/login", Revision(B, "feature/login")),
        ("v1.0", Revision(A, "v1.0")),
        ("light", Revision(D, "light")),
        ("both", Revision(C, "both")),
    ],
)
def test_a_version_is_found(version: str, source: Revision) -> None:
    assert model.find(model.parse_refs(REFS), version) == source


@pytest.mark.parametrize(
    ("refs", "version", "message"),
    [
        (REFS, "mian", "did you mean main?"),
        (REFS, "v1.1", "did you mean v1.0?"),
        (REFS, "feature/logni", "did you mean feature/login?"),
        (REFS, "0123456", "a commit needs all its 40 digits"),
        (REFS, "zzz", "it has main, feature/login, both, v1.0, light$"),
        (f"{A}\trefs/heads/main\n", "zzz", "it has main$"),
        (f"{A}\trefs/heads/main\n", "HEAD", "no commit on its default branch"),
        ("", "main", "it is empty"),
    ],
)
def test_an_unknown_version_is_refused_with_a_hint(refs: str, version: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        model.find(model.parse_refs(refs), version)


INPUTS = Inputs(
    A,
    subdir="web",
    version="3.12",
    python="3.12",
    packages=("gunicorn",),
    shared=("instance",),
    wsgi="app:app",
)


def test_the_same_input_is_the_same_release() -> None:
    assert model.release_id(INPUTS) == model.release_id(replace(INPUTS))
    assert model.release_id(INPUTS).startswith(A[:12] + "-")
    assert len(model.release_id(INPUTS)) == 21


@pytest.mark.parametrize(
    "other",
    [
        {"revision": A[:12] + B[12:]},
        {"subdir": ""},
        {"version": ""},
        {"python": "3.13"},
        {"packages": ("gunicorn", "pymysql")},
        {"shared": ()},
        {"wsgi": "app:create_app()"},
        {"installer": "pip"},
        {"dependencies": "requirements/prod.txt"},
        {"groups": ("docs",)},
        {"extras": ("docs",)},
        {"constraints": ("werkzeug<3",)},
        {"require_hashes": True},
    ],
)
def test_other_input_is_another_release(other: dict[str, Any]) -> None:
    assert model.release_id(replace(INPUTS, **other)) != model.release_id(INPUTS)


def releases(*ids: str) -> dict[str, Release]:
    """Releases of which each was built after the one before it."""
    return {name: Release(name, built=f"2026-01-{day:02}") for day, name in enumerate(ids, 1)}


def after(wanted: str, done: Plan, have: Have) -> Have:
    """The host after a plan was carried out."""
    left = {**have.releases, wanted: have.releases.get(wanted, Release(wanted, built="2026-02-01"))}
    gone = set(done.prune)
    kept = {name: release for name, release in left.items() if name not in gone}
    return replace(have, releases=kept, rubbish=have.rubbish - gone - {wanted})


@pytest.mark.parametrize(
    ("wanted", "keep", "have", "expected"),
    [
        ("a", 3, Have(), Plan(True)),
        ("a", 3, Have(releases("a")), Plan(False)),
        ("d", 3, Have(releases("a", "b", "c"), live="c"), Plan(True, ("a",))),
        ("d", 2, Have(releases("a", "b", "c"), live="c"), Plan(True, ("b", "a"))),
        ("d", 2, Have(releases("a", "b", "c"), live="a"), Plan(True, ("b",))),
        ("d", 2, Have(releases("a", "b", "c"), live="c", previous="a"), Plan(True, ("b",))),
        (
            "d",
            2,
            Have(releases("a", "b", "c"), live="c", running=frozenset("b")),
            Plan(True, ("a",)),
        ),
        ("d", 1, Have(releases("a", "b", "c"), live="c"), Plan(True, ("b", "a"))),
        ("d", 0, Have(releases("a", "b"), live="b"), Plan(True, ("a",))),
        # Nothing is built, so nothing goes: not on the way back to an old release, and not in the
        # run after a deploy, for which the release before has become another one.
        ("a", 2, Have(releases("a", "b", "c", "d"), live="d", previous="c"), Plan(False)),
        ("c", 2, Have(releases("a", "b", "c"), live="c", previous="b"), Plan(False)),
        # What was interrupted goes, but for what is built anew in its place.
        ("a", 3, Have(rubbish=frozenset("ax")), Plan(True, ("x",))),
        ("a", 3, Have(releases("a"), rubbish=frozenset("xy"), live="y"), Plan(False, ("x",))),
    ],
)
def test_the_plan(wanted: str, keep: int, have: Have, expected: Plan) -> None:
    done = model.plan(wanted, keep, have)
    assert done == expected
    assert model.plan(wanted, keep, after(wanted, done, have)) == Plan(False)


def test_changed_packages() -> None:
    changes = model.changed_packages(
        {"flask": "3.0", "click": "8", "old": "1"}, {"flask": "3.1", "click": "8", "new": "2"}
    )
    assert changes == {
        "added": [{"name": "new", "from": "", "to": "2"}],
        "changed": [{"name": "flask", "from": "3.0", "to": "3.1"}],
        "removed": [{"name": "old", "from": "1", "to": ""}],
    }


def test_both_sides_of_the_diff() -> None:
    changes = model.changed_packages({"flask": "3.0", "old": "1"}, {"flask": "3.1", "new": "2"})
    one, two = Release("a-1", A, "v1"), Release("b-2", B, "v2")
    assert model.shown(None, (), changes, "from") == ""
    assert model.shown(one, (), changes, "from") == (
        f"revision: {A}\nversion: v1\npackage: flask 3.0\npackage: old 1\n"
    )
    assert model.shown(two, ["Say more"], changes, "to") == (
        f"revision: {B}\nversion: v2\ncommit: Say more\npackage: flask 3.1\npackage: new 2\n"
    )

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import choose
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Have, Release

OLD = Release("aaa1", version="v1", built="2026-01-01T12:00:00.000000Z")
NEW = Release("aaa2", version="v2", built="2026-01-02T12:00:00.000000Z")
LONG = Release("aaa22", version="v2", built="2026-01-03T12:00:00.000000Z")
ALL = {release.id: release for release in (OLD, LONG, NEW)}
TWO = Have(ALL, live="aaa2", previous="aaa1")


@pytest.mark.parametrize(
    ("wanted", "have", "chosen"),
    [
        ("", TWO, OLD),
        ("aaa1", TWO, OLD),
        ("aaa2", TWO, NEW),  # also how another one begins
        ("aaa22", TWO, LONG),
        ("aaa", Have({"aaa1": OLD}), OLD),
    ],
)
def test_choose(wanted: str, have: Have, chosen: Release) -> None:
    assert choose.choose(wanted, have) == chosen


@pytest.mark.parametrize(
    ("wanted", "have", "problem"),
    [
        ("", Have(), "no release was live before this one. There are none"),
        ("", Have(ALL, live="aaa2"), "no release was live before this one. There are:"),
        ("", Have({"aaa2": NEW}, live="aaa2", previous="gone"), "no release was live before"),
        ("aaa", TWO, "'aaa' is the beginning of 3 releases"),
        ("b", TWO, "there is no release 'b' on this host"),
    ],
)
def test_choose_nothing(wanted: str, have: Have, problem: str) -> None:
    with pytest.raises(UserError) as error:
        choose.choose(wanted, have)
    assert problem in str(error.value)
    assert all(name in str(error.value) for name in have.releases)


def test_the_list_is_newest_first_and_says_what_is_live() -> None:
    assert [release.id for release in choose.newest_first(TWO)] == ["aaa22", "aaa2", "aaa1"]
    with pytest.raises(UserError) as error:
        choose.choose("b", TWO)
    assert str(error.value).splitlines()[1:] == [
        "  aaa22  v2, built 2026-01-03",
        "  aaa2  v2, built 2026-01-02, live",
        "  aaa1  v1, built 2026-01-01, live before",
    ]

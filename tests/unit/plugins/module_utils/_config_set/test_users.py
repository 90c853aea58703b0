# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._config_set import users
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

ROOT = {"name": "root", "home": "/root", "comment": ""}
NOTES = {"name": "pyhost-no-such", "home": "/srv/notes/shared", "comment": "Flask app notes"}


def test_only_users_that_the_host_does_not_have_are_missing() -> None:
    assert users.missing([ROOT, NOTES]) == [NOTES]


@pytest.mark.parametrize(
    ("group", "option"), [(False, "--user-group"), (True, "--gid=pyhost-no-such")]
)
def test_a_group_of_the_same_name_is_used_where_it_is_there(group: bool, option: str) -> None:
    command = users.useradd(NOTES, group)
    assert command[-3:] == [option, "--", "pyhost-no-such"]
    assert "--home-dir=/srv/notes/shared" in command


def test_what_useradd_says_is_in_the_failure() -> None:
    with pytest.raises(UserError, match=r"pyhost-no-such.*invalid comment"):
        users.make([NOTES], lambda _command: (3, "", "invalid comment"))


def test_diff() -> None:
    assert users.diff([]) == []
    assert users.diff([NOTES])[0]["after"].startswith("pyhost-no-such, home /srv/notes/shared")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of an app that come over from the controller."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core import app
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.tests.unit import examples

PARTS: dict[str, Any] = {
    "release": app.Release,
    "migration": app.Migration,
    "service": app.Service,
    "info": app.Info,
}


@pytest.mark.parametrize("name", PARTS)
def test_a_resolved_app_has_the_parts_as_modules_take_them(name: str) -> None:
    part: Any = dict(examples.app())[name]
    assert app.read_all(PARTS[name], [part]) == [part]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"user": None}, r"apps\[0\]: user is missing"),
        ({"usr": "notes"}, r"apps\[0\]: usr is unknown"),
    ],
)
def test_what_is_not_whole_is_refused(change: dict[str, Any], says: str) -> None:
    part = {**examples.app()["migration"], **change}
    given = {key: value for key, value in part.items() if value is not None}
    with pytest.raises(UserError, match=f"{says}; hand over an app's migration whole"):
        app.read_all(app.Migration, [given])

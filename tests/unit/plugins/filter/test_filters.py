# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the filters add to the functions that they are made of."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.pyhost.flask.plugins.filter import expand, resolve, secret_names
from ansible_collections.pyhost.flask.tests.unit import examples

NOTES: dict[str, Any] = {
    "name": "notes",
    "source": {"git": "https://git.example.org/notes.git"},
    "wsgi": "notes:app",
    "domains": ["notes.example.org"],
    "https": "none",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DATABASE = ${URL}", "DATABASE = mysql://x"),
        ("${A}${URL}", "${URL}mysql://x"),
        ("$URL $${URL} ${OTHER} {URL}", "$URL $mysql://x ${OTHER} {URL}"),
        ("", ""),
    ],
)
def test_expand(text: str, expected: str) -> None:
    """Each variable once: what stands in a value stays as it is."""
    filters = expand.FilterModule().filters()
    assert filters["expand"](text, {"URL": "mysql://x", "A": "${URL}"}) == expected


def test_resolve_ends_with_all_mistakes() -> None:
    filters = resolve.FilterModule().filters()
    (app,) = filters["resolve"]({}, [NOTES], {"keep_releases": 3})
    assert (app["keep_releases"], app["paths"]["root"]) == (3, "/srv/notes")
    with pytest.raises(
        AnsibleFilterError, match=r"unknown option 'colour'(?s:.)*keep_releases = 1"
    ):
        filters["resolve"]({}, [{**NOTES, "colour": "red", "keep_releases": 1}], {})


def test_secret_names_are_those_of_all_hosts() -> None:
    notes, wiki = (examples.app(name=name) for name in ("notes", "wiki"))
    chat = {**NOTES, "name": "chat", "domains": ["chat.example.org"]}
    hostvars = {
        "checked": {"flask_checked": {"apps": [wiki]}, "flask_apps": "not looked at"},
        "unchecked": {
            "flask_apps": [
                NOTES,
                {**chat, "secret_key": "given"},
                {**NOTES, "name": "cms", "domains": ["cms.example.org"]},
            ]
        },
        "without": {},
    }
    filters = secret_names.FilterModule().filters()
    assert filters["secret_names"]({"hostvars": hostvars}, [notes]) == ["notes"]
    found = filters["secret_names"]({"hostvars": hostvars}, [notes], hostvars)
    assert found == ["notes", "wiki", "cms"]
    # Another host may need a secret for an app whose secret is given here.
    given = resolve.resolve({}, [{**NOTES, "secret_key": "given"}])
    assert filters["secret_names"]({"hostvars": hostvars}, given, hostvars, others=False) == [
        "notes"
    ]

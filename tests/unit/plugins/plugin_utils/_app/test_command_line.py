# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbooks are given by -e, and the roles' own options."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.plugin_utils import _role_specs
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import command_line, role_options

ROLES = _role_specs.read_all()


def test_what_is_not_given_has_its_default() -> None:
    mistakes: list[str] = []
    found = command_line.read({}, ROLES, mistakes)
    assert mistakes == []
    assert (found["app"], found["backup"], found["force"]) == ("", "newest", False)
    assert found["maintenance"] is True


@pytest.mark.parametrize(
    ("given", "mistake"),
    [
        ({"app": "notes", "force": "yes", "reason": "superseded"}, ""),
        ({"mine": 1, "ansible_user": "me", "nginx_tls": "modern"}, ""),
        ({"force": "soon"}, "-e.force = 'soon': must be true or false"),
        ({"reason": "because"}, "-e.reason = 'because': must be one of unspecified, keycompromise"),
        ({"relese": "1"}, "-e relese: there is no such option; did you mean 'release'?"),
        ({"nginx_tsl": "modern"}, "-e nginx_tsl: there is no such option; did you mean 'nginx_tl"),
    ],
)
def test_mistakes_on_the_command_line(given: dict[str, Any], mistake: str) -> None:
    mistakes: list[str] = []
    command_line.read(given, ROLES, mistakes)
    assert [line[: len(mistake)] for line in mistakes] == ([mistake] if mistake else [])


@pytest.mark.parametrize(
    ("app", "here", "everywhere", "one", "expected"),
    [
        ("", ["a", "b"], ["a", "b"], False, ["a", "b"]),
        ("", ["a"], ["a"], True, ["a"]),
        ("b", ["a", "b"], ["a", "b"], True, ["b"]),
        ("c", ["a", "b"], ["a", "b", "c"], True, []),
        ("", [], [], True, []),
    ],
)
def test_which_apps_are_meant(
    app: str, here: list[str], everywhere: list[str], one: bool, expected: list[str]
) -> None:
    assert command_line.select(app, here, everywhere, one) == expected


@pytest.mark.parametrize(
    ("app", "one", "says"),
    [
        (
            "c",
            False,
            "There is no app c; choose one of them, or leave it out for all: -e app=a",
        ),
        ("c", True, "There is no app c; choose one of them: -e app=a, -e app=b"),
        ("", True, "There are several apps; choose one of them: -e app=a, -e app=b"),
    ],
)
def test_which_apps_there_are_is_said(app: str, one: bool, says: str) -> None:
    with pytest.raises(UserError, match=says):
        command_line.select(app, ["a", "b"], ["a", "b"], one)


@pytest.mark.parametrize(
    ("values", "mistake"),
    [
        ({"nginx_tls": "modern", "base_firewall_ports": [8080], "app_lock_wait": "60"}, ""),
        ({"nginx_tls": "modren"}, "nginx_tls = 'modren': must be one of intermediate, modern"),
        ({"python_installer": "poetry"}, "python_installer = 'poetry': must be one of uv, pip"),
        ({"app_lock_wait": "soon"}, "app_lock_wait = 'soon': must be a whole number, 0 or more"),
        ({"base_admins": "me"}, "base_admins = 'me': must be a list"),
        ({"base_admins": [{"nme": "me"}]}, "base_admins[0]: unknown option 'nme'; did you mean 'n"),
    ],
)
def test_the_options_of_the_roles(values: dict[str, Any], mistake: str) -> None:
    mistakes: list[str] = []
    role_options.check(values, ROLES, mistakes)
    assert [line[: len(mistake)] for line in mistakes[:1]] == ([mistake] if mistake else [])


def test_an_inventorys_variable_that_looks_like_a_typing_mistake() -> None:
    (line,) = role_options.mistyped(["nginx_tsl", "nginx_tls", "nginx_sites", "mine"], ROLES)
    assert line.startswith("nginx_tsl: no role of pyhost.flask has such an option; did you mean 'n")


def test_no_two_roles_have_an_option_of_the_same_name() -> None:
    """Flat variables are of one role each; the apps alone are everybody's."""
    names = [
        name
        for folder in sorted(_role_specs.ROLES.iterdir())
        for name in _role_specs.read(folder.name)
    ]
    assert {name for name in names if names.count(name) > 1} == set(role_options.APPS)

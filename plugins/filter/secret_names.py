# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from ansible_collections.pyhost.flask.plugins.filter.resolve import resolve
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.app import App

DOCUMENTATION = """
name: secret_names
author: The pyhost.flask developers
short_description: The names of the secrets that apps need, also those of other hosts
version_added: 0.1.0
description:
  - Lets one task ask for the secrets of all hosts. Each host that asks by itself would open a
    connection to the same one.
positional: hosts, others
options:
  _input:
    description: The resolved apps of this host.
    type: list
    elements: dict
    required: true
  hosts:
    description: The hosts whose apps count as well, by their names in the inventory.
    type: list
    elements: str
    default: []
  others:
    description: Whether apps of these hosts count that this host does not have.
    type: bool
    default: true
"""

EXAMPLES = """
- name: Make the secrets of all hosts
  pyhost.flask.secret:
    names: "{{ apps | pyhost.flask.secret_names(ansible_play_hosts) }}"
  delegate_to: app1.example.org
  run_once: true
  no_log: true
"""

RETURN = """
_value:
  description: The names, each once.
  type: list
  elements: str
"""


@pass_context
def secret_names(
    context: Context, apps: Iterable[App], hosts: Iterable[str] = (), others: bool = True
) -> list[str]:
    found = [*apps]
    here = {app["name"] for app in found}
    for host in hosts:
        own = context["hostvars"][host]
        checked = own.get("flask_checked") or {}
        # In a play that has not checked them, they may as well be the play's own.
        given, defaults = own.get("flask_apps") or [], own.get("flask_defaults")
        there = checked["apps"] if "apps" in checked else resolve(context, given, defaults)
        found += [app for app in there if others or app["name"] in here]
    return list(dict.fromkeys(name for app in found for name in app["secret_names"]))


class FilterModule:
    """The filter secret_names."""

    def filters(self) -> dict[str, Any]:
        return {"secret_names": secret_names}

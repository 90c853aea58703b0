# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible.errors import AnsibleFilterError
from jinja2 import pass_context
from jinja2.runtime import Context

from ansible_collections.pyhost.flask.plugins.filter.resolve import SPEC
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import fleet, resolve
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.options import Mistakes
from ansible_collections.pyhost.flask.plugins.plugin_utils._fleet import address

DOCUMENTATION = """
name: databases
author: The pyhost.flask developers
short_description: The databases that the apps of some hosts have on another one
version_added: 0.1.0
description:
  - Reads C(flask_apps) and C(flask_defaults) of each host, and returns the databases of the apps
    with C(database=mysql), as C(mysql_served) of the role P(pyhost.flask.mysql#role) takes them.
options:
  _input:
    description: The hosts, by their names in the inventory.
    type: list
    elements: str
    required: true
"""

EXAMPLES = """
- name: Count the databases
  ansible.builtin.debug:
    msg: "{{ groups['flask'] | pyhost.flask.databases | length }}"
"""

RETURN = """
_value:
  description: Each with C(name), C(user), the C(hosts) of the user and the name of its C(secret).
  type: list
  elements: dict
"""


@pass_context
def databases(context: Context, hosts: Iterable[str]) -> list[dict[str, Any]]:
    apps = {}
    try:
        for host in hosts:
            own = context["hostvars"][host]
            given, defaults = own.get("flask_apps") or [], own.get("flask_defaults")
            apps[address(context, host)] = resolve.resolve(given, defaults, SPEC)
    except Mistakes as error:
        raise AnsibleFilterError(str(error)) from error
    return fleet.served(apps)


class FilterModule:
    """The filter databases."""

    def filters(self) -> dict[str, Any]:
        return {"databases": databases}

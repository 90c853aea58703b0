# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.pyhost.flask.plugins.plugin_utils._app import derive

DOCUMENTATION = """
name: environment
author: The pyhost.flask developers
short_description: The environment of a resolved app
version_added: 0.1.0
description:
  - The variables of an app with its secrets, each C(${NAME}) in them replaced. What the user
    wrote in the app's C(env) wins over what the collection sets.
positional: secrets, previous
options:
  _input:
    description: A resolved app, from P(pyhost.flask.resolve#filter).
    type: dict
    required: true
  secrets:
    description:
      - The secrets that were made on the hosts, by their names, which are C(secret_names) of the
        app.
    type: dict
    required: true
  previous:
    description: What they were before, where they were something else.
    type: dict
    required: true
"""

EXAMPLES = """
- name: Count the variables of an app
  ansible.builtin.debug:
    msg: "{{ app | pyhost.flask.environment(made.secrets, made.previous) | length }}"
"""

RETURN = """
_value:
  description: Names and values, sorted by name.
  type: dict
"""


class FilterModule:
    """The filter environment."""

    def filters(self) -> dict[str, Any]:
        return {"environment": derive.environment}

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file

DOCUMENTATION = """
name: expand
author: The pyhost.flask developers
short_description: Replaces variables of an environment in a text
version_added: 0.1.0
description:
  - Replaces each C(${NAME}) whose name is in the environment. Anything else stays as it is,
    every other C($) included.
positional: variables
options:
  _input:
    description: The text.
    type: str
    required: true
  variables:
    description: The variables, as P(pyhost.flask.environment#filter) returns them.
    type: dict
    required: true
"""

EXAMPLES = """
- name: Fill a settings file
  ansible.builtin.debug:
    msg: "{{ 'DATABASE = ${DATABASE_URL}' | pyhost.flask.expand(environment) }}"
"""

RETURN = """
_value:
  description: The text with its variables replaced.
  type: str
"""


class FilterModule:
    """The filter expand."""

    def filters(self) -> dict[str, Any]:
        return {"expand": env_file.expand}

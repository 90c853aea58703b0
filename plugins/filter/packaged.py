# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that says what a package holds of an app."""

from __future__ import annotations

from typing import Any

from ansible_collections.pyhost.flask.plugins.plugin_utils._app import package_settings

DOCUMENTATION = """
name: packaged
author: The pyhost.flask developers
short_description: What a package holds of an app
version_added: 0.1.0
description:
  - Its settings for the package's program, its variables without what nobody else may read, and
    what keeps it from being packaged.
positional: group
options:
  _input:
    description: A resolved app, as P(pyhost.flask.resolve#filter) returns it.
    type: dict
    required: true
  group:
    description: The web server's group.
    type: str
    required: true
"""

EXAMPLES = """
- name: Show what a host has to fill in
  ansible.builtin.debug:
    msg: "{{ (app | pyhost.flask.packaged('www-data')).settings.required }}"
"""

RETURN = """
_value:
  description: In C(settings), C(variables) and C(mistakes), the last as text.
  type: dict
"""


class FilterModule:
    """The filter packaged."""

    def filters(self) -> dict[str, Any]:
        return {"packaged": package_settings.packaged}

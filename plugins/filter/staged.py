# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that moves the files of a host to those of a package."""

from __future__ import annotations

from typing import Any

from ansible_collections.pyhost.flask.plugins.plugin_utils._app import package_settings

DOCUMENTATION = """
name: staged
author: The pyhost.flask developers
short_description: Files of a host as those of a package
version_added: 0.1.0
description:
  - Moves entries of M(pyhost.flask.config_set) to where a package has them, below a folder,
    with the folders that they need.
positional: stage
options:
  _input:
    description: The entries.
    type: list
    required: true
  stage:
    description: The folder.
    type: str
    required: true
"""

EXAMPLES = """
- name: Stage the files
  pyhost.flask.config_set:
    name: package
    files: "{{ files | pyhost.flask.staged('/var/cache/stage') }}"
"""

RETURN = """
_value:
  description: The entries.
  type: list
"""


class FilterModule:
    """The filter staged."""

    def filters(self) -> dict[str, Any]:
        return {"staged": package_settings.staged}

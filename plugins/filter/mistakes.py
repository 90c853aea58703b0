# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.pyhost.flask.plugins.filter.resolve import app_spec
from ansible_collections.pyhost.flask.plugins.module_utils import _apps
from ansible_collections.pyhost.flask.plugins.module_utils._apps_https import files_on_controller
from ansible_collections.pyhost.flask.plugins.module_utils._apps_source import on_controller
from ansible_collections.pyhost.flask.plugins.module_utils._options import Mistakes, shown

THERE = {"folder": os.path.isdir, "file": os.path.isfile, "file or folder": os.path.exists}

DOCUMENTATION = """
name: mistakes
author: The pyhost.flask developers
short_description: What is wrong with flask_apps
version_added: 0.1.0
description:
  - Finds all mistakes of all apps, as P(pyhost.flask.resolve#filter) does, and returns them as one
    text instead of failing with it.
  - It also looks for the files that they name and that must be on the controller.
positional: flask_defaults, version
options:
  _input:
    description: The apps, as the user wrote them.
    type: list
    elements: dict
    required: true
  flask_defaults:
    description: Options that all apps have in common.
    type: dict
    default: {}
  version:
    description:
      - The version of one app in place of the one that its source says, as V(v1.2), or, where there
        are several apps, V(notes:v1.2).
    type: str
    default: ""
"""

EXAMPLES = """
- name: Find all mistakes before the first change on any host
  ansible.builtin.fail:
    msg: "{{ mistakes }}"
  when: mistakes != ''
  vars:
    mistakes: "{{ flask_apps | pyhost.flask.mistakes(flask_defaults) }}"
"""

RETURN = """
_value:
  description:
    - A line for each mistake, with the option, its value and what to do. Empty where there is none.
  type: str
"""


def mistakes(flask_apps: Any, flask_defaults: Any = None, version: str = "") -> str:
    try:
        apps = _apps.resolve(flask_apps, flask_defaults, app_spec(), version)
        missing = [text for app in apps for text in _missing(app)]
        if missing:
            raise Mistakes(missing)
    except Mistakes as error:
        return str(error)
    return ""


def _missing(app: dict[str, Any]) -> Iterator[str]:
    """What an app names and the controller does not have."""
    for option, file in files_on_controller(app):
        if not (os.path.isfile(file) and os.access(file, os.R_OK)):
            yield (
                f"{option} = {shown(file)}: cannot be read on the controller; to take a file that"
                " is on the host, set certificate.source to host"
            )
    for option, path, kind in on_controller(app["source"]):
        if not THERE[kind](os.path.expanduser(path)):
            where = f"flask_apps[{app['name']}].source.{option} = {shown(path)}"
            yield f"{where}: there is no such {kind} on the controller"


class FilterModule:
    """The filter mistakes."""

    def filters(self) -> dict[str, Any]:
        return {"mistakes": mistakes}

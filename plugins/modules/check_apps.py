#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_apps
author: The pyhost.flask developers (@pyhost)
short_description: Find all mistakes of all apps
version_added: 0.1.0
description:
  - Finds all mistakes of all apps in one pass, as P(pyhost.flask.resolve#filter) does, and looks
    for the files that they name and that must be on the controller. It runs on the controller, and
    connects to no host.
  - Returns the finished apps. A playbook that gives them to its roles as C(__flask_apps) saves them
    working them out again, which for many apps, or with values from slow lookups, takes seconds.
attributes:
  check_mode:
    description: It changes nothing, so check mode makes no difference.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  apps:
    description: The apps, as the user wrote them in C(flask_apps).
    type: raw
    required: true
  defaults:
    description: Options that all apps have in common, C(flask_defaults).
    type: raw
  app:
    description: The app that O(version) is of, where the playbook is for one.
    type: str
  version:
    description:
      - The version of one app in place of the one that its source says, as V(v1.2), or, where there
        are several apps, V(notes:v1.2).
    type: str
"""

EXAMPLES = r"""
- name: Find all mistakes before the first change on any host
  pyhost.flask.check_apps:
    apps: "{{ flask_apps }}"
    defaults: "{{ flask_defaults }}"
  register: checked
"""

RETURN = r"""
apps:
  description: The finished apps, as P(pyhost.flask.resolve#filter) makes them. They are not shown.
  returned: success
  type: list
  elements: dict
msg:
  description: A line for each mistake, with the option, its value and what to do.
  returned: failure
  type: str
"""

#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: check_apps
author: The pyhost.flask developers (@pyhost)
short_description: Find all mistakes of all options
version_added: 0.1.0
description:
  - Finds all mistakes of all apps in one pass, as P(pyhost.flask.resolve#filter) does, and looks
    for the files that they name and that must be on the controller. It runs on the controller, and
    connects to no host.
  - The options of the roles, such as C(nginx_tls), and those that the playbooks take by C(-e) are
    checked as well, and a name that looks like a typing mistake of one of them is refused on the
    command line, and is a warning in an inventory.
  - It is the one reader of the command line. An inventory's variable that is called like an option
    of a playbook changes nothing.
  - Returns the resolved apps. A playbook that gives them to its roles as C(flask_resolved_apps)
    saves them from working them out again, which for many apps, or with values from slow lookups,
    takes seconds.
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
  one:
    description: Whether exactly one app has to be chosen, by C(-e app=NAME) if there are several.
    type: bool
    default: false
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
  description: The resolved apps, as P(pyhost.flask.resolve#filter) makes them. They are not shown.
  returned: success
  type: list
  elements: dict
selected:
  description:
    - Those of C(apps) that are meant, all or the one of C(-e app=NAME). None, if the host does not
      have that one, and another host has. They are not shown.
  returned: success
  type: list
  elements: dict
options:
  description:
    - The options of the command line, with C(app), C(version), C(release), C(downgrade), C(backup),
      C(beside), C(force), C(page), C(maintenance), C(forget), C(reason) and C(status_json). Those
      that are not given have their defaults.
  returned: success
  type: dict
msg:
  description: A line for each mistake, with the option, its value and what to do.
  returned: failure
  type: str
"""

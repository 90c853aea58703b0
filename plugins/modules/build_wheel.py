#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: build_wheel
author: The pyhost.flask developers (@pyhost)
short_description: Build a wheel of a project
version_added: 0.1.0
description:
  - Builds a wheel of a project on the controller, by C(uv build) or C(python -m build), and puts it
    into a folder of the project. Nothing is done on any host.
  - It is built from a copy of what git tracks or would track, as it stands in the work tree.
attributes:
  check_mode:
    description: Nothing is built.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  folder:
    description: The folder for the wheel. The project is the one that it lies in.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Pack the app
  pyhost.flask.build_wheel:
    folder: "{{ inventory_dir }}/../notes/dist"
  delegate_to: localhost
"""

RETURN = r"""
path:
  description: The wheel.
  returned: outside of check mode
  type: str
checksum:
  description: Its SHA-256.
  returned: outside of check mode
  type: str
"""

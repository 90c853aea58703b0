#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: status
author: The pyhost.flask developers (@pyhost)
short_description: Show how apps are
version_added: 0.1.0
description:
  - Prints on the controller what M(pyhost.flask.app_info) has found, as a block of text for each
    app and host. Nothing is done on any host.
attributes:
  check_mode:
    description: It changes no host, so check mode makes no difference.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  hosts:
    description: What RV(pyhost.flask.app_info#module:apps) has of the apps, by host.
    type: dict
    required: true
  file:
    description: A file on the controller that gets the same as JSON.
    type: str
"""

EXAMPLES = r"""
- name: Show how the app is
  pyhost.flask.status:
    hosts:
      web1:
        notes: "{{ found.apps.notes }}"
  run_once: true
"""

RETURN = r""" # """

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the modules that know an app by its slots. ``module_utils/_slot_options.py`` has them
as the modules take them."""

from __future__ import annotations


class ModuleDocFragment:
    """The options that say which app is meant, and ``health`` and ``migrations``."""

    DOCUMENTATION = r"""
options:
  name:
    description: The app's name, for messages.
    type: str
    required: true
  root:
    description: The app's folder, with C(releases), C(slots), C(current) and C(live.sock).
    type: path
    required: true
  etc:
    description: The folder of the app's settings, which each slot gets a copy of.
    type: path
    required: true
  run:
    description: The folder with the slots' sockets.
    type: path
    required: true
  user:
    description: The app's user. The settings in the slots belong to the group of that name.
    type: str
    required: true
  manager:
    description: What runs the slots and their background processes, where the host does not tell.
    type: str
    choices: [systemd, supervisor]
    default: systemd
  unit:
    description:
      - The systemd template unit of the slots, such as V(flask-notes@.service). The supervisor
        program of a slot is called like the slot's unit, without the ending.
    type: str
    required: true
  processes:
    description:
      - The systemd template units of the background processes, such as
        V(flask-notes.worker@.service). The name begins as that of O(unit) does, with a dot. The
        supervisor programs are called as O(unit) says.
    type: list
    elements: str
    default: []
"""

    HEALTH = r"""
options:
  host:
    description: The C(Host) header of the health check.
    type: str
    required: true
  health:
    description: What a healthy app answers.
    type: dict
    default: {}
    suboptions:
      path:
        description:
          - The address to ask for. An answer in JSON that has C(release) must name the release that
            is asked; the app finds its ID in C(APP_RELEASE).
        type: str
        default: /
      statuses:
        description: The statuses that are good, as V(200) or V(200-399).
        type: list
        elements: str
        default: ["200-399"]
      timeout:
        description: Seconds that a release may take to boot and to give a good answer.
        type: int
        default: 60
"""

    MIGRATIONS = r"""
options:
  migrations:
    description: How the app's migrations are found. Without it, nobody looks at revisions.
    type: dict
    suboptions:
      flask_app:
        description: The app, as C(FLASK_APP) takes it.
        type: str
        required: true
      folder:
        description: The folder with the migrations, where it is not found by itself.
        type: str
        default: ""
      subdir:
        description: The app's folder in the repository.
        type: str
        default: ""
"""

#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moves the traffic of an app to a release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: reload
short_description: Move the traffic of an app to a release, without losing a request
version_added: 0.1.0
author: The pyhost.flask developers (@pyhost)
description:
  - An app has two slots, blue and green, and the link C(live.sock) names the one with the traffic.
    The module starts the idle slot with the release and the present settings, waits for a good
    answer through the slot's own socket, renames the link, waits until the old slot has nothing
    left to accept, and stops it.
  - New settings, a new environment and a new unit are the same move with the same release. Nothing
    is ever restarted in place. Where the live slot runs what is wanted, nothing is done.
  - The app's background processes belong to its slots. Those of the new slot start once it has the
    traffic, and must stay up for two seconds; else the traffic goes back to the old slot, whose
    processes still run. They are stopped together with their slot.
  - A release that does not come up gets no traffic; its slot is stopped and emptied, the old one
    serves on untouched, and the module fails with the reason and the traceback from the slot's log.
    Settings and units that were changed for it are put back to those that the old one runs with.
  - The slots run under systemd or under supervisor. Another O(manager) is the same move, too; the
    new slot starts under the one, and the old slot stops under the other.
  - Interrupted at any point, the next run finishes the work. A reboot comes back to the slot that
    had the traffic.
extends_documentation_fragment:
  - pyhost.flask.slots
  - pyhost.flask.slots.health
options:
  release:
    description:
      - The ID of the release, which is a folder in C(releases).
      - Empty is the release that is live, started anew where its settings have changed.
    type: str
    default: ""
  graceful_timeout:
    description: Seconds that the old slot gets to accept what waits for it.
    type: int
    default: 30
  pending:
    description:
      - Files that earlier tasks of the same run would change, for check mode, in which they are
        not on the host yet. Files that no slot of the app is started with are ignored.
    type: list
    elements: path
    default: []
  _holder:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
attributes:
  check_mode:
    description: Tells which move would happen, and why, also where nothing is on the host yet.
    support: full
  diff_mode:
    description: Shows the slots and releases before and after. Of settings it names the files only.
    support: full
"""

EXAMPLES = r"""
- name: Move the traffic to a release
  pyhost.flask.reload:
    name: notes
    release: 0a1b2c3d4e5f-6a7b8c9d
    user: notes
    root: /srv/notes
    etc: /etc/notes
    run: /run/notes
    unit: flask-notes@.service
    processes: [flask-notes.worker@.service]
    host: notes.example.org
    health:
      path: /health
      statuses: ["200"]
"""

RETURN = r"""
slot:
  description: The slot with the traffic.
  returned: success
  type: str
  sample: green
release:
  description: The release with the traffic.
  returned: success
  type: str
  sample: 0a1b2c3d4e5f-6a7b8c9d
previous:
  description: The slot and the release that had the traffic before; empty at the first time.
  returned: success
  type: dict
  sample: {slot: blue, release: 9f8e7d6c5b4a-6a7b8c9d}
reasons:
  description: Why the traffic was moved; empty where it was not.
  returned: success
  type: list
  elements: str
  sample: ["release 9f8e7d6c5b4a-6a7b8c9d -> 0a1b2c3d4e5f-6a7b8c9d"]
steps:
  description: What was done, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [start green, switch green, work green, settle green, retire blue]
pids:
  description: The processes of the slot with the traffic, the main one first.
  returned: success, outside of check mode
  type: list
  elements: int
  sample: [4711, 4712, 4713]
started:
  description: When the slot was started, in UTC.
  returned: when the traffic was moved
  type: str
  sample: "2026-01-31T12:00:00Z"
seconds:
  description: How long each kind of step took.
  returned: when there was something to do
  type: dict
  sample: {start: 0.912, switch: 0.004, work: 2.104, settle: 0.001, retire: 0.203}
drained:
  description: Connections that were seen waiting in the old slot's backlog and were answered by it.
  returned: when there were any
  type: int
  sample: 12
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import lock
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import HOLDER
from ansible_collections.pyhost.flask.plugins.module_utils._reload import run
from ansible_collections.pyhost.flask.plugins.module_utils._reload.arguments import (
    HEALTH_OPTIONS,
    SLOT_OPTIONS,
)

OPTIONS: dict[str, Any] = {
    **SLOT_OPTIONS,
    **HEALTH_OPTIONS,
    "release": {"type": "str", "default": ""},
    "graceful_timeout": {"type": "int", "default": 30},
    "pending": {"type": "list", "elements": "path", "default": []},
    "_holder": HOLDER,
}


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    with lock.begin(module, "switch") as step:
        try:
            result = run.run(module, step)
        except (UserError, OSError) as error:
            left = step.schema_left()
            reason = step.fail(str(error))
            module.fail_json(msg=f"{module.params['name']}: {reason}{left}")
        step.succeed()
    module.exit_json(**result)


if __name__ == "__main__":
    main()

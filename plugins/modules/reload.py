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
  - The slots run under systemd or under supervisor. Another manager is the same move, too; the
    new slot starts under the one, and the old slot stops under the other.
  - Interrupted at any point, the next run finishes the work. A reboot comes back to the slot that
    had the traffic.
options:
  apps:
    description:
      - The apps, each as its C(service) in what P(pyhost.flask.resolve#filter) returns; its RETURN
        says what is in there.
    type: list
    elements: dict
    required: true
  releases:
    description:
      - The IDs of the releases, by the apps' names. A release is a folder in C(releases).
      - An app that is not among them keeps the release that is live, which is started again if its
        settings have changed.
    type: dict
    default: {}
  pending:
    description:
      - Files that earlier tasks of the same run would change, for check mode, in which they are
        not on the host yet. Files that no slot of an app is started with are ignored.
    type: list
    elements: path
    default: []
  _play:
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
- name: Move the traffic of all apps to their releases
  pyhost.flask.reload:
    apps: "{{ apps | map(attribute='service') }}"
    releases:
      notes: 0a1b2c3d4e5f-6a7b8c9d
  vars:
    apps: "{{ flask_apps | pyhost.flask.resolve(flask_defaults) }}"
"""

RETURN = r"""
apps:
  description: The result of each app, by its name.
  returned: success
  type: dict
  contains:
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
      description: Why the traffic was moved; empty if it was not.
      returned: success
      type: list
      elements: str
      sample: ["release 9f8e7d6c5b4a-6a7b8c9d -> 0a1b2c3d4e5f-6a7b8c9d"]
    steps:
      description: What was done, or would be in check mode.
      returned: success
      type: list
      elements: str
      sample: [start green, switch green, start_workers green, finalize green, stop_old blue]
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
      sample: {start: 0.912, switch: 0.004, start_workers: 2.104, finalize: 0.001, stop_old: 0.203}
    drained:
      description: Connections that waited in the old slot's backlog and were answered by it.
      returned: when there were any
      type: int
      sample: 12
"""

from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import app, apps
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Service
from ansible_collections.pyhost.flask.plugins.module_utils._core.apps import Worker
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import PLAY, PLAY_OPTION
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy, Locked
from ansible_collections.pyhost.flask.plugins.module_utils._reload import run

OPTIONS: dict[str, Any] = {
    "apps": {"type": "list", "elements": "dict", "required": True},
    "releases": {"type": "dict", "default": {}},
    "pending": {"type": "list", "elements": "path", "default": []},
    PLAY: PLAY_OPTION,
}


def move(
    params: dict[str, Any], services: dict[str, Service], worker: Worker, name: str
) -> dict[str, Any]:
    """Move one app's traffic; its result."""
    service = services[name]
    try:
        step = Deploy(worker, name, service["root"], "switch", params[PLAY])
    except Locked as locked:
        return locked.result
    with step:
        try:
            release = params["releases"].get(name) or ""
            result = run.run(worker, service, release, step, params["pending"])
        except (UserError, OSError) as error:
            left = step.schema_left()
            return {"failed": True, "msg": f"{name}: {step.fail(str(error))}{left}"}
        step.succeed()
    return result


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = dict(module.params)
    try:
        services = {each["name"]: each for each in app.read_all(Service, params["apps"])}
    except UserError as error:
        module.fail_json(msg=str(error))
    module.params["apps"] = list(services)
    module.exit_json(**apps.run(module, services, partial(move, params, services)))


if __name__ == "__main__":
    main()

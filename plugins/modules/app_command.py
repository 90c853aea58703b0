#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: app_command
author: The pyhost.flask developers (@pyhost)
short_description: Run a command of an app as a step of its deploy
version_added: 0.1.0
description:
  - Runs a command in a release's folder, as the app's user, in its environment and with its venv
    first on C(PATH), by the program C(flask-app) that the role C(app) writes.
  - It is a step of the deploy that the play is at. Where it fails, so does the deploy.
attributes:
  check_mode:
    description: Runs nothing.
    support: full
  diff_mode:
    description: What a command changes is not known.
    support: none
options:
  name:
    type: str
    required: true
    description: The app's name.
  root:
    type: path
    required: true
    description: The app's folder.
  release:
    type: str
    required: true
    description: The ID of the release.
  command:
    type: str
    required: true
    description: The command, with quotes as in a shell; it is not run by one.
  once:
    type: bool
    default: false
    description: Whether to run it only if it has never succeeded for this app before.
  _play:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
"""

EXAMPLES = r"""
- name: Make the app's tables
  pyhost.flask.app_command:
    name: notes
    root: /srv/notes
    release: 0a1b2c3d4e5f-67890abc
    command: flask init-db
    once: true
"""

RETURN = r"""
stdout:
  description: What the command printed, without the app's secrets.
  returned: when it ran
  type: str
stderr:
  description: The same for its errors.
  returned: when it ran
  type: str
"""

import shlex
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import PLAY, PLAY_OPTION
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy, Locked

DONE = "done before"  # what flask-app --once says


def argv(name: str, release: str, command: str, once: bool) -> list[str]:
    """The words that run a command. ``ValueError`` where a quote is not closed."""
    words = shlex.split(command)
    return ["flask-app", name, "--release", release, *(["--once"] if once else []), *words]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "required": True},
            "release": {"type": "str", "required": True},
            "command": {"type": "str", "required": True},
            "once": {"type": "bool", "default": False},
            PLAY: PLAY_OPTION,
        },
        supports_check_mode=True,
    )
    name, command = module.params["name"], module.params["command"]
    if module.check_mode:
        module.exit_json(changed=True)
    try:
        words = argv(name, module.params["release"], command, module.params["once"])
    except ValueError as error:
        module.fail_json(msg=f"{name}: {command}: is not a valid command: {error}")
    try:
        step = Deploy(module, name, module.params["root"], command, module.params[PLAY])
    except Locked as locked:
        module.fail_json(**locked.result)
    with step:
        status, out, err = module.run_command(words)
        etc = Path("/etc") / name
        said = {"stdout": redact.redact_for(etc, out), "stderr": redact.redact_for(etc, err)}
        if status:
            why = (said["stderr"].strip() or said["stdout"].strip()) or "it said nothing"
            text = f"{name}: {command} failed (exit status {status}):\n{why}"
            step.fail(text)
            module.fail_json(msg=f"{text}\nThe release got no traffic.", rc=status, **said)
    module.exit_json(changed=out.strip() != DONE, **said)


if __name__ == "__main__":
    main()

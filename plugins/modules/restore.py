#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: restore
author: The pyhost.flask developers (@pyhost)
short_description: Put a backup in the place of an app's database and files, or beside them
version_added: 0.1.0
description:
  - Unpacks a backup beside the app while that still serves, and compares it with what was written
    down when it was made. Then the app stops, its present state is backed up, and what was
    unpacked takes its place by renames. A run that was killed is finished by the next one.
  - What starts the app again is M(pyhost.flask.reload). See the playbook C(restore).
attributes:
  check_mode:
    description: The backup is found, and whether the live release knows it; nothing is unpacked.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  service:
    description: The app, as its C(service) in what P(pyhost.flask.resolve#filter) returns.
    type: dict
    required: true
  migration:
    description:
      - The same, its C(migration). If no deploy migrates the app, nobody looks at revisions.
    type: dict
    required: true
  backup:
    description:
      - The ID of a backup. V(newest) is the newest one but for those that were made before a
        restore.
    type: str
    default: newest
  beside:
    description:
      - Whether it goes into a database C(NAME_restored_) and the folder C(/srv/NAME/restored), and
        the app is not touched.
    type: bool
    default: false
  force:
    description:
      - Whether to restore where the live release does not know the database's revision, and where
        the present state cannot be backed up.
    type: bool
    default: false
  page:
    description: The page, in HTML, that visitors see meanwhile.
    type: str
    default: ""
  _play:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
"""

EXAMPLES = r"""
- name: Have a look at the newest backup
  pyhost.flask.restore:
    service: "{{ app.service }}"
    migration: "{{ app.migration }}"
    beside: true
"""

RETURN = r"""
backup:
  description: The ID of the backup.
  returned: when it was found
  type: str
  sample: 20261121T033000Z
database:
  description: Where the database is now; empty where the app has none.
  returned: success, outside of check mode
  type: str
folder:
  description: Where the files are now.
  returned: success, outside of check mode
  type: str
known:
  description: Whether the live release knows the backup's revision.
  returned: when it was found
  type: bool
release:
  description: The folder of the live release; empty where there is none.
  returned: always
  type: str
safety:
  description: The ID of the backup of the state before; empty where that was lost.
  returned: success, into place
  type: str
shown:
  description: Whether the page is shown that visitors are to see meanwhile.
  returned: always
  type: bool
seconds:
  description: How long it took.
  returned: always
  type: float
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._backup.restore_run import Run, Wanted
from ansible_collections.pyhost.flask.plugins.module_utils._core import app
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Migration, Service
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import PLAY, PLAY_OPTION
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy, Locked

PROBLEMS = (UserError, OSError, ValueError, KeyError)
OPTIONS: dict[str, Any] = {
    "service": {"type": "dict", "required": True},
    "migration": {"type": "dict", "required": True},
    "backup": {"type": "str", "default": "newest"},
    "beside": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "page": {"type": "str", "default": ""},
    PLAY: PLAY_OPTION,
}


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    started, failure = time.monotonic(), ""
    wanted = Wanted(params["backup"], params["beside"], params["force"], params["page"])
    try:
        service = app.read(Service, params["service"], "service")
        migration = app.read(Migration, params["migration"], "migration")
        step = Deploy(module, service["name"], service["root"], "restore", params[PLAY])
    except Locked as locked:
        module.fail_json(**locked.result)
    except UserError as error:
        module.fail_json(msg=str(error))
    with step:
        run = Run(module, service, migration, wanted, step)
        try:
            run.run()
        except PROBLEMS as error:
            failure = str(error)
            step.fail(failure)
    seconds = round(time.monotonic() - started, 2)
    run.result.update(shown=run.doors.shown, seconds=seconds)
    if failure:
        module.fail_json(msg=failure, **run.result)
    module.exit_json(**run.result)


if __name__ == "__main__":
    main()

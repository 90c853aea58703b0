#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: backup
author: The pyhost.flask developers (@pyhost)
short_description: Back up an app now
version_added: 0.1.0
description:
  - Makes a backup of an app's database and shared folder, as its timer does, with the settings that
    the role C(backup) has written on the host, and runs the user's command for it.
  - A backup is a folder that is renamed into its place when it is whole. Those that are too many
    are removed then, and never the newest one.
attributes:
  check_mode:
    description: No backup is made.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  name:
    description: The app's name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Back up before something dangerous
  pyhost.flask.backup:
    name: notes
"""

RETURN = r"""
path:
  description: The backup's folder on the host; empty where the app has nothing to back up.
  returned: success, outside of check mode
  type: str
  sample: /var/backups/notes/20261121T033000Z
size:
  description: The bytes of its files.
  returned: success, outside of check mode
  type: int
  sample: 18234
seconds:
  description: How long it took, without the user's command.
  returned: success, outside of check mode
  type: float
  sample: 0.42
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._backup import program, store
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError


def main() -> None:
    module = AnsibleModule(
        argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True
    )
    try:
        app = store.settings(module.params["name"])
        if module.check_mode:
            module.exit_json(changed=True)
        backup = program.back_up(app)
    except UserError as error:
        module.fail_json(msg=str(error))
    result = {"changed": False, "path": "", "size": 0, "seconds": 0.0}
    if backup:
        path = f"{app.folder}/{backup.id}"
        result = {"changed": True, "path": path, "size": backup.size, "seconds": backup.seconds}
    module.exit_json(**result)


if __name__ == "__main__":
    main()

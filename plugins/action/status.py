# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows on the controller what app_info has found on the hosts."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.pyhost.flask.plugins.plugin_utils._app import status_text

Options = dict[str, Any]


class ActionModule(ActionBase):
    """Prints plain text, which ``debug`` would show with its quotes and escapes."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Options | None = None) -> Options:
        """Print the hosts' apps, and write them to the file, where there is one."""
        super().run(tmp, task_vars)
        spec = {"hosts": {"type": "dict", "required": True}, "file": {"type": "str"}}
        _result, args = self.validate_argument_spec(spec)
        Display().display("\n" + status_text.text(args["hosts"], time.time()) + "\n")
        if args["file"]:
            self._write(args["file"], args["hosts"])
        return {"changed": False}

    @staticmethod
    def _write(path: str, hosts: Options) -> None:
        try:
            with open(os.path.expanduser(path), "w", encoding="utf-8") as file:
                json.dump(hosts, file, indent=2, sort_keys=True)
                file.write("\n")
        except OSError as error:
            raise AnsibleActionFail(f"status_json: cannot write {path}: {error}") from None

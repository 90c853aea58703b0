# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of release: it sends what only the controller has of an app's source."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.pyhost.flask.plugins.plugin_utils._deploying import Deploying, Options
from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import Content, content, key


class ActionModule(Deploying):
    """Runs the module as a step of the play's deploy; again with the source, where it asks for it.

    Most runs build nothing, and then nothing is sent.
    """

    name = "release"

    def _step(self, holder: Options | None, task_vars: Options) -> Options:
        self._source = self._task.args.get("source") or {}
        try:
            found = content(self._source)
            self._source = {**self._source, "key": key(self._source.get("key") or "")}
        except (AnsibleActionFail, OSError) as error:
            name = self._task.args.get("name")
            return {"failed": True, "msg": f"{name}: {error}\nWhat runs was not touched."}
        self._sent = described(found) if found else None
        result = super()._step(holder, task_vars)
        if not found or not result.pop("send", False):
            return result
        try:
            self._sent = {**described(found), **self._bring(found)}
            return super()._step(holder, task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _arguments(self) -> Options:
        sent = {"_sent": self._sent} if self._sent else {}
        return {**super()._arguments(), "source": self._source, **sent}

    def _bring(self, found: Content) -> Options:
        """Where on the host the content is, or why it is not there: the module, which has begun the
        deploy, also ends it."""
        with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as folder:
            try:
                return {"path": self._send(found.pack(Path(folder)))}
            except (AnsibleError, OSError) as error:
                return {"problem": str(error)}

    def _send(self, file: Path) -> str:
        """Copy a file to the host's temporary folder; return where it is."""
        self._make_tmp_path()
        folder = self._connection._shell.tmpdir
        there: str = self._connection._shell.join_path(folder, file.name)
        self._transfer_file(str(file), there)
        self._fixup_perms2((folder, there))
        return there


def described(found: Content) -> dict[str, Any]:
    """The fields of ``_release_archive.Sent``."""
    return {"checksum": found.checksum, "version": found.version}

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of release: it sends what only the controller has of an app's source."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.pyhost.flask.plugins.module_utils._apps_source import on_host
from ansible_collections.pyhost.flask.plugins.plugin_utils._deploying import Deploying, Options
from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import Content, content, key
from ansible_collections.pyhost.flask.plugins.plugin_utils._wheels import Wheels


class ActionModule(Deploying):
    """Runs the module as a step of the play's deploy; again with the source, where it asks for it.

    Most runs build nothing, and then nothing is sent.
    """

    name = "release"

    def _step(self, holder: Options | None, task_vars: Options) -> Options:
        source = self._task.args.get("source") or {}
        wheelhouse = self._task.args.get("wheelhouse") or ""
        try:
            found = content(source)
            wheels = Wheels(wheelhouse) if wheelhouse and not on_host(wheelhouse) else None
            self._own: Options = {"source": {**source, "key": key(source.get("key") or "")}}
        except (AnsibleActionFail, OSError) as error:
            name = self._task.args.get("name")
            return {"failed": True, "msg": f"{name}: {error}\nWhat runs was not touched."}
        self._own.update({"_sent": described(found)} if found else {})
        self._own.update({"_wheels": {"files": wheels.files}} if wheels else {})
        result = super()._step(holder, task_vars)
        if not result.pop("send", False):
            return result
        lacking = result.pop("wheels")
        try:
            if found:
                self._own["_sent"].update(self._bring(found.pack))
            if wheels and lacking:
                self._own["_wheels"].update(self._bring(partial(wheels.pack, lacking)))
            return super()._step(holder, task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _arguments(self) -> Options:
        return {**super()._arguments(), **self._own}

    def _bring(self, pack: Callable[[Path], Path]) -> Options:
        """Where on the host the content is, or why it is not there: the module, which has begun the
        deploy, also ends it."""
        with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as folder:
            try:
                return {"path": self._send(pack(Path(folder)))}
            except (AnsibleError, OSError) as error:
                return {"problem": str(error)}

    def _send(self, file: Path) -> str:
        """Copy a file to the host's temporary folder; return where it is."""
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        folder = self._connection._shell.tmpdir
        there: str = self._connection._shell.join_path(folder, file.name)
        self._transfer_file(str(file), there)
        self._fixup_perms2((folder, there))
        return there


def described(found: Content) -> dict[str, Any]:
    """The fields of ``_release_archive.Sent``."""
    return {"checksum": found.checksum, "version": found.version}

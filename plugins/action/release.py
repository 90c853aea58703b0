# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of release: it sends what only the controller has of an app's source."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import (
    wheelhouse as wheelhouses,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._deploy_step import (
    DeployStep,
    Options,
    play,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import (
    Content,
    Packaged,
    content,
    key,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._wheels import Wheels

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.plugins.plugin_utils._clone import Clone

Pack = Callable[[Path], Path]  # makes what is to be sent, in a folder


class ActionModule(DeployStep):
    """Runs the module as a step of the play's deploy; again with the source, where it asks for it.

    Most runs build nothing, and then nothing is sent.
    """

    name = "release"

    def _step(self, holder: Options | None, task_vars: Options) -> Options:
        try:
            self._own = self._known()
        except (AnsibleActionFail, UserError, OSError) as error:
            name = self._task.args.get("name")
            return {"failed": True, "msg": f"{name}: {error}\nWhat runs was not touched."}
        result = super()._step(holder, task_vars)
        try:
            while result.pop("send", False):  # it asks for one thing after the other
                wanted = self._wanted(result.pop("wheels"), result.pop("tips"))
                for option, pack in wanted.items():
                    self._own[option].update(self._bring(pack))
                result = super()._step(holder, task_vars)
            return result
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _known(self) -> Options:
        """The module's arguments that say what the controller has."""
        source = self._task.args.get("source") or {}
        wheelhouse = self._task.args.get("wheelhouse") or ""
        source = {**source, "key": key(source.get("key") or "")}
        self._clone = cloned(source)
        self._content = content(source)
        self._wheels = (
            Wheels(wheelhouse) if wheelhouse and not wheelhouses.on_host(wheelhouse) else None
        )
        known: Options = {"source": source}
        if self._clone:
            # What the controller asks with is none of the host's business.
            bare = {"git": self._clone.address, "key": "", "known_hosts": []}
            known = {"source": {**source, **bare}, "_found": self._clone.resolve()}
        if self._content:
            known["_sent"] = described(self._content)
        if self._wheels:
            known["_wheels"] = {"files": self._wheels.files}
        return known

    def _wanted(self, wheels: Sequence[str], tips: Options | None) -> dict[str, Pack]:
        """What packs that which the module has asked for, by the argument that it is a part of."""
        wanted: dict[str, Pack] = {}
        if self._content:
            wanted["_sent"] = self._content.pack
        if self._wheels and wheels:
            wanted["_wheels"] = partial(self._wheels.pack, wheels)
        if self._clone and tips is not None:
            wanted["_found"] = partial(self._clone.pack, self._own["_found"]["revision"], tips)
        return wanted

    def _arguments(self) -> Options:
        return {**super()._arguments(), **self._own}

    def _bring(self, pack: Pack) -> Options:
        """Where on the host the content is, or why it is not there: the module, which has begun the
        deploy, also ends it."""
        with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as folder:
            try:
                return {"path": self._send(pack(Path(folder)))}
            except (AnsibleError, UserError, OSError) as error:
                return {"problem": str(error)}

    def _send(self, packed: Path) -> str:
        """Copy a file, or those in a folder, to the host's temporary folder; return where it is."""
        if not self._connection._shell.tmpdir:
            self._make_tmp_path()
        folder: str = self._connection._shell.tmpdir
        files = sorted(packed.iterdir()) if packed.is_dir() else [packed]
        there = [self._connection._shell.join_path(folder, file.name) for file in files]
        for file, path in zip(files, there, strict=True):
            self._transfer_file(str(file), path)
        self._fixup_perms2((folder, *there))
        return folder if packed.is_dir() else str(there[0])


def cloned(source: Options) -> Clone | None:
    """The repository of a source that the controller reads for its hosts."""
    if not (source.get("git") and source.get("from") == "controller"):
        return None
    # Imported here, for each worker would load it anew, and most sources need none of it.
    from ansible_collections.pyhost.flask.plugins.plugin_utils._clone import Clone

    return Clone(source, play(os.getppid()))


def described(found: Content) -> dict[str, Any]:
    """The fields of ``_release_archive.Sent``."""
    facts = {"facts": asdict(found.facts)} if isinstance(found, Packaged) else {}
    return {"checksum": found.checksum, "version": found.version, **facts}

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
    DeployStepOfApps,
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


class ActionModule(DeployStepOfApps):
    """Runs the module as a step of the play's deploy; again with the source, if it asks for it.

    Most runs build nothing, and then nothing is sent.
    """

    def _act(self, task_vars: Options) -> Options:
        self._have: dict[str, Have] = {}
        self._names()
        for app in self._task.args["apps"]:
            try:
                self._have[app["name"]] = Have(app)
            except (AnsibleActionFail, UserError, OSError) as error:
                text = f"{app['name']}: {error}\nWhat runs was not touched."
                return {"failed": True, "msg": text}
        try:
            return super()._act(task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _arguments(self) -> Options:
        arguments = super()._arguments()
        apps = [{**app, "source": self._have[app["name"]].source} for app in arguments["apps"]]
        known = {name: self._have[name].known for name in self._left}
        return {**arguments, "apps": apps, "_known": known}

    def _supply(self, name: str, result: Options) -> bool:
        """Send what the module has asked for; it asks for one thing after the other."""
        wanted = result.pop("send", None)
        if wanted is None:
            return False
        have = self._have[name]
        for part, pack in have.wanted(wanted["wheels"], wanted["tips"]).items():
            have.known[part].update(self._bring(name, pack))
        return True

    def _bring(self, app: str, pack: Pack) -> Options:
        """Where on the host the content is, or why it is not there: the module, which has begun the
        deploy, also ends it."""
        with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as folder:
            try:
                return {"path": self._send(app, pack(Path(folder)))}
            except (AnsibleError, UserError, OSError) as error:
                return {"problem": str(error)}

    def _send(self, app: str, packed: Path) -> str:
        """Copy a file, or those in a folder, to a folder of the app's own in the host's temporary
        one; return where it is."""
        shell = self._connection._shell
        if not shell.tmpdir:
            self._make_tmp_path()
        folder: str = shell.join_path(shell.tmpdir, app)
        self._low_level_execute_command(f"mkdir -p {shell.quote(folder)}", sudoable=False)
        files = sorted(packed.iterdir()) if packed.is_dir() else [packed]
        there = [str(shell.join_path(folder, file.name)) for file in files]
        for file, path in zip(files, there, strict=True):
            self._transfer_file(str(file), path)
        self._fixup_perms2((shell.tmpdir, folder, *there))
        return folder if packed.is_dir() else there[0]


class Have:
    """What the controller has of an app's source: ``known`` tells the module of it."""

    def __init__(self, app: Options) -> None:
        source, wheelhouse = app["source"], app["python"]["wheelhouse"]
        self.source = {**source, "key": key(source["key"] or "")}
        self.known: dict[str, Options] = {}
        self._clone = cloned(self.source)
        self._content = content(self.source)
        self._wheels: Wheels | None = None
        if self._clone:
            # What the controller asks with is none of the host's business.
            self.source.update(git=self._clone.address, key="", known_hosts=[])
            self.known["found"] = dict(self._clone.resolve())
        if self._content:
            self.known["sent"] = described(self._content)
        if wheelhouse and not wheelhouses.on_host(wheelhouse):
            self._wheels = Wheels(wheelhouse)
            self.known["wheels"] = {"files": self._wheels.files}

    def wanted(self, wheels: Sequence[str], tips: Options | None) -> dict[str, Pack]:
        """What packs that which the module has asked for, by the part of ``known`` it is."""
        wanted: dict[str, Pack] = {}
        if self._content:
            wanted["sent"] = self._content.pack
        if self._wheels and wheels:
            wanted["wheels"] = partial(self._wheels.pack, wheels)
        if self._clone and tips is not None:
            wanted["found"] = partial(self._clone.pack, self.known["found"]["revision"], tips)
        return wanted


def cloned(source: Options) -> Clone | None:
    """The repository of a source that the controller reads for its hosts."""
    if not (source.get("git") and source.get("from") == "controller"):
        return None
    # Imported here, for each worker would load it again, and most sources need none of it.
    from ansible_collections.pyhost.flask.plugins.plugin_utils._clone import Clone

    return Clone(source, play(os.getppid()))


def described(found: Content) -> dict[str, Any]:
    """The fields of ``_release.sources.archive.Sent``."""
    facts = {"facts": asdict(found.facts)} if isinstance(found, Packaged) else {}
    return {"checksum": found.checksum, "version": found.version, **facts}

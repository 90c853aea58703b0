# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds all mistakes of all apps on the controller, and returns the finished apps.

Ansible loads an action plugin before it forks the workers that run the tasks. As this one comes
first in each playbook, what it imports is loaded once, and not by each worker again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.pyhost.flask.plugins.filter.resolve import SPEC
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import package_facts
from ansible_collections.pyhost.flask.plugins.plugin_utils import _fleet, _sources
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import (
    options,
    resolve,
    rules_https,
    rules_source,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.fleet import ALONE, Fleet
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.options import Mistakes

THERE = {"folder": os.path.isdir, "file": os.path.isfile, "file or folder": os.path.exists}

Options = dict[str, Any]


class ActionModule(ActionBase):
    """The whole of check_apps."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Options | None = None) -> Options:
        """Return the finished apps, or fail with all that is wrong with them."""
        super().run(tmp, task_vars)
        args = self._task.args
        try:
            wrong = _fleet.mistakes(task_vars or {})
            if wrong:
                raise Mistakes(wrong)
            fleet = _fleet.fleet(task_vars or {})
            version = chosen(args.get("app") or "", args.get("version") or "")
            apps = check(args.get("apps"), args.get("defaults"), version, fleet)
        except Mistakes as error:
            raise AnsibleActionFail(str(error)) from None
        # The apps hold secrets: they are registered, and no callback shows them.
        return {"changed": False, "apps": apps, "_ansible_no_log": True}


def chosen(app: str, version: str) -> str:
    """The version with the app that it is of, where the play is for one app."""
    return f"{app}:{version}" if app and version and ":" not in version else version


def check(apps: Any, defaults: Any, version: str = "", fleet: Fleet = ALONE) -> list[resolve.App]:
    """The finished apps; ``Mistakes`` also where a file that they name is not on the controller."""
    finished = resolve.resolve(apps, defaults, SPEC, version, fleet)
    missing = [text for app in finished for text in _missing(app)]
    missing = missing or [text for app in finished for text in _foreign(app)]
    if missing:
        raise Mistakes(missing)
    return finished


def _foreign(app: Options) -> Iterator[str]:
    """The package with an app's release that is none of the app."""
    try:
        found = _sources.packaged(app["source"])
    except AnsibleActionFail as error:
        yield f"flask_apps[{app['name']}].{error}"
        return
    problem = package_facts.foreign(found.facts, app["name"]) if found else ""
    if problem:
        yield f"flask_apps[{app['name']}].source: {problem}"


def _missing(app: Options) -> Iterator[str]:
    """What an app names and the controller does not have."""
    for option, file in rules_https.files_on_controller(app):
        if not (os.path.isfile(file) and os.access(file, os.R_OK)):
            yield (
                f"{option} = {options.shown(file)}: cannot be read on the controller; to take a"
                " file that is on the host, set certificate.source to host"
            )
    for option, path, kind in rules_source.on_controller(app):
        if not THERE[kind](os.path.expanduser(path)):
            where = f"flask_apps[{app['name']}].{option} = {options.shown(path)}"
            yield f"{where}: there is no such {kind} on the controller"

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds all mistakes of all options on the controller, and returns the resolved apps.

Ansible loads an action plugin before it forks the workers that run the tasks. As this one comes
first in each playbook, what it imports is loaded once, and not by each worker again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.pyhost.flask.plugins.filter.resolve import SPEC
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import package_facts
from ansible_collections.pyhost.flask.plugins.plugin_utils import _fleet, _role_specs, _sources
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import (
    command_line,
    options,
    resolve,
    role_options,
    rules_https,
    rules_source,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.app import App
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.command_line import CommandLine
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.fleet import ALONE, Fleet
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.options import Mistakes

THERE = {"folder": os.path.isdir, "file": os.path.isfile, "file or folder": os.path.exists}

# Read when the file is loaded, which is once, before Ansible forks its workers.
ROLE_SPEC = _role_specs.read_all()

Variables = dict[str, Any]


class ActionModule(ActionBase):
    """The whole of check_apps."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> Variables:
        """Return the resolved apps and the options of the command line, or fail with all that is
        wrong with them."""
        super().run(tmp, task_vars)
        variables, mistakes = task_vars or {}, _fleet.mistakes(task_vars or {})
        line = self._command_line(mistakes)
        role_options.check(self._role_options(variables), ROLE_SPEC, mistakes)
        try:
            apps = self._apps(line, variables, mistakes)
            names = [app["name"] for app in apps]
            everywhere = names if line["app"] in names else self._names(variables, names)
            wanted = bool(self._task.args.get("one"))
            chosen = command_line.select(line["app"], names, everywhere, wanted)
        except (Mistakes, UserError) as error:
            raise AnsibleActionFail(str(error)) from None
        return {
            "changed": False,
            "apps": apps,
            "selected": [app for app in apps if app["name"] in chosen],
            "options": line,
            "warnings": role_options.mistyped(variables, ROLE_SPEC),
            # The apps hold secrets: they are registered, and no callback shows them.
            "_ansible_no_log": True,
        }

    def _command_line(self, mistakes: list[str]) -> CommandLine:
        """The playbooks' options. An inventory's variables of the same names do not count."""
        given = load_extra_vars(self._loader)
        own = {
            name: self._templar.template(given[name]) for name in given if name in command_line.SPEC
        }
        return command_line.read({**given, **own}, ROLE_SPEC, mistakes)

    def _apps(self, line: CommandLine, variables: Variables, mistakes: list[str]) -> list[App]:
        args = self._task.args
        version = chosen(line["app"], line["version"])
        try:
            apps = check(args.get("apps"), args.get("defaults"), version, _fleet.fleet(variables))
        except Mistakes as error:
            raise Mistakes([*mistakes, *error.lines]) from None
        if mistakes:
            raise Mistakes(mistakes)
        return apps

    def _role_options(self, variables: Variables) -> Variables:
        """The roles' options that somebody has set. One that only a later task can know is left
        for the role."""
        found = {}
        for name in ROLE_SPEC:
            if name in variables:
                with contextlib.suppress(AnsibleError):
                    found[name] = self._templar.template(variables[name])
        return found

    def _names(self, variables: Variables, own: list[str]) -> list[str]:
        """The names of the apps of all hosts of the play."""
        hosts = variables.get("ansible_play_hosts_all") or []
        others = [name for host in hosts for name in _fleet.names(variables, host)]
        return list(dict.fromkeys([*own, *others]))


def chosen(app: str, version: str) -> str:
    """The version with the app that it is of, if the play is for one app."""
    return f"{app}:{version}" if app and version and ":" not in version else version


def check(apps: Any, defaults: Any, version: str = "", fleet: Fleet = ALONE) -> list[App]:
    """The resolved apps; ``Mistakes`` also where a file that they name is not on the controller."""
    resolved = resolve.resolve(apps, defaults, SPEC, version, fleet)
    missing = [text for app in resolved for text in _missing(app)]
    missing = missing or [text for app in resolved for text in _foreign(app)]
    if missing:
        raise Mistakes(missing)
    return resolved


def _foreign(app: App) -> Iterator[str]:
    """The package with an app's release that is none of the app."""
    try:
        found = _sources.packaged(app["source"])
    except AnsibleActionFail as error:
        yield f"flask_apps[{app['name']}].{error}"
        return
    problem = package_facts.foreign(found.facts, app["name"]) if found else ""
    if problem:
        yield f"flask_apps[{app['name']}].source: {problem}"


def _missing(app: App) -> Iterator[str]:
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

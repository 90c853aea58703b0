# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders a set of files on the controller and sends all of it in one execution of the module."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.template import generate_ansible_template_vars
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.pyhost.flask.plugins.module_utils._config_set.arguments import SPEC
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.journal import FOLDER
from ansible_collections.pyhost.flask.plugins.module_utils._core import payload
from ansible_collections.pyhost.flask.plugins.module_utils._core.services import SET_UP
from ansible_collections.pyhost.flask.plugins.plugin_utils._cached_module import CODE, CachedModule
from ansible_collections.pyhost.flask.plugins.plugin_utils._vault import read

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 has no trust in templates
    trust_as_template = str

Options = dict[str, Any]

UNCHANGED: Options = {
    "changed": False,
    "paths": [],
    "backup": "",
    "unwanted": [],
    "applied": False,
    "output": "",
}


class ActionModule(CachedModule):
    """The controller's half of config_set."""

    def _act(self, task_vars: Options) -> Options:
        """Check the options, render the contents, and run the module with them.

        Where the host is as the module left it after a run with the very same options, a plain
        command tells that in half of the module's time.
        """
        _result, args = self.validate_argument_spec(SPEC)
        contents = {}
        for entry in args["files"]:
            content = self._content(entry, task_vars)
            if content is not None:
                contents[entry["dest"]] = content
        args["files"] = [_without_content(entry) for entry in args["files"]]
        marks = marks_of(args, contents)
        if self._is_sealed(args, marks):
            return {**UNCHANGED, "diff": []} if self._task.diff else {**UNCHANGED}
        args.update(_contents=payload.pack(contents), _marks=marks)
        return self._run_module(args, task_vars)

    def _is_sealed(self, args: Options, marks: str) -> bool:
        """Whether the host prints the marks that the module has kept."""
        if not self._is_pipelining_enabled("new"):  # then a command may get no input
            return False
        seal = f"{FOLDER}/{args['name']}.seal"
        script = f"marks | cmp -s - {shlex.quote(seal)} && echo sealed"
        if args["needs_site"]:
            script = f"test -e {SET_UP} && {script}"
        # As input, for what is derived from secrets is in it: -vvv and ps show commands alone.
        result = self._low_level_execute_command("sh -s", in_data=f"{marks}{script}".encode())
        return bool(result["stdout"].strip() == "sealed")

    def _content(self, entry: Options, task_vars: Options) -> bytes | None:
        """The content of an entry, or None where it has none."""
        if entry["content"] is not None:
            return _encoded(entry["content"])
        try:
            if entry["template"] is not None:
                return _encoded(self._rendered(entry, task_vars))
            if entry["src"] is not None:
                return read(self._loader, self._find_needle("files", entry["src"]))
        except (AnsibleError, OSError, UnicodeError) as error:
            source = entry["template"] or entry["src"]
            raise AnsibleActionFail(f"{entry['dest']}: {source}: {error}") from error
        return None

    def _rendered(self, entry: Options, task_vars: Options) -> Any:
        """What the entry's template makes, as ``ansible.builtin.template`` would."""
        source = self._find_needle("templates", entry["template"])
        template = trust_as_template(read(self._loader, source).decode())
        variables = dict(task_vars)
        managed = variables.get("ansible_managed")
        variables.update(generate_ansible_template_vars(entry["template"], source, entry["dest"]))
        if managed is not None:
            variables["ansible_managed"] = managed
        # The values were rendered with the task; text in them that looks like a template is data.
        variables.update(wrap_var(entry["vars"]))
        folders = [*task_vars.get("ansible_search_path", []), self._loader.get_basedir()]
        folders = [*folders, os.path.dirname(source)]
        templar = self._templar.copy_with_new_env(
            searchpath=[path for folder in folders for path in (f"{folder}/templates", folder)],
            available_variables=variables,
        )
        overrides = {"trim_blocks": True, "lstrip_blocks": False}
        # do_template in 2.18, where template() would turn JSON into data; see core's own action
        render = templar.template if trust_as_template is not str else templar.do_template
        return render(template, escape_backslashes=False, overrides=overrides)


def marks_of(args: Options, contents: dict[str, bytes]) -> str:
    """A shell function that prints all that a set's result depends on: our code, the options, and
    how its files, services and users are. A file's inode and ctime stand for its content.
    """
    sums = {dest: hashlib.sha256(content).hexdigest() for dest, content in contents.items()}
    # What may refuse the host has no part in the result: one seal serves site.yml and deploy.yml.
    asked = {name: value for name, value in args.items() if name != "needs_site"}
    options = json.dumps([str(CODE), asked, sums], sort_keys=True, default=str)
    folders, others = ["/run/systemd/system"], [f"{FOLDER}/{args['name']}.json"]
    for entry in args["files"]:
        path = os.path.normpath(entry["dest"])
        (folders if entry["state"] == "directory" else others).append(path)
    commands = {
        "stat -L -c '%n %F %a %U %G'": folders,
        "stat -c '%n %F %a %U %G %s %i %z'": others,
        "systemctl show -p UnitFileState,ActiveState": args["services"],
        "id": [user["name"] for user in args["users"]],
    }
    lines = [f"{command} -- {shlex.join(names)}" for command, names in commands.items() if names]
    digest = hashlib.sha256(options.encode()).hexdigest()
    return "\n".join(
        ["LC_ALL=C; export LC_ALL", "marks() {", f"echo {digest}", *lines, "} 2>&1", ""]
    )


def _encoded(content: Any) -> bytes:
    """The bytes of a content; of data, such as a template that is one expression, its JSON."""
    if content is None:
        return b""
    if not isinstance(content, (str, bytes)):
        content = json.dumps(content, default=str)
    return content if isinstance(content, bytes) else content.encode()


def _without_content(entry: Options) -> Options:
    """The entry for the module: which kind of source it has, and nothing of what is in it."""
    shown = {key: value for key, value in entry.items() if value is not None and key != "vars"}
    if entry["content"] is not None:
        shown["content"] = "(sent apart)"
    return shown

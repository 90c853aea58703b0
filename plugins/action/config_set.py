# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders a set of files on the controller and sends all of it in one execution of the module."""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.template import generate_ansible_template_vars
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.pyhost.flask.plugins.module_utils._config_set import fingerprint
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.arguments import SPEC
from ansible_collections.pyhost.flask.plugins.module_utils._core import payload
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
        written = fingerprint.function(args, contents, str(CODE))
        if self._is_same(args, written):
            return {**UNCHANGED, "diff": []} if self._task.diff else {**UNCHANGED}
        args.update(_contents=payload.pack(contents), _fingerprint=written)
        return self._run_module(args, task_vars)

    def _is_same(self, args: Options, written: str) -> bool:
        """Whether the host is as the module left it."""
        if not self._is_pipelining_enabled("new"):  # then a command may get no input
            return False
        # As input, for what is derived from secrets is in it: -vvv and ps show commands alone.
        script = fingerprint.compare(written, args)
        result = self._low_level_execute_command("sh -s", in_data=script.encode())
        return bool(result["stdout"].strip() == fingerprint.SAME)

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

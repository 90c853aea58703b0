# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError
from jinja2 import pass_context
from jinja2.runtime import Context

from ansible_collections.pyhost.flask.plugins.plugin_utils._app import options as app_options
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import resolve as app_resolve
from ansible_collections.pyhost.flask.plugins.plugin_utils._fleet import fleet

DOCUMENTATION = """
name: resolve
author: The pyhost.flask developers
short_description: The finished apps out of flask_apps
version_added: 0.1.0
description:
  - Checks the apps against the argument spec of the role P(pyhost.flask.app#role), fills in the
    defaults, and adds all that follows from them, such as paths, slots, units and the database's
    URL. The roles work with its result only.
  - Finds all mistakes of all apps in one pass.
  - Where the inventory has a group C(db), the apps with C(database=mysql) have their databases on
    its host. This filter is the one place that knows the group by name.
positional: flask_defaults, version
options:
  _input:
    description: The apps, as the user wrote them.
    type: list
    elements: dict
    required: true
  flask_defaults:
    description: Options that all apps have in common.
    type: dict
    default: {}
  version:
    description:
      - The version of one app in place of the one that its source says, as V(v1.2), or, where there
        are several apps, V(notes:v1.2).
    type: str
    default: ""
"""

EXAMPLES = """
- name: Show where the live sockets are
  ansible.builtin.debug:
    msg: "{{ apps | map(attribute='paths.live_socket') }}"
  vars:
    apps: "{{ flask_apps | pyhost.flask.resolve(flask_defaults) }}"
"""

RETURN = """
_value:
  description: The finished apps.
  type: list
  elements: dict
"""


def _app_spec() -> app_options.Spec:
    """The options of an app, from the one argument spec that describes them."""
    file = Path(__file__).parents[2] / "roles" / "app" / "meta" / "argument_specs.yml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with file.open(encoding="utf-8") as text:
        options = yaml.load(text, Loader=loader)["argument_specs"]["main"]["options"]
    return options["flask_apps"]["options"]


# Read when the file is loaded, which with check_apps is once, before Ansible forks its workers.
SPEC = _app_spec()


@pass_context
def resolve(
    context: Context, flask_apps: Any, flask_defaults: Any = None, version: str = ""
) -> list[app_resolve.App]:
    try:
        return app_resolve.resolve(flask_apps, flask_defaults, SPEC, version, fleet(context))
    except app_options.Mistakes as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter resolve."""

    def filters(self) -> dict[str, Any]:
        return {"resolve": resolve}

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError
from jinja2 import pass_context
from jinja2.runtime import Context

from ansible_collections.pyhost.flask.plugins.plugin_utils import _role_specs
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import options as app_options
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import resolve as app_resolve
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.app import App
from ansible_collections.pyhost.flask.plugins.plugin_utils._fleet import fleet

DOCUMENTATION = """
name: resolve
author: The pyhost.flask developers
short_description: The resolved apps out of flask_apps
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
  description:
    - The resolved apps. Each has all options of the role P(pyhost.flask.app#role) under their
      names, with their defaults, and what follows from them beside them. C(processes), for
      instance, are those that the user wrote, and C(background.processes) those that this host is
      to run.
  type: list
  elements: dict
  contains:
    paths:
      description: Where the app is on its host, such as C(root), C(current), C(etc) and C(run).
      type: dict
    slots:
      description: The slots V(blue) and V(green), each with C(root), C(socket) and C(unit).
      type: dict
    connection:
      description:
        - How the app gets to its database, with C(kind) (V(sqlite), V(mysql) or V(url)), C(host),
          C(name) and C(url).
      type: dict
    background:
      description:
        - The C(processes) and C(schedules) that this host is to run, with their commands as C(argv)
          and their units.
      type: dict
    backups:
      description: The C(folder) of the backups, the C(settings) of their program, and its C(runs).
      type: dict
    primary:
      description: Whether this host does what is done once for all that share the app's database.
      type: bool
    secret_names:
      description: The names of the secrets that are made on the hosts.
      type: list
      elements: str
    variables:
      description: The app's environment, before the secrets are filled in.
      type: dict
    dns_credentials:
      description: The file for certbot's DNS plugin; empty if there are none.
      type: str
    needs_systemd:
      description: What of the app needs systemd, each with a remedy.
      type: list
      elements: str
    release:
      description:
        - The app as M(pyhost.flask.release) takes it, with C(name), C(root), C(user),
          C(environment) (the file with its variables), the options C(source), C(python) and
          C(audit) whole, C(wsgi), C(shared), C(static), C(keep) and C(migration).
      type: dict
    migration:
      description:
        - The app as M(pyhost.flask.migrate) takes it, with C(name), C(root), C(user),
          C(environment), C(flask_app), C(folder), C(subdir), C(dump), and C(automatic), which says
          whether a deploy migrates it.
      type: dict
    service:
      description:
        - The app as M(pyhost.flask.reload) takes it, with C(name), C(root), C(etc), C(run),
          C(user), C(manager), C(unit), C(processes), C(host), C(health) and C(graceful_timeout)
          (seconds).
      type: dict
    info:
      description:
        - The app as M(pyhost.flask.app_info) takes it, with C(service), C(migration) and
          C(certificate), which is a folder.
      type: dict
"""


# Read when the file is loaded, which with check_apps is once, before Ansible forks its workers.
SPEC = _role_specs.read("app")["flask_apps"]["options"]


@pass_context
def resolve(
    context: Context, flask_apps: Any, flask_defaults: Any = None, version: str = ""
) -> list[App]:
    try:
        return app_resolve.resolve(flask_apps, flask_defaults, SPEC, version, fleet(context))
    except app_options.Mistakes as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filter resolve."""

    def filters(self) -> dict[str, Any]:
        return {"resolve": resolve}

#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migrate
author: The pyhost.flask developers (@pyhost)
short_description: Migrations of the databases of Flask apps
version_added: 0.1.0
description:
  - Brings the databases of apps to the newest migration of a release each, or to a given one, if
    the app has Flask-Migrate or Alembic. An app without migrations is left alone. The apps follow
    one another, and the first one that fails is the last.
  - The migrations run in the release's own venv, as the app's user and in its environment. Plain
    Alembic gets C(DATABASE_URL) as its C(sqlalchemy.url).
  - A lock in the database (for SQLite, on its folder) lets one such run follow the other, from
    whatever host; the second one finds nothing left to do.
  - A database that is not empty is dumped before it is changed.
attributes:
  check_mode:
    description:
      - Lists what would run. The app is imported, and the database is opened for reading alone;
        one that does not exist yet is not made.
    support: full
  diff_mode:
    description: The SQL of the migrations, or their names where the SQL depends on the data.
    support: full
options:
  apps:
    description:
      - The apps, each as its C(migration) in what P(pyhost.flask.resolve#filter) returns; its
        RETURN says what is in there.
    type: list
    elements: dict
    required: true
  releases:
    type: dict
    required: true
    description: The IDs of the releases, by the apps' names; apps that are not there are left out.
  revision:
    type: str
    default: heads
    description:
      - The migration to go to. V(heads) is the newest one, V(base) is the database without any.
  downgrade:
    type: bool
    default: false
    description: Whether it may go back to O(revision), which loses what newer migrations added.
  dump_folder:
    type: path
    description: Where the dumps are kept. By default C(/var/backups/pyhost-flask/NAME).
  keep:
    type: int
    default: 5
    description: How many dumps of each app are kept.
  _play:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
"""

EXAMPLES = r"""
- name: Migrate the databases
  pyhost.flask.migrate:
    apps: "{{ apps | map(attribute='migration') }}"
    releases:
      notes: 0a1b2c3d4e5f-67890abc
  vars:
    apps: "{{ flask_apps | pyhost.flask.resolve(flask_defaults) }}"

- name: Go back to where an older release was, with the newer one, which knows the way
  pyhost.flask.migrate:
    apps: "{{ apps | map(attribute='migration') }}"
    releases:
      notes: "{{ newer_release }}"
    revision: 8d3f01a2b4c5
    downgrade: true
"""

RETURN = r"""
apps:
  description: The result of each app, by its name.
  returned: always
  type: dict
  contains:
    kind:
      description: V(flask-migrate), V(alembic), or V(none) for an app without migrations.
      returned: always
      type: str
    current:
      description:
        - The database's revisions, after the run. More than one only if migrations have branches,
          none if it was never migrated.
      returned: always
      type: list
      elements: str
    heads:
      description: The release's newest revisions.
      returned: always
      type: list
      elements: str
    direction:
      description: V(upgrade) or V(downgrade).
      returned: always
      type: str
    pending:
      description: What there was to do, in its order.
      returned: always
      type: list
      elements: dict
      contains:
        revision:
          description: The migration's revision.
          type: str
        message:
          description: What its author wrote of it.
          type: str
    applied:
      description: The revisions that were run.
      returned: always
      type: list
      elements: str
    dumps:
      description: The dumps that were made, one for each database of the app.
      returned: always
      type: list
      elements: str
    sql:
      description: The SQL of the migrations; empty where it depends on the data.
      returned: in diff mode, when there is something to do
      type: str
    seconds:
      description: How long it took.
      returned: always
      type: float
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import app, apps
from ansible_collections.pyhost.flask.plugins.module_utils._core.apps import Worker
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import PLAY, PLAY_OPTION
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy, Locked
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.run import Migration, Target


def migrate(
    params: dict[str, Any], parts: dict[str, app.Migration], worker: Worker, name: str
) -> dict[str, Any]:
    """Migrate one app's database; its result."""
    started, part = time.monotonic(), parts[name]
    target = Target(
        release=Path(part["root"], "releases", params["releases"][name]),
        revision=params["revision"],
        downgrade=params["downgrade"],
        dumps=Path(params["dump_folder"]) if params["dump_folder"] else None,
        keep=params["keep"],
    )
    try:
        step = Deploy(worker, name, part["root"], "migrate", params[PLAY])
    except Locked as locked:
        return locked.result
    failure: dict[str, Any] = {}
    with step:
        migration = Migration(worker, part, target, step)
        try:
            migration.run()
        except UserError as error:
            failure = {"failed": True, "msg": step.fail(str(error))}
    return {**migration.result, "seconds": round(time.monotonic() - started, 2), **failure}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "apps": {"type": "list", "elements": "dict", "required": True},
            "releases": {"type": "dict", "required": True},
            "revision": {"type": "str", "default": "heads"},
            "downgrade": {"type": "bool", "default": False},
            "dump_folder": {"type": "path"},
            "keep": {"type": "int", "default": 5},
            PLAY: PLAY_OPTION,
        },
        supports_check_mode=True,
    )
    params = dict(module.params)
    try:
        parts = {each["name"]: each for each in app.read_all(app.Migration, params["apps"])}
    except UserError as error:
        module.fail_json(msg=str(error))
    module.params["apps"] = list(parts)
    names = [name for name in parts if name in params["releases"]]
    module.exit_json(**apps.run(module, names, partial(migrate, params, parts), stop=True))


if __name__ == "__main__":
    main()

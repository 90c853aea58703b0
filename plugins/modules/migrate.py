#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: migrate
author: The pyhost.flask developers (@pyhost)
short_description: Migrations of a Flask app's database
version_added: 0.1.0
description:
  - Brings the database of a release to the release's newest migration, or to a given one, where
    the app has Flask-Migrate or Alembic. An app without migrations is left alone.
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
  name:
    type: str
    required: true
    description: The app's name.
  release:
    type: path
    required: true
    description: The release's folder, which holds its C(.venv).
  code:
    type: path
    description: The folder in which the app stands and is started. It is O(release) by default.
  user:
    type: str
    required: true
    description: The system user that runs the app.
  environment:
    type: path
    required: true
    description: The file with the app's environment.
  flask_app:
    type: str
    required: true
    description: The app, as C(FLASK_APP) takes it.
  revision:
    type: str
    default: heads
    description:
      - The migration to go to. V(heads) is the newest one, V(base) is the database without any.
  downgrade:
    type: bool
    default: false
    description: Whether it may go back to O(revision), which loses what newer migrations added.
  folder:
    type: str
    default: ""
    description:
      - The folder with the migrations, from O(code). For Flask-Migrate it is its C(directory), for
        plain Alembic the folder of C(alembic.ini). By default it is what the app tells
        Flask-Migrate, or else O(code) where there is an C(alembic.ini).
  dump:
    type: bool
    default: true
    description:
      - Whether a database that is not empty is dumped before it is migrated. Where the database's
        own dump program is not on this host, there is a warning instead.
  dump_folder:
    type: path
    description: Where the dumps are kept. By default C(/var/backups/pyhost-flask/NAME).
  keep:
    type: int
    default: 5
    description: How many dumps are kept.
  _holder:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
"""

EXAMPLES = r"""
- name: Migrate the database
  pyhost.flask.migrate:
    name: notes
    release: /srv/notes/releases/0a1b2c3d4e5f-67890abc
    user: notes
    environment: /etc/notes/environment
    flask_app: notes:create_app()

- name: Go back to where an older release was, with the newer one, which knows the way
  pyhost.flask.migrate:
    name: notes
    release: "{{ newer_release }}"
    user: notes
    environment: /etc/notes/environment
    flask_app: notes:create_app()
    revision: 8d3f01a2b4c5
    downgrade: true
"""

RETURN = r"""
kind:
  description: V(flask-migrate), V(alembic), or V(none) for an app without migrations.
  returned: always
  type: str
current:
  description:
    - The database's revisions, after the run. More than one only where migrations have branches,
      none where it was never migrated.
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
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import lock
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import HOLDER
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.run import Migration


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "release": {"type": "path", "required": True},
            "code": {"type": "path"},
            "user": {"type": "str", "required": True},
            "environment": {"type": "path", "required": True},
            "flask_app": {"type": "str", "required": True},
            "revision": {"type": "str", "default": "heads"},
            "downgrade": {"type": "bool", "default": False},
            "folder": {"type": "str", "default": ""},
            "dump": {"type": "bool", "default": True},
            "dump_folder": {"type": "path"},
            "keep": {"type": "int", "default": 5},
            "_holder": HOLDER,
        },
        supports_check_mode=True,
    )
    started, failure = time.monotonic(), ""
    root = str(Path(module.params["release"]).parents[1])
    with lock.begin(module, "migrate", root) as step:
        migration = Migration(module, step)
        try:
            migration.run()
        except UserError as error:
            failure = step.fail(str(error))
    migration.result["seconds"] = round(time.monotonic() - started, 2)
    if failure:
        module.fail_json(msg=failure, **migration.result)
    module.exit_json(**migration.result)


if __name__ == "__main__":
    main()

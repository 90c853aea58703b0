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
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils import _deploy_host
from ansible_collections.pyhost.flask.plugins.module_utils import _migrate_dump as dumps
from ansible_collections.pyhost.flask.plugins.module_utils._database import Database, missing
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_host import HOLDER, Deploy
from ansible_collections.pyhost.flask.plugins.module_utils._environment import parse
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import (
    Have,
    MigrateError,
    Plan,
    aftermath,
    diff,
    done,
    has_scripts,
    have,
    plan,
)
from ansible_collections.pyhost.flask.plugins.module_utils._migrate_session import (
    Session,
    as_user,
    sql,
)

LOCK_WAIT = 600  # seconds for a migration of the same database that runs elsewhere


class Migration:
    """One run of the module: what it was asked for, and its result as far as it has come."""

    def __init__(self, module: AnsibleModule, step: Deploy) -> None:
        self.module = module
        self.step = step
        self.params = module.params
        self.code = self.params["code"] or self.params["release"]
        self.result: dict[str, Any] = {
            "changed": False,
            "kind": "none",
            "current": [],
            "heads": [],
            "direction": "upgrade",
            "pending": [],
            "applied": [],
            "dumps": [],
        }

    def run(self) -> None:
        """Observe, plan and apply. Raises ``MigrateError``."""
        if not has_scripts(self.code, self.params["folder"]):
            return
        with self.session() as app:
            self.result["kind"] = app.ask(
                "load",
                flask_app=self.params["flask_app"],
                folder=self.params["folder"],
                read_only=self.module.check_mode,
            )["kind"]
            if self.result["kind"] == "none":
                self.module.warn(self.not_run())
                return
            found, todo = self.observe(app)
            if todo.steps and self.module._diff:
                self.show(app, found, todo)
            if todo.steps and not self.module.check_mode:
                self.apply(app)

    def session(self) -> Session:
        file = self.params["environment"]
        try:
            environment = parse(Path(file).read_text(encoding="utf-8"))
            venv = f"{self.params['release']}/.venv"
            python, variables = as_user(self.params["user"], venv, environment)
            return Session(python, self.code, variables)
        except KeyError:
            raise MigrateError(f"there is no user {self.params['user']!r} on this host") from None
        except (OSError, ValueError) as error:
            raise MigrateError(f"cannot start the app with {file}: {error}") from None

    def observe(self, app: Session) -> tuple[Have, Plan]:
        found = have(app.ask("observe"))
        self.result.update(current=list(found.current), heads=list(found.heads))
        todo = plan(found, self.params["revision"], self.params["downgrade"])
        self.result.update(
            changed=bool(todo.steps),
            direction=todo.direction,
            pending=[{"revision": step.revision, "message": step.message} for step in todo.steps],
        )
        return found, todo

    def show(self, app: Session, found: Have, todo: Plan) -> None:
        self.result["sql"] = sql(app, found, todo)
        self.result["diff"] = diff(self.params["name"], found, todo, self.result["sql"])

    def apply(self, app: Session) -> None:
        """Dump and migrate, while others are locked out."""
        if not app.ask("lock", seconds=LOCK_WAIT)["locked"]:
            raise MigrateError(
                f"another migration of this database has been running for {LOCK_WAIT} seconds."
                " See what it waits for (SHOW PROCESSLIST, pg_stat_activity), and run this again"
            )
        found, todo = self.observe(app)  # whoever had the lock may have done it all
        if not todo.steps:
            return
        self.step.note(idle=False)
        dumped = self.dump(found) if self.params["dump"] else []
        answer = app.try_to("run", direction=todo.direction, target=todo.target)
        now = app.try_to("observe").get("current", self.result["current"])
        self.result["current"] = now
        self.result["applied"] = done(found, todo, now)
        self.step.note(migrations=self.result["applied"])
        if "error" in answer:
            lines = [
                self.where(todo, answer.get("failed", "")),
                answer["error"],
                aftermath(found, self.result["applied"]),
                *(dumps.restore(database, file, self.params["user"]) for database, file in dumped),
            ]
            raise MigrateError("\n".join(lines))

    def dump(self, found: Have) -> list[tuple[Database, Path]]:
        """Dump each of the app's databases that has something in it."""
        folder = Path(
            self.params["dump_folder"] or f"/var/backups/pyhost-flask/{self.params['name']}"
        )
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        dumped = []
        for database in found.databases:
            why_not = missing(database)
            if why_not:
                self.module.warn(f"{self.params['name']}: migrated without a dump: {why_not}")
            elif not database["empty"]:
                name = f"{now}-{Path(database['name']).stem}-{found.at}"
                file = dumps.dump(database, folder, name, self.params["user"])
                dumped.append((database, file))
        self.result["dumps"] = [str(file) for _database, file in dumped]
        dumps.prune(folder, self.params["keep"])
        return dumped

    def where(self, todo: Plan, revision: str) -> str:
        messages = {step.revision: f" at {step.revision} ({step.message})" for step in todo.steps}
        what = f"{todo.direction} of the database of {self.params['name']}"
        return f"{what} failed{messages.get(revision, '')}:"

    def not_run(self) -> str:
        return (
            f"{self.params['name']}: there are migrations in {self.code}, but"
            f" {self.params['flask_app']} has no Flask-Migrate for them and there is no"
            " alembic.ini beside it, so they were not run. Set flask_app to what `flask db` works"
            " with, migrations.folder to where they are, or migrate to never"
        )


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
    with _deploy_host.begin(module, "migrate", root) as step:
        migration = Migration(module, step)
        try:
            migration.run()
        except MigrateError as error:
            failure = step.fail(str(error))
    migration.result["seconds"] = round(time.monotonic() - started, 2)
    if failure:
        module.fail_json(msg=failure, **migration.result)
    module.exit_json(**migration.result)


if __name__ == "__main__":
    main()

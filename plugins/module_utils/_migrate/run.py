# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A migration as a whole, for the module ``migrate`` and for packages on the host.

``module`` is the ``AnsibleModule``, or what a package has in its place (``_package_host.Host``).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.plugins.module_utils._dump.dumps import Database

from . import dump as migrate_dump
from . import plan
from . import session as migrate_session
from .plan import Have, Plan
from .session import Session

LOCK_WAIT = 600  # seconds for a migration of the same database that runs elsewhere


class Migration:
    """One run of the module: what it was asked for, and its result as far as it has come."""

    def __init__(self, module: Any, step: Deploy) -> None:
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
        """Observe, plan and apply. Raises ``UserError``."""
        if not plan.has_scripts(self.code, self.params["folder"]):
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
            environment = env_file.parse(Path(file).read_text(encoding="utf-8"))
            venv = f"{self.params['release']}/.venv"
            python, variables = migrate_session.as_user(self.params["user"], venv, environment)
            return Session(python, self.code, variables)
        except KeyError:
            raise UserError(f"there is no user {self.params['user']!r} on this host") from None
        except (OSError, ValueError) as error:
            raise UserError(f"cannot start the app with {file}: {error}") from None

    def observe(self, app: Session) -> tuple[Have, Plan]:
        found = plan.have(app.ask("observe"))
        self.result.update(current=list(found.current), heads=list(found.heads))
        todo = plan.plan(found, self.params["revision"], self.params["downgrade"])
        self.result.update(
            changed=bool(todo.steps),
            direction=todo.direction,
            pending=[{"revision": step.revision, "message": step.message} for step in todo.steps],
        )
        return found, todo

    def show(self, app: Session, found: Have, todo: Plan) -> None:
        self.result["sql"] = migrate_session.sql(app, found, todo)
        self.result["diff"] = plan.diff(self.params["name"], found, todo, self.result["sql"])

    def apply(self, app: Session) -> None:
        """Dump and migrate, while others are locked out."""
        if not app.ask("lock", seconds=LOCK_WAIT)["locked"]:
            raise UserError(
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
        self.result["applied"] = plan.done(found, todo, now)
        self.step.note(migrations=self.result["applied"])
        if "error" in answer:
            lines = [
                self.where(todo, answer.get("failed", "")),
                answer["error"],
                plan.aftermath(found, self.result["applied"]),
                *(
                    migrate_dump.restore(database, file, self.params["user"])
                    for database, file in dumped
                ),
            ]
            raise UserError("\n".join(lines))

    def dump(self, found: Have) -> list[tuple[Database, Path]]:
        """Dump each of the app's databases that has something in it."""
        folder = Path(
            self.params["dump_folder"] or f"/var/backups/pyhost-flask/{self.params['name']}"
        )
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        dumped = []
        for database in found.databases:
            why_not = dumps.missing(database)
            if why_not:
                self.module.warn(f"{self.params['name']}: migrated without a dump: {why_not}")
            elif not database["empty"]:
                name = f"{now}-{Path(database['name']).stem}-{found.at}"
                file = migrate_dump.dump(database, folder, name, self.params["user"])
                dumped.append((database, file))
        self.result["dumps"] = [str(file) for _database, file in dumped]
        migrate_dump.prune(folder, self.params["keep"])
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

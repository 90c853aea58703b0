# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A migration as a whole, for the module ``migrate`` and for packages on the host."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import (
    Migration as MigrationPart,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy
from ansible_collections.pyhost.flask.plugins.module_utils._dump import dumps
from ansible_collections.pyhost.flask.plugins.module_utils._dump.dumps import Database

from . import dump as migrate_dump
from . import plan
from . import session as migrate_session
from .plan import Have, Plan
from .session import Session

DUMPS = Path("/var/backups/pyhost-flask")
LOCK_WAIT = 600  # seconds for a migration of the same database that runs elsewhere


@dataclass(frozen=True)
class Target:
    """Where a database is to be brought: to a ``revision``, with the code of a release.

    ``release`` is its folder. ``downgrade`` allows the way back. Of the dumps that are made first
    in ``dumps``, the ``keep`` newest ones stay.
    """

    release: Path
    revision: str = "heads"
    downgrade: bool = False
    dumps: Path | None = None  # the default is a folder of the app in DUMPS
    keep: int = 5


class Migration:
    """One run for an app: what it was asked for, and its result as far as it has come."""

    def __init__(self, module: Module, app: MigrationPart, target: Target, step: Deploy) -> None:
        self.module = module
        self.app = app
        self.target = target
        self.step = step
        self.code = str(target.release / app["subdir"])
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
        if not plan.has_scripts(self.code, self.app["folder"]):
            return
        with self.session() as app:
            self.result["kind"] = app.ask(
                "load",
                flask_app=self.app["flask_app"],
                folder=self.app["folder"],
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
        try:
            return migrate_session.of_release(self.app, self.target.release)
        except KeyError:
            raise UserError(f"there is no user {self.app['user']!r} on this host") from None
        except (OSError, ValueError) as error:
            file = self.app["environment"]
            raise UserError(f"cannot start the app with {file}: {error}") from None

    def observe(self, app: Session) -> tuple[Have, Plan]:
        found = plan.have(app.ask("observe"))
        self.result.update(current=list(found.current), heads=list(found.heads))
        todo = plan.plan(found, self.target.revision, self.target.downgrade)
        self.result.update(
            changed=bool(todo.steps),
            direction=todo.direction,
            pending=[{"revision": step.revision, "message": step.message} for step in todo.steps],
        )
        return found, todo

    def show(self, app: Session, found: Have, todo: Plan) -> None:
        self.result["sql"] = migrate_session.sql(app, found, todo)
        self.result["diff"] = plan.diff(self.app["name"], found, todo, self.result["sql"])

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
        dumped = self.dump(found) if self.app["dump"] else []
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
                    migrate_dump.restore(database, file, self.app["user"])
                    for database, file in dumped
                ),
            ]
            raise UserError("\n".join(lines))

    def dump(self, found: Have) -> list[tuple[Database, Path]]:
        """Dump each of the app's databases that has something in it."""
        folder = self.target.dumps or DUMPS / self.app["name"]
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        dumped = []
        for database in found.databases:
            why_not = dumps.missing(database)
            if why_not:
                self.module.warn(f"{self.app['name']}: migrated without a dump: {why_not}")
            elif not database["empty"]:
                name = f"{now}-{Path(database['name']).stem}-{found.at}"
                file = migrate_dump.dump(database, folder, name, self.app["user"])
                dumped.append((database, file))
        self.result["dumps"] = [str(file) for _database, file in dumped]
        migrate_dump.prune(folder, self.target.keep)
        return dumped

    def where(self, todo: Plan, revision: str) -> str:
        messages = {step.revision: f" at {step.revision} ({step.message})" for step in todo.steps}
        what = f"{todo.direction} of the database of {self.app['name']}"
        return f"{what} failed{messages.get(revision, '')}:"

    def not_run(self) -> str:
        return (
            f"{self.app['name']}: there are migrations in {self.code}, but"
            f" {self.app['flask_app']} has no Flask-Migrate for them and there is no"
            " alembic.ini beside it, so they were not run. Set flask_app to what `flask db` works"
            " with, migrations.folder to where they are, or migrate to never"
        )

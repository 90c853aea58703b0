# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release would bring, found out by building it in a scratch folder that is thrown away.

This is what check mode does. Nothing that stays on the host is written: not in the app's folder,
not in the caches, not in the database, which is opened for reading alone.
"""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import process
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import plan as migrate_plan
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import session
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.session import sql
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.venv import (
    CACHE,
    PYTHONS,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.wheelhouse import (
    Wheelhouse,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source

from . import builder, prebuilt
from .builder import Job

# On the disk of the caches, whose files then need not be copied but are linked.
PLACE = Path("/var/cache")
PREFIX = "pyhost-flask-plan-"


@dataclass(frozen=True)
class Pending:
    """The migrations that the release would run, and their SQL, empty where it is not known."""

    have: migrate_plan.Have
    plan: migrate_plan.Plan
    sql: str


@dataclass
class Preview:
    """What was found out, and in ``warnings`` what was not, and why."""

    packages: dict[str, str] = field(default_factory=dict)
    revision: str = ""  # where only what was built elsewhere knows it
    pending: Pending | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def migrations(self) -> list[dict[str, str]]:
        """The pending migrations, in their order."""
        steps = self.pending.plan.steps if self.pending else ()
        return [{"revision": step.revision, "message": step.message} for step in steps]

    def diffs(self, name: str) -> list[dict[str, str]]:
        """The pending migrations of the app ``name``, as Ansible shows them."""
        if not self.pending or not self.pending.plan.steps:
            return []
        return [migrate_plan.diff(name, self.pending.have, self.pending.plan, self.pending.sql)]


def preview(job: Job, source: Source) -> Preview:
    """Build the release in a scratch folder, and ask it for its migrations.

    ``UserError`` is what the deploy would certainly fail of. What may only be missing because
    check mode has not made it is a warning.
    """
    found = Preview()
    with scratch(job.app["user"]) as folder:
        job = replace(
            job,
            root=folder,
            preview_of=job.root,
            variables={**job.variables, **own_caches(job, folder)},
            wheelhouse=own_wheelhouse(job, folder),
        )
        job.folder.parent.mkdir()
        if source.built:
            found.revision = prebuilt.lay_out(job, source)["revision"]
        else:
            found.warnings += builder.lay_out(job, source)
        try:
            found.warnings += [] if source.built else builder.fill(job, source)
        except UserError as error:
            found.warnings.append(
                f"the packages and migrations of {job.id} are not known, because it could not be"
                f" tried out: {error}"
            )
            return found
        found.packages = venv.installed(job.folder / ".venv")
        found.warnings += builder.audited(job)
        if job.app["migration"]["automatic"]:
            ask_migrations(job, found)
    return found


@contextmanager
def scratch(user: str) -> Iterator[Path]:
    """A folder for root and the app's user alone, which is removed afterwards.

    What a run that was killed has left is removed as well.
    """
    for old in PLACE.glob(f"{PREFIX}*"):
        if not os.path.exists(f"/proc/{old.name.split('-')[-2]}"):
            shutil.rmtree(old)
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE) as folder:
        try:
            os.chown(folder, 0, pwd.getpwnam(user).pw_gid)
        except KeyError:
            pass  # there is no such user yet, so nobody but root reads it
        else:
            os.chmod(folder, 0o750)
        yield Path(folder)


def own_caches(job: Job, folder: Path) -> dict[str, str]:
    """Variables for uv and pip, with copies of their caches and interpreters made of links.

    Both replace the files in their caches and never write into them.
    """
    for source, name in ((CACHE, "cache"), (PYTHONS, "python")):
        if os.path.isdir(source):
            process.run(job.module, ["cp", "--archive", "--link", source, str(folder / name)])
    return {
        "PIP_CACHE_DIR": f"{folder}/cache/pip",
        "PYTHONDONTWRITEBYTECODE": "1",
        "UV_CACHE_DIR": f"{folder}/cache/uv",
        "UV_PYTHON_INSTALL_DIR": f"{folder}/python",
    }


def own_wheelhouse(job: Job, folder: Path) -> Wheelhouse | None:
    """The wheelhouse in the copy of the caches; one that is the host's own is only read."""
    if not job.wheelhouse or not job.wheelhouse.files:
        return job.wheelhouse
    place = folder / "cache" / job.wheelhouse.folder.relative_to(CACHE)
    return replace(job.wheelhouse, folder=place)


def ask_migrations(job: Job, found: Preview) -> None:
    """Find the pending migrations, as the app's user and in its environment."""
    migration = job.app["migration"]
    if not migrate_plan.has_scripts(str(job.code), migration["folder"]):
        return
    try:
        pwd.getpwnam(job.app["user"])
    except KeyError:
        user = job.app["user"]
        found.warnings.append(f"its migrations are not known yet: there is no user {user!r}")
        return
    if job.environment is None:
        found.warnings.append("its migrations are not known yet: the environment file is not there")
        return
    with ExitStack() as stack:
        try:
            app = stack.enter_context(session.reading(migration, job.folder))
            have = migrate_plan.have(app.ask("observe")) if app else None
        except UserError as error:
            # The server, a variable or a shared folder may be what check mode has not made.
            found.warnings.append(f"its migrations are not known: {error}")
            return
        if not (app and have):
            return
        plan = migrate_plan.plan(have, "heads", downgrade=False)
        found.pending = Pending(have, plan, sql(app, have, plan) if plan.steps else "")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the live release of an app can work with the database in a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import plan
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import (
    session as migrate_session,
)
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.session import Session
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import choose, store
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Release

from .plan import Backup, Settings


def unknown(app: Settings, backup: Backup, root: Path, migrations: dict[str, Any] | None) -> str:
    """Why the live release does not know the revision of a backup, and what to do; "" where it
    does. ``migrations`` are the options of the module; without them nobody looks."""
    have = store.observe(root)
    live = have.releases.get(have.live)
    if not (live and migrations and backup.revisions):
        return ""
    try:
        if set(backup.revisions) <= revisions(app, root, live, migrations):
            return ""
        others = (release for release in choose.newest_first(have) if release.id != live.id)
        knows = next(
            (
                release
                for release in others
                if set(backup.revisions) <= revisions(app, root, release, migrations)
            ),
            None,
        )
    except UserError as error:
        return f"{app.name}: {error}\nTo restore without knowing: -e force=true"
    way = "Deploy a release that does"
    if knows:
        way = (
            f"Release {knows.id} ({knows.version}) does: ansible-playbook pyhost.flask.rollback"
            f" -e app={app.name} -e release={knows.id}"
        )
    made = f", made with release {backup.release} ({backup.version})," if backup.release else ""
    return (
        f"{app.name}: the database in backup {backup.id}{made} is at revision"
        f" {', '.join(backup.revisions)}, which the live release {live.id} ({live.version}) does"
        f" not know. Nothing was changed.\n{way}; or restore it all the same, and deploy such a"
        " release then: -e force=true"
    )


def revisions(app: Settings, root: Path, release: Release, migrations: dict[str, Any]) -> set[str]:
    """The revisions that a release knows. Nobody asks the database, which may be gone."""
    folder = root / "releases" / release.id
    code = str(folder / migrations["subdir"])
    if not plan.has_scripts(code, migrations["folder"]):
        return set()
    environment = env_file.parse(Path(app.environment).read_text(encoding="utf-8"))
    python, variables = migrate_session.as_user(app.user, f"{folder}/.venv", environment)
    options = {"flask_app": migrations["flask_app"], "folder": migrations["folder"]}
    with Session(python, code, variables) as session:
        if session.ask("load", read_only=True, **options)["kind"] == "none":
            return set()
        return {item["revision"] for item in session.ask("scripts")["revisions"]}

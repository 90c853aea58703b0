# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the live release of an app can work with the database in a backup."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Migration
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import session
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import choose, store
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Release

from .plan import Backup, Settings


def unknown(app: Settings, backup: Backup, root: Path, migration: Migration) -> str:
    """Why the live release does not know the revision of a backup, and what to do; "" where it
    does. Nobody looks if no deploy migrates the app."""
    have = store.observe(root)
    live = have.releases.get(have.live)
    if not (live and migration["automatic"] and backup.revisions):
        return ""
    try:
        if set(backup.revisions) <= revisions(migration, root, live):
            return ""
        others = (release for release in choose.newest_first(have) if release.id != live.id)
        knows = next(
            (
                release
                for release in others
                if set(backup.revisions) <= revisions(migration, root, release)
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


def revisions(app: Migration, root: Path, release: Release) -> set[str]:
    """The revisions that a release knows. Nobody asks the database, which may be gone."""
    with session.reading(app, root / "releases" / release.id) as found:
        return {item["revision"] for item in found.ask("scripts")["revisions"]} if found else set()

#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
author: The pyhost.flask developers (@pyhost)
short_description: The releases of an app that a host has
version_added: 0.1.0
description:
  - Lists the releases that stand on the host, and finds one of them, by default the one that was
    live before. It reads files of the host alone, and changes nothing.
attributes:
  check_mode:
    description: It changes nothing anyway.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
options:
  migration:
    type: dict
    required: true
    description:
      - The app, as its C(migration) in what P(pyhost.flask.resolve#filter) returns. If no deploy
        migrates it, nobody looks at its database.
  release:
    type: str
    default: ""
    description:
      - The ID of a release, or how it begins. Empty is the release that was live before. Where
        there is none, or several, the module fails and lists the releases.
"""

EXAMPLES = r"""
- name: Find the release that was live before
  pyhost.flask.release_info:
    migration: "{{ app.migration }}"
  register: before
"""

RETURN = r"""
database:
  description:
    - What going to the release means for the database. C(current) are its revisions, C(target) is
      the newest one that the release knows, C(reverted) are the migrations that it does not know,
      the newest first, and C(pending) those that it has and the database does not, with
      C(revision) and C(message) each. C(reverted_by) is the release that can revert.
  returned: if deploys migrate the app
  type: dict
release:
  description: The release that was asked for.
  returned: success
  type: dict
  contains: &release
    id:
      description: Its ID.
      type: str
    path:
      description: Its folder.
      type: str
    revision:
      description: The commit that it was built of.
      type: str
    version:
      description: The version that was asked for then.
      type: str
    built:
      description: When it was built, in UTC.
      type: str
    sbom:
      description:
        - Its SBOM, in CycloneDX's format. A release that was built before there were any has none.
      returned: where there is one
      type: str
live:
  description: The release that is live; empty where there is none.
  returned: success
  type: dict
  contains: *release
releases:
  description: All releases, the newest first.
  returned: success
  type: list
  elements: dict
  contains: *release
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import app
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Migration
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import plan as migrate_plan
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import session
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.plan import Have as Migrations
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.plan import Plan, plan
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import choose, store
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Have, Release
from ansible_collections.pyhost.flask.plugins.module_utils._release.sbom import FILE


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "migration": {"type": "dict", "required": True},
            "release": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        asked = app.read(Migration, module.params["migration"], "migration")
        module.exit_json(changed=False, **run(asked, module.params["release"]))
    except (UserError, OSError, ValueError, KeyError) as error:
        module.fail_json(msg=f"{module.params['migration'].get('name')}: {error}")


def run(asked: Migration, wanted: str) -> dict[str, Any]:
    """The module's result."""
    root = Path(asked["root"])
    have = store.observe(root)
    live = have.releases.get(have.live)
    release = choose.choose(wanted, have)
    return {
        **({"database": way(root, asked, release, have)} if asked["automatic"] else {}),
        "release": shown(root, release),
        "live": shown(root, live) if live else {},
        "releases": [shown(root, release) for release in choose.newest_first(have)],
    }


def way(root: Path, asked: Migration, release: Release, have: Have) -> dict[str, Any]:
    """What the release would do to the database, and which release can revert the rest.

    That is mostly the live one; after a deploy that migrated and then failed, it is a newer one.
    """
    result: dict[str, Any] = {"current": [], "target": "base", "pending": [], "reverted": []}
    target = look(root, asked, release)
    if target:
        result.update(current=list(target.current), target=newest(target))
    if target and knows(target):
        result["pending"] = steps(plan(target, "heads", False))
        return result
    others = [other for other in choose.newest_first(have) if other.id != release.id]
    for other in sorted(others, key=lambda other: other.id != have.live):
        found = look(root, asked, other)
        if found and knows(found):
            result["current"] = list(found.current)
            result["reverted"] = steps(plan(found, result["target"], True))
            result["reverted_by"] = shown(root, other)
            return result
    if target:
        plan(target, "heads", False)  # which fails, and says that nobody knows the database
    return result


def knows(found: Migrations) -> bool:
    """Whether a release has the migrations that the database is at."""
    return set(found.current) <= {item.revision for item in found.revisions}


def newest(found: Migrations) -> str:
    """The one newest revision of a release; several are the user's to decide."""
    return plan(replace(found, current=()), "heads", False).target


def steps(plan: Plan) -> list[dict[str, str]]:
    return [{"revision": step.revision, "message": step.message} for step in plan.steps]


def look(root: Path, asked: Migration, release: Release) -> Migrations | None:
    """A release's migrations and the database, which is opened for reading alone; None where the
    release has no migrations."""
    with session.reading(asked, root / "releases" / release.id) as found:
        return migrate_plan.have(found.ask("observe")) if found else None


def shown(root: Path, release: Release) -> dict[str, str]:
    folder = root / "releases" / release.id
    sbom = folder / FILE
    return {
        "id": release.id,
        "path": str(folder),
        "revision": release.revision,
        "version": release.version,
        "built": release.built,
        **({"sbom": str(sbom)} if sbom.exists() else {}),
    }


if __name__ == "__main__":
    main()

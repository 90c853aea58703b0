# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of the releases on a host is meant. Nothing in this file reads or writes anything."""

from __future__ import annotations

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from .model import Have, Release

DAY = len("2026-01-31")


def choose(wanted: str, have: Have) -> Release:
    """The release by its ID or how that begins; empty is the one that was live before.

    Raises ``UserError``.
    """
    found = [release for name, release in have.releases.items() if name.startswith(wanted)]
    if not wanted:
        found = [have.releases[have.previous]] if have.previous in have.releases else []
    if wanted in have.releases:
        found = [have.releases[wanted]]
    if len(found) == 1:
        return found[0]
    if not wanted:
        problem = "no release was live before this one"
    elif found:
        problem = f"{wanted!r} is the beginning of {len(found)} releases"
    else:
        problem = f"there is no release {wanted!r} on this host"
    raise UserError(f"{problem}. {_listed(have)}")


def newest_first(have: Have) -> list[Release]:
    return sorted(have.releases.values(), key=lambda release: release.built, reverse=True)


def _listed(have: Have) -> str:
    """The releases, a line for each."""
    if not have.releases:
        return "There are none; run the playbook site or deploy first"
    marks = {have.previous: ", live before", have.live: ", live"}
    lines = [
        f"  {release.id}  {release.version}, built {release.built[:DAY]}{marks.get(release.id, '')}"
        for release in newest_first(have)
    ]
    return "\n".join(["There are:", *lines])

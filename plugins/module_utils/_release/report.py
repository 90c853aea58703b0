# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a release: the result of the module and its diffs. No input, no output."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.pyhost.flask.plugins.module_utils._release.base import model
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Have, Release

if TYPE_CHECKING:
    from .preview import Preview


def result(
    release: Release,
    have: Have,
    root: Path | None = None,
    commits: Sequence[str] = (),
    pruned: Sequence[str] = (),
) -> dict[str, Any]:
    """What is returned about a release."""
    is_live = bool(release.id) and release.id == have.live
    return {
        "id": release.id,
        "path": str(root / "releases" / release.id) if root else "",
        "revision": release.revision,
        "version": release.version,
        "live": is_live,
        "previous": (have.previous if is_live else have.live) or None,
        "commits": list(commits),
        "dependencies": dependencies(have.releases.get(have.live), release),
        "pruned": list(pruned),
    }


def diffs(
    name: str, have: Have, release: Release, commits: Sequence[str], found: Preview | None
) -> list[dict[str, str]]:
    """From the live release to the new one, as Ansible shows it, and its migrations."""
    live = have.releases.get(have.live)
    packages = dependencies(live, release)
    shown_release = {
        "before_header": f"release of {name}: {live.id if live else 'none'}",
        "after_header": f"release of {name}: {release.id}",
        "before": model.shown(live, (), packages, "from"),
        "after": model.shown(release, commits, packages, "to"),
    }
    return [shown_release, *(found.diffs(name) if found else ())]


def removal(name: str, ids: Sequence[str]) -> list[dict[str, str]]:
    """The old releases that go, as Ansible shows it."""
    if not ids:
        return []
    header = f"old releases of {name}"
    text = "".join(f"{one}\n" for one in ids)
    return [{"before_header": header, "after_header": header, "before": text, "after": ""}]


def dependencies(live: Release | None, release: Release) -> dict[str, list[dict[str, str]]]:
    """The packages that differ; none where those of the new release are not known yet."""
    if not release.packages:
        return model.changed_packages({}, {})
    return model.changed_packages(live.packages if live else {}, release.packages)

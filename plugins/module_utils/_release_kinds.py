# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of sources, by the option that names each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._release import ReleaseError
from ansible_collections.pyhost.flask.plugins.module_utils._release_address import parse
from ansible_collections.pyhost.flask.plugins.module_utils._release_archive import Archive, Sent
from ansible_collections.pyhost.flask.plugins.module_utils._release_download import Download
from ansible_collections.pyhost.flask.plugins.module_utils._release_git import Git
from ansible_collections.pyhost.flask.plugins.module_utils._release_mirror import repository
from ansible_collections.pyhost.flask.plugins.module_utils._release_source import Source

KINDS = ("git", "path", "archive")


def source_of(module: Any) -> Source:
    """The source that the options of the module name; ``ReleaseError`` where they name none."""
    options, root = module.params["source"], Path(module.params["root"])
    named = [kind for kind in KINDS if options[kind]]
    if len(named) != 1:
        raise ReleaseError(f"source: needs exactly one of {', '.join(KINDS)}")
    sent = module.params["_sent"]
    if options["git"]:
        version = options["version"] or "HEAD"
        return Git(repository(module, options["git"], root / "repo.git"), version)
    if sent:
        # A folder that all of a path lies in is a part of it.
        return Archive(options[named[0]], Sent(**sent), strip=not options["path"])
    address = parse(options["archive"])
    checksum = options["checksum"].rpartition(":")[2]
    return Archive(address.url, Download(address, checksum))

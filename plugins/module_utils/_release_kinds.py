# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of sources, by the option that names each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._release_git import Git
from ansible_collections.pyhost.flask.plugins.module_utils._release_mirror import repository
from ansible_collections.pyhost.flask.plugins.module_utils._release_source import Source


def source_of(module: Any) -> Source:
    """The source that the options of the module name."""
    options, root = module.params["source"], Path(module.params["root"])
    return Git(repository(module, options["git"], root / "repo.git"), options["version"])

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's half of release_info."""

from __future__ import annotations

from ansible_collections.pyhost.flask.plugins.plugin_utils._cached_module import CachedModule


class ActionModule(CachedModule):
    """Runs the module from the code that the host keeps."""

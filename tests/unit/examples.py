# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An app for tests, resolved as users' apps are."""

from __future__ import annotations

from typing import Any

from ansible_collections.pyhost.flask.plugins.filter.resolve import SPEC
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Release
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import resolve
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.app import App

NOTES: dict[str, Any] = {
    "name": "notes",
    "source": {"git": "https://git.example.org/notes.git"},
    "wsgi": "notes:create_app()",
    "domains": ["notes.example.org"],
    "certbot": {"email": "ops@example.org"},
}


def app(**given: Any) -> App:
    """The resolved app NOTES, with other options."""
    (found,) = resolve.resolve([{**NOTES, **given}], {}, SPEC)
    return found


def release(source: dict[str, str] | None = None, **given: Any) -> Release:
    """What of NOTES the module release takes, perhaps from another ``source``."""
    return app(**({"source": source} if source else {}), **given)["release"]

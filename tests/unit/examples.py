# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of several rooms need: an app, resolved as users' apps are, and as much of
AnsibleModule as the code asks for."""

from __future__ import annotations

from collections.abc import Sequence
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


class Module:
    """A ``Module`` that changes things, if it is let; its programs do nothing and succeed."""

    check_mode = False
    _diff = False

    def __init__(self) -> None:
        self.no_log_values: set[str] = set()
        self.warnings: list[str] = []

    def run_command(self, args: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        return 0, "", ""

    def warn(self, warning: str, /) -> None:
        self.warnings.append(warning)

    def get_bin_path(
        self, arg: str, /, required: bool = False, opt_dirs: Sequence[str] = ()
    ) -> str | None:
        return f"/usr/bin/{arg}"

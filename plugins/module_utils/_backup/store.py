# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host has of an app's backups: their settings, those that are whole, and how it went."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import plan
from .plan import RECORD, Backup, Settings

FOLDER = Path("/etc/pyhost-flask/backup")
STATE = Path("/var/lib/pyhost-flask/backup")


def settings(name: str) -> Settings:
    """The settings of an app's backups on this host."""
    file = FOLDER / f"{name}.json"
    try:
        return plan.settings(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{name}: there is no {file} on this host; run site.yml first") from None
    except ValueError as error:
        raise UserError(f"{name}: {file}: {error}; run site.yml again") from None


def backups(folder: Path) -> list[Backup]:
    """The backups in a folder that are whole, the newest first."""
    found = []
    for record in sorted(folder.glob(f"*/{RECORD}"), reverse=True):
        with contextlib.suppress(OSError, ValueError):
            backup = plan.parse(json.loads(record.read_text(encoding="utf-8")))
            if backup and backup.id == record.parent.name:
                found.append(backup)
    return found


def read_state(name: str) -> dict[str, Any]:
    """What was written down of an app's last ``backup`` and last ``drill``."""
    try:
        found = json.loads((STATE / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

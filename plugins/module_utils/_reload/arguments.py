# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of the modules that know an app by its slots. ``doc_fragments/slots.py`` says more."""

from __future__ import annotations

from typing import Any

SLOT_OPTIONS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "root": {"type": "path", "required": True},
    "etc": {"type": "path", "required": True},
    "run": {"type": "path", "required": True},
    "user": {"type": "str", "required": True},
    "manager": {"type": "str", "choices": ["systemd", "supervisor"], "default": "systemd"},
    "unit": {"type": "str", "required": True},
    "processes": {"type": "list", "elements": "str", "default": []},
}
HEALTH_OPTIONS: dict[str, Any] = {
    "host": {"type": "str", "required": True},
    "health": {
        "type": "dict",
        "default": {},
        "options": {
            "path": {"type": "str", "default": "/"},
            "statuses": {"type": "list", "elements": "str", "default": ["200-399"]},
            "timeout": {"type": "int", "default": 60},
        },
    },
}
MIGRATION_OPTIONS: dict[str, Any] = {
    "migrations": {
        "type": "dict",
        "options": {
            "flask_app": {"type": "str", "required": True},
            "folder": {"type": "str", "default": ""},
            "subdir": {"type": "str", "default": ""},
        },
    },
}

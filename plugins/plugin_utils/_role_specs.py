# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles' argument specs, which describe every option of the collection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).parents[2] / "roles"


def read(role: str) -> dict[str, Any]:
    """The options of a role, from ``meta/argument_specs.yml``."""
    file = ROLES / role / "meta" / "argument_specs.yml"
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with file.open(encoding="utf-8") as text:
        options: dict[str, Any] = yaml.load(text, Loader=loader)["argument_specs"]["main"][
            "options"
        ]
    return options


def read_all() -> dict[str, Any]:
    """The options of all roles, by their names, which no two roles share but for the apps."""
    return {
        name: option
        for folder in sorted(ROLES.iterdir())
        if (folder / "meta" / "argument_specs.yml").is_file()
        for name, option in read(folder.name).items()
    }

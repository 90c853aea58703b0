# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the roles themselves, such as ``nginx_tls``, which stand as flat variables in an
inventory or on the command line. No input, no output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import options
from .command_line import nearest
from .options import Spec

# Checked by themselves, as a whole.
APPS = ("flask_apps", "flask_defaults", "flask_resolved_apps")


def check(values: Mapping[str, Any], spec: Spec, mistakes: list[str]) -> None:
    """The values of roles' options, by their names; ``spec`` is that of all roles."""
    for name, value in values.items():
        if value is not None and name not in APPS:
            options.coerced(value, spec[name], name, mistakes, partly=True)


def mistyped(names: Iterable[str], spec: Spec) -> list[str]:
    """Warnings of an inventory's variables that are called almost like an option of a role."""
    prefixes = {name.partition("_")[0] for name in spec}
    ours = (name for name in names if name.partition("_")[0] in prefixes)
    found = ((name, nearest(name, spec)) for name in ours)
    return [
        f"{name}: no role of pyhost.flask has such an option; did you mean '{near}'?"
        for name, near in found
        if near
    ]

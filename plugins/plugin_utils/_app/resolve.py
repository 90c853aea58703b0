# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what users write in ``flask_apps`` to resolved apps: checks, defaults, derived values.

The options, their types, choices and defaults come from ``roles/app/meta/argument_specs.yml``; what
they must satisfy beyond that stands in ``rules``, and all that follows from them in ``derive``.
Nothing in this file reads or writes anything, and nothing changes what it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from . import derive, options, rules, rules_https, rules_source
from .app import App, Options
from .fleet import ALONE, Fleet
from .options import Mistakes, Spec


def resolve(
    apps: Any, defaults: Any, spec: Spec, version: str = "", fleet: Fleet = ALONE
) -> list[App]:
    """The resolved apps: every option of ``spec`` set, and what follows from them beside it.

    ``apps`` and ``defaults`` are what the user wrote in ``flask_apps`` and ``flask_defaults``,
    ``spec`` the options of an app. ``version`` is another one for one app, see
    ``rules_source.chosen_version``, and ``fleet`` what the inventory says of other hosts.
    Raises ``Mistakes`` with all mistakes of all apps.
    """
    if not isinstance(apps, list):
        raise Mistakes(
            [
                "flask_apps: must be a list of apps, each with a name;"
                " ansible-doc -t role pyhost.flask.app lists their options"
            ]
        )
    if not isinstance(defaults or {}, dict):
        raise Mistakes(["flask_defaults: must be a dictionary of options of an app"])
    mistakes: list[str] = []
    common = options.checked(defaults or {}, spec, "flask_defaults", mistakes, partly=True)
    chosen, wanted = rules_source.chosen_version(apps, version, mistakes)
    checked, resolved = [], []
    for index, given in enumerate(apps):
        name = given.get("name") if isinstance(given, dict) else None
        path = f"flask_apps[{name if isinstance(name, str) else index}]"
        if not isinstance(given, dict):
            mistakes.append(f"{path}: must be the options of an app, not {options.shown(given)}")
            continue
        before = len(mistakes)
        merged = options.merged(common, given)
        app = cast(Options, options.checked(merged, spec, path, mistakes))
        if chosen and name == chosen:
            app = rules_source.with_version(app, wanted, mistakes)
        check(app, path, mistakes)
        checked.append(app)
        if len(mistakes) == before:
            asked = "path" in (merged.get("health") or {})
            resolved.append(derive.app(app, fleet, health_path_given=asked))
    rules.check_shared_names(checked, mistakes)
    if mistakes:
        raise Mistakes(mistakes)
    return resolved


def check(app: Options, path: str, mistakes: list[str]) -> None:
    """One app's values: each by itself, and those that have to go together."""
    checks: list[Callable[[Options, str, list[str]], None]] = [
        rules.check_values,
        rules_https.check_https,
        rules_source.check_source,
        rules_source.check_dependencies,
        rules_source.check_built,
    ]
    for each in checks:
        each(app, path, mistakes)

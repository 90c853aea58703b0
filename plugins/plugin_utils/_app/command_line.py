# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``ansible-playbook`` is given by ``-e``: the playbooks' own options, and which apps they are
for. This is the one place that knows them; an inventory's variables of the same names mean
something else. No input, no output.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict, cast

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import options
from .options import Spec

NEAR = 0.85  # how alike two names are of which one is a typing mistake (difflib)


class CommandLine(TypedDict):
    """The options of all playbooks; those that are not given have their defaults."""

    app: str  # one of the apps, or empty for all
    version: str  # VERSION, or APP:VERSION, in place of the one that the app's source says
    release: str  # the ID of a release to go back to, or how it begins
    downgrade: bool  # whether going back may revert migrations
    backup: str  # the ID of a backup
    beside: bool  # whether a restore leaves the app alone
    force: bool  # whether a restore may lose something
    page: str  # a file on the controller with the maintenance page
    maintenance: bool  # whether the page is shown
    forget: bool  # whether a rotation forgets the previous keys at once
    reason: str  # of a certificate's revocation
    status_json: str  # a file on the controller for the status of all apps


def _text(default: str = "", *choices: str) -> dict[str, Any]:
    return {"type": "str", "default": default, **({"choices": choices} if choices else {})}


def _switch(default: bool = False) -> dict[str, Any]:
    return {"type": "bool", "default": default}


REASONS = (
    "unspecified",
    "keycompromise",
    "affiliationchanged",
    "superseded",
    "cessationofoperation",
)
SPEC: Spec = {
    "app": _text(),
    "version": _text(),
    "release": _text(),
    "downgrade": _switch(),
    "backup": _text("newest"),
    "beside": _switch(),
    "force": _switch(),
    "page": _text("maintenance.html"),
    "maintenance": _switch(True),
    "forget": _switch(),
    "reason": _text("unspecified", *REASONS),
    "status_json": _text(),
}


def read(given: Mapping[str, Any], known: Collection[str], mistakes: list[str]) -> CommandLine:
    """The playbooks' options out of the variables of the command line.

    Other variables may be the user's own; those that look like a typing mistake of an option, or
    of one of the ``known`` variables, are not.
    """
    own = {name: value for name, value in given.items() if name in SPEC}
    found = options.checked(own, SPEC, "-e", mistakes)
    for name in given:
        near = nearest(name, {*SPEC, *known})
        if near:
            mistakes.append(f"-e {name}: there is no such option; did you mean '{near}'?")
    return cast(CommandLine, found)


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that a name is most likely a typing mistake of; empty if it is none."""
    if name in known or name.startswith(("ansible_", "_")):
        return ""
    return "".join(difflib.get_close_matches(name, sorted(known), n=1, cutoff=NEAR))


def select(
    app: str, here: Sequence[str], everywhere: Collection[str], exactly_one: bool
) -> list[str]:
    """The names of those apps of this host (``here``) that are meant; none of them if the app that
    is asked for is on other hosts (``everywhere``) alone.

    ``UserError`` if no host has it, or if one is needed and several are possible.
    """
    if app and app not in everywhere:
        question = f"There is no app {app}"
    elif exactly_one and not app and len(here) > 1:
        question = "There are several apps"
    else:
        return [name for name in here if not app or name == app]
    rest = "" if exactly_one else ", or leave it out for all"
    there = ", ".join(f"-e app={name}" for name in dict.fromkeys(everywhere))
    raise UserError(f"{question}; choose one of them{rest}: {there}")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do with an app's migrations: from where the database is to where it should be.

``plan`` is pure; ``Have`` is what ``program`` reported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

KINDS = {"mysql": "MySQL and MariaDB", "mariadb": "MariaDB", "sqlite": "SQLite"}
FOLDERS_DEEP = 3  # such as src/notes/migrations


@dataclass(frozen=True)
class Revision:
    """A migration script of the release. ``needs`` are the revisions that come before it."""

    revision: str
    message: str = ""
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Have:
    """The release's scripts, base first, and the database's revisions (none: it has no schema)."""

    revisions: tuple[Revision, ...]
    heads: tuple[str, ...]
    current: tuple[str, ...] = ()
    databases: tuple[dict[str, Any], ...] = field(default=(), repr=False)  # with passwords
    transactional: bool = True

    @property
    def at(self) -> str:
        """Where the database is, in a word."""
        return "+".join(self.current) or "base"


@dataclass(frozen=True)
class Plan:
    """``upgrade`` or ``downgrade`` to ``target``, and the steps of it in their order."""

    direction: str = "upgrade"
    target: str = ""
    steps: tuple[Revision, ...] = ()


def has_scripts(code: str, given: str = "") -> bool:
    """Whether an app's folder holds migrations, by the files that Alembic's templates make.

    ``given`` is where the user says that they are; ``UserError`` where they are not.
    """
    if given:
        place = os.path.join(code, given)
        if any(os.path.exists(os.path.join(place, name)) for name in ("env.py", "alembic.ini")):
            return True
        raise UserError(
            f"there are no migrations in {place}: neither an env.py nor an alembic.ini. Set"
            " migrations.folder to where they are, or leave it out"
        )
    for folder, folders, files in os.walk(code):
        if "env.py" in files and ("script.py.mako" in files or "versions" in folders):
            return True
        deep = os.path.relpath(folder, code).count(os.sep) + (folder != code)
        folders[:] = [
            name
            for name in folders
            if deep < FOLDERS_DEEP and not name.startswith(".") and name != "node_modules"
        ]
    return False


def have(report: dict[str, Any]) -> Have:
    """What the program reported, typed."""
    revisions = (
        Revision(item["revision"], item["message"] or "", tuple(item["needs"]))
        for item in report["revisions"]
    )
    return Have(
        tuple(revisions),
        tuple(report["heads"]),
        tuple(report["current"]),
        tuple(report["databases"]),
        bool(report["transactional"]),
    )


def plan(have: Have, wanted: str, downgrade: bool) -> Plan:
    """The steps to ``wanted``: ``heads``, ``base``, or a revision or how one begins.

    Raises ``UserError`` for what the user has to decide: several heads, a database that the
    release does not know, and a way down that was not asked for.
    """
    known = {revision.revision: revision for revision in have.revisions}
    unknown = [revision for revision in have.current if revision not in known]
    if unknown:
        raise UserError(
            f"the database is at revision {_listed(unknown)}, which this release does not know:"
            " the release is older than the database, or its migration was deleted. Deploy a"
            " release that has it; or go back with that release first (revision:"
            f" {_listed(have.heads)}, downgrade: true)"
        )
    target = _target(have, wanted)
    goal, done = _ancestors(known, [target]), _ancestors(known, have.current)
    if target in have.current or goal == done:
        return Plan(target=target)
    if goal - done:
        return Plan("upgrade", target, _in_order(have, goal - done))
    steps = tuple(reversed(_in_order(have, done - goal)))
    if not downgrade:
        raise UserError(
            f"the database is at revision {_listed(have.current)}, and going back to {target}"
            f" reverts {_listed(step.revision for step in steps)}, whose data is lost. Set"
            " downgrade: true if that is what you want"
        )
    return Plan("downgrade", target, steps)


def done(have: Have, plan: Plan, now: Iterable[str]) -> list[str]:
    """Which steps of a plan are done, with the database at the revisions ``now``."""
    there = _ancestors({item.revision: item for item in have.revisions}, now)
    steps = [step.revision for step in plan.steps]
    return [step for step in steps if (step in there) == (plan.direction == "upgrade")]


def diff(name: str, have: Have, plan: Plan, sql: str) -> dict[str, str]:
    """A plan as Ansible shows it: its SQL where that can be said beforehand, else the names."""
    names = "".join(f"{step.revision} {step.message}\n" for step in plan.steps)
    return {
        "before_header": f"database of {name}: {have.at}",
        "after_header": f"database of {name}: {plan.target}",
        "before": "",
        "after": sql or names,
    }


def aftermath(have: Have, done: Sequence[str]) -> str:
    """What a failed migration has left behind, and what to do."""
    before = f"{_listed(done)} went well before and stays. " if done else ""
    if have.transactional:
        return (
            f"{before}The database took it back as a whole. Repair the migration, and deploy again."
        )
    kind = KINDS.get(have.databases[0]["kind"], "The database")
    return (
        f"{before}{kind} cannot take back a change of tables, so this one may be half applied: undo"
        " what it did before the error, or put a dump back; repair the migration, and deploy"
        " again."
    )


def _target(have: Have, wanted: str) -> str:
    """The revision that ``wanted`` means; ``base`` for none."""
    if wanted == "base" or not have.heads:
        return "base"
    if wanted == "heads":
        if len(have.heads) > 1:
            raise UserError(
                f"the release's migrations have {len(have.heads)} heads ({_listed(have.heads)}),"
                " so there is no newest one. Join them with `flask db merge heads` (or `alembic"
                " merge heads`), commit the new migration, and deploy again"
            )
        return have.heads[0]
    found = [item.revision for item in have.revisions if item.revision.startswith(wanted)]
    if wanted in found:
        return wanted
    if len(found) != 1:
        what = f"stands for {_listed(found)}" if found else "is none of this release's"
        raise UserError(
            f"revision {wanted!r} {what}; `flask db history` shows the revisions that there are"
        )
    return found[0]


def _ancestors(known: dict[str, Revision], start: Iterable[str]) -> set[str]:
    """The revisions ``start`` and all that came before them."""
    found: set[str] = set()
    left = [revision for revision in start if revision != "base"]
    while left:
        revision = left.pop()
        if revision not in found:
            found.add(revision)
            left.extend(known[revision].needs)
    return found


def _in_order(have: Have, wanted: set[str]) -> tuple[Revision, ...]:
    return tuple(revision for revision in have.revisions if revision.revision in wanted)


def _listed(revisions: Iterable[str]) -> str:
    return ", ".join(revisions) or "base"

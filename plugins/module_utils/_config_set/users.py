# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system users that a set's files belong to."""

from __future__ import annotations

import grp
import pwd
from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from .preview import Run

User = dict[str, Any]
SHELL = "/usr/sbin/nologin"


def exists(lookup: Callable[[str], object], name: str) -> bool:
    """Whether ``lookup``, such as ``pwd.getpwnam``, knows a name."""
    try:
        lookup(name)
    except KeyError:
        return False
    return True


def missing(users: Iterable[User]) -> list[User]:
    """The users that the host does not have. What it has stays as it is."""
    return [user for user in users if not exists(pwd.getpwnam, user["name"])]


def useradd(user: User, group: bool) -> list[str]:
    """The command that makes a user, with a group of the same name unless that is there."""
    name, home, comment = user["name"], user["home"], user["comment"]
    command = ["useradd", "--system", f"--shell={SHELL}", "--no-create-home"]
    command += [f"--home-dir={home}", f"--comment={comment}"]
    return [*command, f"--gid={name}" if group else "--user-group", "--", name]


def make(users: Iterable[User], run: Run) -> None:
    """Make users. Raises ``UserError`` with what useradd says."""
    for user in users:
        name = user["name"]
        status, out, err = run(useradd(user, exists(grp.getgrnam, name)))
        if status:
            said = (err + out).strip()
            raise UserError(f"users: {name}: useradd failed (exit status {status}): {said}")


def diff(users: Iterable[User]) -> list[dict[str, str]]:
    """The users that are made, as ``--diff`` shows them."""
    after = "".join(f"{user['name']}, home {user['home']}, {SHELL}\n" for user in users)
    headers = {"before_header": "users", "after_header": "users"}
    return [{**headers, "before": "", "after": after}] if after else []

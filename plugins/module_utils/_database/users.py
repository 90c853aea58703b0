# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The databases of a server and their users: what it has, what it should have, and the statements
that lead from the one to the other. Nothing in this file reads or writes anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import password, remote_access
from .flavor import Flavor

# Beside the app's own database: what a drill and a restore make (``_backup/unpack.py``).
SCRATCH = ("drill", "restored", "restoring", "replaced")

Secrets = Mapping[str, str]
LOCAL = "localhost"
SSL = " REQUIRE SSL"
RETAIN = " RETAIN CURRENT PASSWORD"
NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")
HASH = re.compile(r"\*[0-9A-F]{40}|\$A\$[0-9A-F]{3}\$[^']+")
# A hash that a password fits to; Debian's own server has 'invalid' in this place.
PASSWORD = re.compile(r"USING '\*|BY PASSWORD '\*")
GRANT = re.compile(
    r"GRANT (?P<rights>.+) ON (?P<on>.+) TO `(?P<user>[^`]+)`@`(?P<host>[^`]+)`"
    r"(?: IDENTIFIED .+?)?(?: REQUIRE .+?)?(?: WITH (?P<options>.+))?"
)
LOGIN = re.compile(
    r"CREATE USER `(?P<user>[^`]+)`@`(?P<host>[^`]+)` IDENTIFIED (?P<login>.+?)"
    r"(?P<require> REQUIRE (?:SSL|X509))?"
    r"(?: (?:REQUIRE|WITH MAX_\w+|PASSWORD EXPIRE|ACCOUNT)\b.*)?"
)


@dataclass(frozen=True)
class User:
    """How a user logs in, and the rights, as the server writes them; ``second`` is MySQL's other
    password of the same user."""

    login: str = ""
    rights: frozenset[str] = frozenset()
    require: str = ""
    second: str = ""


@dataclass(frozen=True)
class Server:
    """The databases on a server, its users by ``name@host``, and what stands open."""

    databases: frozenset[str] = frozenset()
    users: dict[str, User] = field(default_factory=dict)
    open_accounts: frozenset[str] = frozenset()  # name@host: nameless, or root from elsewhere
    open_rights: frozenset[str] = frozenset()  # databases on which everybody has rights
    filled: frozenset[str] = frozenset()  # databases that hold tables


def all_rights(database: str) -> str:
    """All rights on one database. In this place _ would stand for any character."""
    pattern = database.replace("_", r"\_")
    return f"ALL PRIVILEGES ON `{pattern}`.*"


def wanted(
    databases: Iterable[dict[str, Any]], flavor: Flavor, passwords: Secrets, previous: Secrets
) -> Server:
    """What the server should have, with users who log in on this host by the socket, and from
    others by their passwords. Raises UserError for what is no name."""
    users: dict[str, User] = {}
    names = set()
    for entry in databases:
        for name in (entry["name"], entry["user"]):
            if not NAME.fullmatch(name):
                raise UserError(
                    f"{name!r} is not a valid name here; use letters, digits, _, - and $,"
                    " at most 64"
                )
        names.add(entry["name"])
        purposes = SCRATCH if entry["hosts"] else ()
        own = {all_rights(f"{entry['name']}{end}") for end in ("", *(f"_{p}_" for p in purposes))}
        for host in entry["hosts"] or [LOCAL]:
            account = f"{entry['user']}@{host}"
            rights = own | users.get(account, User()).rights
            if entry["hosts"]:
                known = remote_access.known_passwords(entry["secret"], passwords, previous)
                login, second = flavor.password_login(known, account)
                users[account] = User(login, frozenset(rights), SSL, second)
            else:
                users[account] = User(flavor.socket_login, frozenset(rights))
    return Server(frozenset(names), users)


def plan(want: Server, have: Server) -> list[str]:
    """The statements that give the server what it should have."""
    missing = sorted(want.databases - have.databases)
    statements = [f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4" for name in missing]
    for account, user in sorted(want.users.items()):
        statements += _plan_user(in_sql(account), user, have.users.get(account))
    return statements + [f"DROP USER {in_sql(each)}" for each in sorted(gone(want, have))]


def gone(want: Server, have: Server) -> set[str]:
    """The accounts of the same users from hosts that do not serve their apps any more. One of this
    host stays: an app that has just been moved may still use it."""
    elsewhere = {each for each in have.users if not each.endswith(f"@{LOCAL}")}
    remote = {user_of(account) for account, user in want.users.items() if user.require}
    return {each for each in elsewhere - {*want.users} if user_of(each) in remote}


def _named(match: re.Match[str]) -> str:
    return f"{match['user']}@{match['host']}"


def user_of(account: str) -> str:
    """The name in ``name@host``."""
    return account.rpartition("@")[0]


def in_sql(account: str) -> str:
    """An account in the words of a statement."""
    user, _at, host = account.rpartition("@")
    return f"`{user}`@`{host}`"


def plan_secure(want: Server, have: Server, login: str) -> list[str]:
    """The statements that close what stands open; ``login`` is root's in place of a password."""
    statements = []
    for account in sorted(have.open_accounts):
        user, _at, host = account.rpartition("@")
        statements.append(f"DROP USER '{user}'@'{host}'")
    if have.open_rights:
        # No REVOKE fits: they are rights of nobody, or of everybody.
        names = ", ".join(f"'{_quoted(name)}'" for name in sorted(have.open_rights))
        statements.append(f"DELETE FROM mysql.db WHERE User IN ('', 'PUBLIC') AND Db IN ({names})")
        statements.append("FLUSH PRIVILEGES")
    if "test" in have.databases - have.filled - want.databases:
        statements.append("DROP DATABASE `test`")
    if PASSWORD.search(have.users.get(f"root@{LOCAL}", User()).login):
        statements.append(f"ALTER USER `root`@`localhost` IDENTIFIED {login}")
    return statements


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")


def _plan_user(name: str, want: User, have: User | None) -> list[str]:
    statements = []
    if have is None:
        have = User(want.second or want.login, require=want.require)
        statements.append(f"CREATE USER {name} IDENTIFIED {have.login}{want.require}")
    statements += [f"ALTER USER {name} {each}" for each in _plan_login(want, have)]
    lacking = want.rights - have.rights
    if have.rights - want.rights:
        statements.append(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {name}")
        lacking = want.rights
    return statements + [f"GRANT {right} TO {name}" for right in sorted(lacking)]


def _plan_login(want: User, have: User) -> list[str]:
    """How to alter a user for other ways to log in. No password that is good before and after is
    refused in between."""
    steps = []
    differs = have.login != want.login or (want.require and have.require != want.require)
    if not want.second:
        if differs:
            steps.append(f"IDENTIFIED {want.login}{want.require}")
        if have.second:
            steps.append("DISCARD OLD PASSWORD")
    elif differs or have.second != want.second:
        # MySQL can retain the current password alone, so the previous one has to be that at first.
        if have.login != want.second:
            retain = RETAIN if have.login == want.login else ""
            steps.append(f"IDENTIFIED {want.second}{retain}{want.require}")
        steps.append(f"IDENTIFIED {want.login}{RETAIN}{want.require}")
    return steps


def _second(line: str) -> tuple[str, str]:
    account, _space, kept = line.rpartition(" ")
    return account, password.mysql_words(bytes.fromhex(kept).decode(errors="replace"))


def parse_users(lines: Sequence[str], seconds: Iterable[str] = ()) -> dict[str, User]:
    """The users, out of what SHOW CREATE USER and SHOW GRANTS print for them, and the flavor's
    query for second passwords."""
    known = filter(None, map(LOGIN.fullmatch, lines))
    logins = {_named(match): (match["login"], match["require"] or "") for match in known}
    rights: dict[str, set[str]] = {}
    for match in filter(None, map(GRANT.fullmatch, lines)):
        user, right = _named(match), f"{match['rights']} ON {match['on']}"
        if "GRANT OPTION" in (match["options"] or ""):
            right += " WITH GRANT OPTION"
        rights.setdefault(user, set())
        if right != "USAGE ON *.*":
            rights[user].add(right)
    second = dict(map(_second, seconds))
    found = {}
    for user, each in rights.items():
        login, require = logins.get(user, ("", ""))
        found[user] = User(login, frozenset(each), require, second.get(user, ""))
    return found

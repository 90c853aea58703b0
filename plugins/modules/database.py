#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database
author: The pyhost.flask developers (@pyhost)
short_description: Databases on MariaDB, each with a user who logs in by the socket
version_added: 0.1.0
description:
  - Makes the databases (utf8mb4) that are missing, and their users. A user logs in on this host as
    the system user of the same name, without a password, and has all rights on the user's
    databases, and no other ones. Rights and ways to log in that differ are corrected.
  - Databases and users that are not in O(databases) are not touched, and nothing is deleted.
  - It works as root by the server's own client, so that no library is needed on the host.
  - It speaks MariaDB's SQL. Oracle's MySQL calls the plugin C(auth_socket), has another syntax for
    it, and is not supported.
attributes:
  check_mode:
    description: Says what would be made, on a host without a server as well.
    support: full
  diff_mode:
    description: Shows the SQL statements.
    support: full
options:
  databases:
    description: The databases.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the database; letters, digits, C(_), C(-) and C($).
        type: str
        required: true
      user:
        description: The user of the database, of the same characters. One user may have several.
        type: str
        required: true
"""

EXAMPLES = r"""
- name: Make the databases
  pyhost.flask.database:
    databases:
      - {name: notes, user: notes}
"""

RETURN = r"""
statements:
  description: The SQL statements that were needed (in check mode, that would be).
  returned: success
  type: list
  elements: str
  sample: ["CREATE DATABASE `notes` CHARACTER SET utf8mb4"]
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ansible.module_utils.basic import AnsibleModule

CLIENT = ["--user=root", "--protocol=socket", "--batch", "--raw", "--skip-column-names"]
NO_SERVER = "ERROR 2002 "  # the client's number for a socket that nobody listens at
NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")
NAMES = """\
SELECT CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA;
SELECT CONCAT('user ', User) FROM mysql.user WHERE Host = 'localhost';
"""
GRANT = re.compile(
    r"GRANT (?P<rights>.+) ON (?P<on>.+) TO `(?P<user>[^`]+)`@`localhost`"
    r"(?: IDENTIFIED (?P<login>.+?))?(?: REQUIRE .+?)?(?: WITH (?P<options>.+))?"
)


class DatabaseError(Exception):
    """What kept the databases from being made; the text says what to do."""


class NoServerError(DatabaseError):
    """There is no server, or it does not run."""


@dataclass(frozen=True)
class User:
    """How a user logs in, and the rights, as the server writes them."""

    login: str = ""
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Server:
    """The databases on a server, and the users of this host."""

    databases: frozenset[str] = frozenset()
    users: dict[str, User] = field(default_factory=dict)


def all_rights(database: str) -> str:
    """All rights on one database. In this place _ would stand for any character."""
    pattern = database.replace("_", r"\_")
    return f"ALL PRIVILEGES ON `{pattern}`.*"


def wanted(databases: Iterable[dict[str, str]]) -> Server:
    """What the server should have. Raises DatabaseError for what is no name."""
    rights: dict[str, frozenset[str]] = {}
    names = set()
    for entry in databases:
        for name in (entry["name"], entry["user"]):
            if not NAME.fullmatch(name):
                raise DatabaseError(
                    f"{name!r} is no name here; use letters, digits, _, - and $, at most 64"
                )
        names.add(entry["name"])
        before = rights.get(entry["user"], frozenset())
        rights[entry["user"]] = before | {all_rights(entry["name"])}
    users = {name: User("VIA unix_socket", each) for name, each in rights.items()}
    return Server(frozenset(names), users)


def plan(want: Server, have: Server) -> list[str]:
    """The statements that give the server what it should have."""
    missing = sorted(want.databases - have.databases)
    statements = [f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4" for name in missing]
    for name, user in sorted(want.users.items()):
        statements += _plan_user(f"`{name}`@`localhost`", user, have.users.get(name))
    return statements


def _plan_user(name: str, want: User, have: User | None) -> list[str]:
    statements = []
    if have is None:
        statements.append(f"CREATE USER {name} IDENTIFIED {want.login}")
        have = User(want.login)
    elif have.login != want.login:
        statements.append(f"ALTER USER {name} IDENTIFIED {want.login}")
    lacking = want.rights - have.rights
    if have.rights - want.rights:
        statements.append(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {name}")
        lacking = want.rights
    return statements + [f"GRANT {right} TO {name}" for right in sorted(lacking)]


def parse_grants(lines: Iterable[str]) -> dict[str, User]:
    """The users, out of what SHOW GRANTS prints for them."""
    logins: dict[str, str] = {}
    rights: dict[str, set[str]] = {}
    for match in filter(None, map(GRANT.fullmatch, lines)):
        user, right = match["user"], f"{match['rights']} ON {match['on']}"
        if "GRANT OPTION" in (match["options"] or ""):
            right += " WITH GRANT OPTION"
        rights.setdefault(user, set())
        if match["on"] == "*.*":
            logins[user] = match["login"] or ""
        if right != "USAGE ON *.*":
            rights[user].add(right)
    return {user: User(logins.get(user, ""), frozenset(each)) for user, each in rights.items()}


def execute(module: AnsibleModule, statements: Sequence[str]) -> list[str]:
    """Run statements as the server's root; the lines that they print."""
    client = module.get_bin_path("mariadb")
    if client is None:
        raise NoServerError("MariaDB is not installed: there is no program mariadb")
    sql = "".join(f"{statement.rstrip().rstrip(';')};\n" for statement in statements)
    status, out, err = module.run_command([client, *CLIENT], data=sql)
    if status != 0:
        error = NoServerError if err.startswith(NO_SERVER) else DatabaseError
        raise error(f"MariaDB: {err.strip() or out.strip()}")
    return str(out).splitlines()


def observe(module: AnsibleModule, users: Iterable[str]) -> Server:
    """What the server has, of the users only some."""
    names = [line.partition(" ") for line in execute(module, NAMES.splitlines())]
    databases = frozenset(name for kind, _space, name in names if kind == "database")
    known = {name for kind, _space, name in names if kind == "user"}.intersection(users)
    shows = [f"SHOW GRANTS FOR `{user}`@`localhost`" for user in sorted(known)]
    return Server(databases, parse_grants(execute(module, shows)) if shows else {})


def change(module: AnsibleModule) -> list[str]:
    """Bring the databases about, unless in check mode; the statements for that."""
    want = wanted(module.params["databases"])
    try:
        have = observe(module, want.users)
    except NoServerError:
        # An earlier task would have installed and started it.
        if not module.check_mode:
            raise
        have = Server()
    statements = plan(want, have)
    if statements and not module.check_mode:
        execute(module, statements)
    return statements


def main() -> None:
    entry = {name: {"type": "str", "required": True} for name in ("name", "user")}
    spec = {"databases": {"type": "list", "elements": "dict", "required": True, "options": entry}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        statements = change(module)
    except DatabaseError as error:
        module.fail_json(msg=str(error))
    diff = {"before": "", "after": "".join(f"{line};\n" for line in statements)}
    module.exit_json(changed=bool(statements), statements=statements, diff=diff)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database
author: The pyhost.flask developers (@pyhost)
short_description: Databases on MariaDB or MySQL, their users, and the server's settings
version_added: 0.1.0
description:
  - Makes the databases (utf8mb4) that are missing, and their users. A user logs in on this host as
    the system user of the same name, without a password, and has all rights on the user's
    databases, and no other ones. Rights and ways to log in that differ are corrected.
  - Databases and users that are not in O(databases) are not touched, but for what O(secure) takes
    away.
  - With O(server), writes an option file for the server, once the server itself has found no
    mistake in it, and gives the running server the settings that it takes while it runs. A restart
    is a moment without a database, so the rest waits; RV(waiting) and a warning name it in each
    run. A server that has no database of anybody's yet is restarted at once.
  - Where the server refuses a setting, or does not start with it, the option file is as it was
    before, the server too, and the failure has the server's own words.
  - It works as root by the server's own client, so that no library is needed on the host.
attributes:
  check_mode:
    description: Says what would be made, on a host without a server as well.
    support: full
  diff_mode:
    description: Shows the option file and the SQL statements.
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
  server:
    description:
      - The server's own settings; without it, they are not looked at. The server then listens on
        this host alone, speaks utf8mb4, and keeps a quarter of the memory for its tables
        (C(innodb_buffer_pool_size)), for the apps need memory as well. The memory is what a
        container may use, where that is less.
    type: dict
    suboptions:
      settings:
        description: Settings by their names in an option file. They win over those above.
        type: dict
        default: {}
      slow_seconds:
        description:
          - Seconds after which a query is written into C(/var/log/mysql/slow.log); 0 is never.
            Debian's own rotation of C(/var/log/mysql) takes care of it.
        type: float
        default: 0
      restart:
        description: Whether to restart the server where a setting is waiting for that.
        type: bool
        default: false
      service:
        description: The server's unit; by default C(mariadb.service) or C(mysql.service).
        type: str
      path:
        description:
          - The option file; by default C(70-pyhost-flask.cnf) in C(/etc/mysql/mariadb.conf.d) or
            C(/etc/mysql/mysql.conf.d).
        type: path
  flavor:
    description: Whether the server is MariaDB, or MySQL as Oracle makes it.
    type: str
    choices: [mariadb, mysql]
    default: mariadb
  secure:
    description:
      - Whether to take away what an old server, or a hurried guide, has left open - users without a
        name, root from other hosts or by a password, and the database C(test) with everybody's
        rights on it. A database C(test) that holds tables, or that is in O(databases), stays.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Make the databases
  pyhost.flask.database:
    databases:
      - {name: notes, user: notes}
    server:
      slow_seconds: 2
      settings: {max_connections: 300, innodb_buffer_pool_size: 2G}
"""

RETURN = r"""
statements:
  description: The SQL statements that were needed (in check mode, that would be).
  returned: success
  type: list
  elements: str
  sample: ["CREATE DATABASE `notes` CHARACTER SET utf8mb4"]
waiting:
  description: The settings that only a restart brings about.
  returned: with O(server)
  type: list
  elements: str
restarted:
  description: Whether the server was restarted (in check mode, would be).
  returned: with O(server)
  type: bool
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils import _database_settings_host
from ansible_collections.pyhost.flask.plugins.module_utils._mysql import (
    Client,
    DatabaseError,
    NoServerError,
)
from ansible_collections.pyhost.flask.plugins.module_utils._mysql_flavor import FLAVORS

NAMED: dict[str, Any] = {name: {"type": "str", "required": True} for name in ("name", "user")}
SPEC: dict[str, Any] = {
    "databases": {"type": "list", "elements": "dict", "required": True, "options": NAMED},
    "server": {
        "type": "dict",
        "options": {
            "settings": {"type": "dict", "default": {}},
            "slow_seconds": {"type": "float", "default": 0},
            "restart": {"type": "bool", "default": False},
            "service": {"type": "str"},
            "path": {"type": "path"},
        },
    },
    "secure": {"type": "bool", "default": False},
    "flavor": {"type": "str", "choices": [*FLAVORS], "default": "mariadb"},
}
NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")
NAMES = """\
SELECT CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA;
SELECT CONCAT('user ', User) FROM mysql.user WHERE Host = 'localhost';
SELECT CONCAT('open ', User, '@', Host) FROM mysql.user
  WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
SELECT CONCAT('right ', Db) FROM mysql.db WHERE User IN ('', 'PUBLIC') AND Db LIKE 'test%';
SELECT CONCAT('filled ', TABLE_SCHEMA) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'test';
"""
# A hash that a password fits to; Debian's own server has 'invalid' in this place.
PASSWORD = re.compile(r"USING '\*|BY PASSWORD '\*")
GRANT = re.compile(
    r"GRANT (?P<rights>.+) ON (?P<on>.+) TO `(?P<user>[^`]+)`@`localhost`"
    r"(?: IDENTIFIED .+?)?(?: REQUIRE .+?)?(?: WITH (?P<options>.+))?"
)
LOGIN = re.compile(
    r"CREATE USER `(?P<user>[^`]+)`@`localhost` IDENTIFIED (?P<login>.+?)"
    r"(?: (?:REQUIRE|WITH MAX_\w+|PASSWORD EXPIRE|ACCOUNT)\b.*)?"
)


@dataclass(frozen=True)
class User:
    """How a user logs in, and the rights, as the server writes them."""

    login: str = ""
    rights: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Server:
    """The databases on a server, the users of this host, and what stands open."""

    databases: frozenset[str] = frozenset()
    users: dict[str, User] = field(default_factory=dict)
    open_accounts: frozenset[str] = frozenset()  # name@host: nameless, or root from elsewhere
    open_rights: frozenset[str] = frozenset()  # databases on which everybody has rights
    filled: frozenset[str] = frozenset()  # of these databases those that hold tables


def all_rights(database: str) -> str:
    """All rights on one database. In this place _ would stand for any character."""
    pattern = database.replace("_", r"\_")
    return f"ALL PRIVILEGES ON `{pattern}`.*"


def wanted(databases: Iterable[dict[str, str]], login: str) -> Server:
    """What the server should have, with users who log in like this. Raises DatabaseError for what
    is no name."""
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
    users = {name: User(login, each) for name, each in rights.items()}
    return Server(frozenset(names), users)


def plan(want: Server, have: Server) -> list[str]:
    """The statements that give the server what it should have."""
    missing = sorted(want.databases - have.databases)
    statements = [f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4" for name in missing]
    for name, user in sorted(want.users.items()):
        statements += _plan_user(f"`{name}`@`localhost`", user, have.users.get(name))
    return statements


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
    if PASSWORD.search(have.users.get("root", User()).login):
        statements.append(f"ALTER USER `root`@`localhost` IDENTIFIED {login}")
    return statements


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "''")


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


def parse_users(lines: Sequence[str]) -> dict[str, User]:
    """The users, out of what SHOW CREATE USER and SHOW GRANTS print for them."""
    logins = {match["user"]: match["login"] for match in map(LOGIN.fullmatch, lines) if match}
    rights: dict[str, set[str]] = {}
    for match in filter(None, map(GRANT.fullmatch, lines)):
        user, right = match["user"], f"{match['rights']} ON {match['on']}"
        if "GRANT OPTION" in (match["options"] or ""):
            right += " WITH GRANT OPTION"
        rights.setdefault(user, set())
        if right != "USAGE ON *.*":
            rights[user].add(right)
    return {user: User(logins.get(user, ""), frozenset(each)) for user, each in rights.items()}


def observe(client: Client, users: Iterable[str]) -> Server:
    """What the server has, of the users only some."""
    found: dict[str, set[str]] = {}
    for line in client.execute(NAMES.split(";\n")[:-1]):
        kind, _space, name = line.partition(" ")
        found.setdefault(kind, set()).add(name)
    known = found.get("user", set()).intersection({*users, "root"})
    accounts = [f"`{user}`@`localhost`" for user in sorted(known)]
    shows = [f"SHOW {what} {each}" for each in accounts for what in ("CREATE USER", "GRANTS FOR")]
    kinds = [frozenset(found.get(kind, ())) for kind in ("database", "open", "right", "filled")]
    databases, *open_ones = kinds
    return Server(databases, parse_users(client.execute(shows)) if shows else {}, *open_ones)


def change(client: Client) -> list[str]:
    """Bring the databases about, unless in check mode; the statements for that."""
    module, login = client.module, client.flavor.socket_login
    want = wanted(module.params["databases"], login)
    try:
        have = observe(client, want.users)
    except NoServerError:
        # An earlier task would have installed and started it.
        if not module.check_mode:
            raise
        have = Server()
    closing = plan_secure(want, have, login) if module.params["secure"] else []
    statements = [*closing, *plan(want, have)]
    if statements and not module.check_mode:
        client.execute(statements)
    return statements


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    client = Client(module, FLAVORS[module.params["flavor"]])
    server = module.params["server"]
    diffs = []
    result: dict[str, Any] = {"changed": False, "statements": []}
    try:
        if server is not None:
            result = _database_settings_host.bring_about(client, server)
            diffs.append(result.pop("diff"))
        statements = change(client)
    except DatabaseError as error:
        module.fail_json(msg=str(error))
    diffs.append({"before": "", "after": "".join(f"{line};\n" for line in statements)})
    result["changed"] = result["changed"] or bool(statements)
    result["statements"] = [*result["statements"], *statements]
    module.exit_json(**result, diff=diffs)


if __name__ == "__main__":
    main()

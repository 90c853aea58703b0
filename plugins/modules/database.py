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
    the system user of the same name, without a password, or from other hosts, and has all rights on
    the user's databases, and no other ones. Rights and ways to log in that differ are corrected.
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
      hosts:
        description:
          - The other hosts that the user comes from, by addresses or by names that this host knows.
            The user then logs in from there alone, over TLS and by a password, and has the rights
            on what a restore or a drill makes beside the database as well. From addresses that are
            not here any more, the user is removed.
        type: list
        elements: str
        default: []
      secret:
        description: With C(hosts), the name of the user's password in O(passwords).
        type: str
        default: ""
  passwords:
    description: The passwords by their names.
    type: dict
    default: {}
  former:
    description:
      - The passwords that they replace, which the users may log in by as well; in the middle of a
        rotation.
    type: dict
    default: {}
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
      address:
        description:
          - The name or address by which users on other hosts reach the server. It listens for them
            then, and has a certificate of this name, which is made once.
        type: str
        default: ""
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
empty:
  description: Those of the databases that hold no table.
  returned: success
  type: list
  elements: str
clients:
  description: The addresses of all C(hosts).
  returned: success
  type: list
  elements: str
certificate:
  description: The server's certificate, in PEM; empty without an address.
  returned: with O(server)
  type: str
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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils import _database_settings_host
from ansible_collections.pyhost.flask.plugins.module_utils._apps_fleet import SCRATCH
from ansible_collections.pyhost.flask.plugins.module_utils._database_remote import (
    SETTINGS,
    addresses,
    certificate,
    password_login,
)
from ansible_collections.pyhost.flask.plugins.module_utils._mysql import (
    Client,
    DatabaseError,
    NoServerError,
)
from ansible_collections.pyhost.flask.plugins.module_utils._mysql_flavor import FLAVORS

DATABASE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "secret": {"type": "str", "default": "", "no_log": False},  # its name
}
SPEC: dict[str, Any] = {
    "databases": {"type": "list", "elements": "dict", "required": True, "options": DATABASE},
    "passwords": {"type": "dict", "default": {}, "no_log": True},
    "former": {"type": "dict", "default": {}, "no_log": True},
    "server": {
        "type": "dict",
        "options": {
            "settings": {"type": "dict", "default": {}},
            "slow_seconds": {"type": "float", "default": 0},
            "restart": {"type": "bool", "default": False},
            "service": {"type": "str"},
            "address": {"type": "str", "default": ""},
            "path": {"type": "path"},
        },
    },
    "secure": {"type": "bool", "default": False},
    "flavor": {"type": "str", "choices": [*FLAVORS], "default": "mariadb"},
}
Secrets = Mapping[str, str]
LOCAL = "localhost"
SSL = " REQUIRE SSL"
NAME = re.compile(r"[A-Za-z0-9_$-]{1,64}")
NAMES = """\
SELECT CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA;
SELECT CONCAT('user ', User, '@', Host) FROM mysql.user;
SELECT CONCAT('open ', User, '@', Host) FROM mysql.user
  WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
SELECT CONCAT('right ', Db) FROM mysql.db WHERE User IN ('', 'PUBLIC') AND Db LIKE 'test%';
SELECT DISTINCT CONCAT('filled ', TABLE_SCHEMA) FROM information_schema.TABLES;
"""
HASH = re.compile(r"\*[0-9A-F]{40}")
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
    """How a user logs in, and the rights, as the server writes them."""

    login: str = ""
    rights: frozenset[str] = frozenset()
    require: str = ""


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
    databases: Iterable[dict[str, Any]], login: str, passwords: Secrets, former: Secrets
) -> Server:
    """What the server should have, with users who log in on this host like this, and from others by
    their passwords. Raises DatabaseError for what is no name."""
    users: dict[str, User] = {}
    names = set()
    for entry in databases:
        for name in (entry["name"], entry["user"]):
            if not NAME.fullmatch(name):
                raise DatabaseError(
                    f"{name!r} is no name here; use letters, digits, _, - and $, at most 64"
                )
        names.add(entry["name"])
        purposes = SCRATCH if entry["hosts"] else ()
        own = {all_rights(f"{entry['name']}{end}") for end in ("", *(f"_{p}_" for p in purposes))}
        for host in entry["hosts"] or [LOCAL]:
            account = f"{entry['user']}@{host}"
            rights = own | users.get(account, User()).rights
            if entry["hosts"]:
                by = password_login(entry["secret"], passwords, former)
                users[account] = User(by, frozenset(rights), SSL)
            else:
                users[account] = User(login, frozenset(rights))
    return Server(frozenset(names), users)


def plan(want: Server, have: Server) -> list[str]:
    """The statements that give the server what it should have."""
    missing = sorted(want.databases - have.databases)
    statements = [f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4" for name in missing]
    for account, user in sorted(want.users.items()):
        statements += _plan_user(_account(account), user, have.users.get(account))
    return statements + [f"DROP USER {_account(each)}" for each in sorted(gone(want, have))]


def gone(want: Server, have: Server) -> set[str]:
    """The accounts of the same users from hosts that do not serve their apps any more. One of this
    host stays: an app that has just been moved may still use it."""
    elsewhere = {each for each in have.users if not each.endswith(f"@{LOCAL}")}
    remote = {_user(account) for account, user in want.users.items() if user.require}
    return {each for each in elsewhere - {*want.users} if _user(each) in remote}


def _named(match: re.Match[str]) -> str:
    return f"{match['user']}@{match['host']}"


def _user(account: str) -> str:
    return account.rpartition("@")[0]


def _account(account: str) -> str:
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
        statements.append(f"CREATE USER {name} IDENTIFIED {want.login}{want.require}")
        have = User(want.login)
    elif have.login != want.login or (want.require and have.require != want.require):
        statements.append(f"ALTER USER {name} IDENTIFIED {want.login}{want.require}")
    lacking = want.rights - have.rights
    if have.rights - want.rights:
        statements.append(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {name}")
        lacking = want.rights
    return statements + [f"GRANT {right} TO {name}" for right in sorted(lacking)]


def parse_users(lines: Sequence[str]) -> dict[str, User]:
    """The users, out of what SHOW CREATE USER and SHOW GRANTS print for them."""
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
    found = {}
    for user, each in rights.items():
        login, require = logins.get(user, ("", ""))
        found[user] = User(login, frozenset(each), require)
    return found


def observe(client: Client, users: Iterable[str]) -> Server:
    """What the server has, of the users only some."""
    found: dict[str, set[str]] = {}
    for line in client.execute(NAMES.split(";\n")[:-1]):
        kind, _space, name = line.partition(" ")
        found.setdefault(kind, set()).add(name)
    names = {*map(_user, users)}
    accounts = found.get("user", set())
    known = {each for each in accounts if _user(each) in names or each == f"root@{LOCAL}"}
    quoted = [_account(each) for each in sorted(known)]
    shows = [f"SHOW {what} {each}" for each in quoted for what in ("CREATE USER", "GRANTS FOR")]
    kinds = [frozenset(found.get(kind, ())) for kind in ("database", "open", "right", "filled")]
    databases, *open_ones = kinds
    return Server(databases, parse_users(client.execute(shows)) if shows else {}, *open_ones)


def change(client: Client) -> dict[str, Any]:
    """Bring the databases about, unless in check mode; the result, as the module gives it."""
    module, login = client.module, client.flavor.socket_login
    params = module.params
    known = addresses({host for entry in params["databases"] for host in entry["hosts"]})
    databases = [
        {**entry, "hosts": [each for host in entry["hosts"] for each in known[host]]}
        for entry in params["databases"]
    ]
    want = wanted(databases, login, params["passwords"], params["former"])
    try:
        have = observe(client, want.users)
    except NoServerError:
        # An earlier task would have installed and started it.
        if not module.check_mode:
            raise
        have = Server()
    closing = plan_secure(want, have, login) if params["secure"] else []
    statements = [*closing, *plan(want, have)]
    if statements and not module.check_mode:
        client.execute(statements)
    return {
        "statements": [HASH.sub("*", line) for line in statements],
        "empty": sorted(want.databases - have.filled),
        "clients": sorted({each for entry in databases for each in entry["hosts"]}),
    }


def serve(client: Client, server: dict[str, Any]) -> dict[str, Any]:
    """Bring the server's settings about; for users on other hosts, its certificate first."""
    module = client.module
    new, pem = certificate(module, server["address"]) if server["address"] else (False, "")
    result = _database_settings_host.bring_about(client, server)
    if new and not module.check_mode:
        client.execute(["FLUSH SSL"])
    deaf = sorted({*SETTINGS} & {*result["waiting"]})
    if server["address"] and deaf and not (module.check_mode or result["restarted"]):
        raise DatabaseError(
            f"The server has to be restarted for {', '.join(deaf)}, or no other host reaches its"
            " databases. That is a moment without them, so it is done when you say so:"
            " -e mysql_restart=true"
        )
    return {**result, "changed": result["changed"] or new, "certificate": pem}


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    client = Client(module, FLAVORS[module.params["flavor"]])
    server = module.params["server"]
    diffs = []
    result: dict[str, Any] = {"changed": False, "statements": []}
    try:
        if server is not None:
            result = serve(client, server)
            diffs.append(result.pop("diff"))
        made = change(client)
    except DatabaseError as error:
        module.fail_json(msg=str(error))
    statements = made["statements"]
    diffs.append({"before": "", "after": "".join(f"{line};\n" for line in statements)})
    made["changed"] = result["changed"] or bool(statements)
    made["statements"] = [*result["statements"], *statements]
    module.exit_json(**{**result, **made}, diff=diffs)


if __name__ == "__main__":
    main()

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
  previous:
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
          - The option file; by default C(/etc/mysql/mariadb.conf.d/70-pyhost-flask.cnf) or
            C(/etc/mysql/mysql.conf.d/pyhost-flask.cnf).
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

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._database import (
    remote_access,
    settings_host,
    users,
)
from ansible_collections.pyhost.flask.plugins.module_utils._database.client import (
    Client,
    NoServerError,
)
from ansible_collections.pyhost.flask.plugins.module_utils._database.flavor import FLAVORS
from ansible_collections.pyhost.flask.plugins.module_utils._database.remote_access import SETTINGS
from ansible_collections.pyhost.flask.plugins.module_utils._database.users import (
    HASH,
    LOCAL,
    Server,
    User,
)

DATABASE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "secret": {"type": "str", "default": "", "no_log": False},  # its name
}
SPEC: dict[str, Any] = {
    "databases": {"type": "list", "elements": "dict", "required": True, "options": DATABASE},
    "passwords": {"type": "dict", "default": {}, "no_log": True},
    "previous": {"type": "dict", "default": {}, "no_log": True},
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
NAMES = """\
SELECT CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA;
SELECT CONCAT('user ', User, '@', Host) FROM mysql.user;
SELECT CONCAT('open ', User, '@', Host) FROM mysql.user
  WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
SELECT CONCAT('right ', Db) FROM mysql.db WHERE User IN ('', 'PUBLIC') AND Db LIKE 'test%';
SELECT DISTINCT CONCAT('filled ', TABLE_SCHEMA) FROM information_schema.TABLES;
"""


def observe(client: Client, wanted_users: Mapping[str, User]) -> Server:
    """What the server has, of the users only some."""
    found: dict[str, set[str]] = {}
    served = any(user.require for user in wanted_users.values())
    seconds = client.flavor.second_passwords if served else ()
    for line in client.execute([*NAMES.split(";\n")[:-1], *seconds]):
        kind, _space, name = line.partition(" ")
        found.setdefault(kind, set()).add(name)
    names = {*map(users.user_of, wanted_users)}
    accounts = found.get("user", set())
    known = {each for each in accounts if users.user_of(each) in names or each == f"root@{LOCAL}"}
    quoted = [users.in_sql(each) for each in sorted(known)]
    shows = [f"SHOW {what} {each}" for each in quoted for what in ("CREATE USER", "GRANTS FOR")]
    kinds = [frozenset(found.get(kind, ())) for kind in ("database", "open", "right", "filled")]
    databases, *open_ones = kinds
    lines = client.execute(shows) if shows else []
    return Server(databases, users.parse_users(lines, found.get("second", ())), *open_ones)


def change(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Bring the databases about, unless in check mode; the result, as the module gives it."""
    module, flavor = client.module, client.flavor
    known = remote_access.addresses(
        {host for entry in params["databases"] for host in entry["hosts"]}
    )
    databases = [
        {**entry, "hosts": [each for host in entry["hosts"] for each in known[host]]}
        for entry in params["databases"]
    ]
    want = users.wanted(databases, flavor, params["passwords"], params["previous"])
    try:
        have = observe(client, want.users)
    except NoServerError:
        # An earlier task would have installed and started it.
        if not module.check_mode:
            raise
        have = Server()
    closing = users.plan_secure(want, have, flavor.socket_login) if params["secure"] else []
    statements = [*closing, *users.plan(want, have)]
    if statements and not module.check_mode:
        client.execute(statements)
    return {
        "statements": [HASH.sub("*", line) for line in statements],
        "empty": sorted(want.databases - have.filled),
        "clients": sorted({each for entry in databases for each in entry["hosts"]}),
    }


def _deaf(settings: str, restarted: bool) -> str:
    if restarted:
        return (
            f"The server has been restarted, and {settings} of its option file does not hold, so no"
            " other host reaches its databases: another file, or mysql_settings, says otherwise"
        )
    return (
        f"The server has to be restarted for {settings}, or no other host reaches its databases."
        " That is a moment without them, so it is done when you say so: -e mysql_restart=true"
    )


def serve(client: Client, server: dict[str, Any]) -> dict[str, Any]:
    """Bring the server's settings about; for users on other hosts, its certificate first."""
    module = client.module
    new, pem = (
        remote_access.certificate(module, server["address"]) if server["address"] else (False, "")
    )
    result = settings_host.bring_about(client, server)
    new_path = any(each.startswith("SET GLOBAL ssl_") for each in result["statements"])
    if (new or new_path) and not module.check_mode:
        client.execute([client.flavor.reload_tls])
    deaf = sorted({*SETTINGS} & {*result["waiting"]})
    if server["address"] and deaf and not module.check_mode:
        raise UserError(_deaf(", ".join(deaf), result["restarted"]))
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
        made = change(client, module.params)
    except UserError as error:
        module.fail_json(msg=str(error))
    statements = made["statements"]
    diffs.append({"before": "", "after": "".join(f"{line};\n" for line in statements)})
    made["changed"] = result["changed"] or bool(statements)
    made["statements"] = [*result["statements"], *statements]
    module.exit_json(**{**result, **made}, diff=diffs)


if __name__ == "__main__":
    main()

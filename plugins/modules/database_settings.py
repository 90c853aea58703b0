#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: database_settings
author: The pyhost.flask developers (@pyhost)
short_description: Settings of MariaDB, without a restart where that is possible
version_added: 0.1.0
description:
  - Writes an option file for the server, once the server itself has found no mistake in it, and
    gives the running server the settings that it takes while it runs.
  - A restart is a moment without a database, so the rest waits. RV(waiting) and a warning name it,
    in each run. A server that has no database of anybody's yet is restarted at once.
  - Where the server refuses a setting, or does not start with it, the option file is as it was
    before, the server too, and the failure has the server's own words.
  - Without O(settings), the server listens on this host alone, speaks utf8mb4, and keeps a quarter
    of the memory for its tables (C(innodb_buffer_pool_size)), for the apps need memory as well. The
    memory is what a container may use, where that is less.
attributes:
  check_mode:
    description: Says what would be done, on a host without a server as well.
    support: full
  diff_mode:
    description: Shows the option file, and the SQL statements for the running server.
    support: full
options:
  settings:
    description: Settings by their names in an option file. They win over the module's own.
    type: dict
    default: {}
  slow_seconds:
    description:
      - Seconds after which a query is written into C(/var/log/mysql/slow.log); 0 is never. Debian's
        own rotation of C(/var/log/mysql) takes care of it.
    type: float
    default: 0
  restart:
    description: Whether to restart the server where a setting is waiting for that.
    type: bool
    default: false
  service:
    description: The server's unit.
    type: str
    default: mariadb.service
  path:
    description: The option file.
    type: path
    default: /etc/mysql/mariadb.conf.d/70-pyhost-flask.cnf
"""

EXAMPLES = r"""
- name: Set up the server
  pyhost.flask.database_settings:
    slow_seconds: 2
    settings: {max_connections: 300, innodb_buffer_pool_size: 2G}
"""

RETURN = r"""
statements:
  description: The SQL statements that the running server needed (in check mode, would need).
  returned: success
  type: list
  elements: str
  sample: ["SET GLOBAL max_connections = 300"]
waiting:
  description: The settings that only a restart brings about.
  returned: success
  type: list
  elements: str
restarted:
  description: Whether the server was restarted (in check mode, would be).
  returned: success
  type: bool
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._database_settings import (
    Plan,
    Server,
    complaints,
    defaults,
    differing,
    merged,
    plan,
)
from ansible_collections.pyhost.flask.plugins.module_utils._mysql import (
    DatabaseError,
    NoServerError,
    execute,
)
from ansible_collections.pyhost.flask.plugins.module_utils._services import systemd_runs

STATE = """\
SELECT CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA;
SELECT CONCAT(IF(READ_ONLY = 'YES', 'fixed ', 'free '), LOWER(VARIABLE_NAME), ' ', GLOBAL_VALUE)
FROM information_schema.SYSTEM_VARIABLES WHERE GLOBAL_VALUE IS NOT NULL;
"""
LOGS = Path("/var/log/mysql")
LOG_LINES = 60


def memory() -> int:
    """The bytes of memory that this host, or this container, may use."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal:")]
    with contextlib.suppress(OSError, IndexError):
        group = Path("/proc/self/cgroup").read_text(encoding="utf-8").strip().split("::")[1]
        folder = Path("/sys/fs/cgroup", group.lstrip("/"))
        for file in [parent / "memory.max" for parent in (folder, *folder.parents)]:
            if file.exists() and file.read_text(encoding="ascii").strip().isdigit():
                found.append(int(file.read_text(encoding="ascii")))
    return min(found)


def observe(module: AnsibleModule) -> Server:
    """The server as it is; in check mode also where there is none yet."""
    path = Path(module.params["path"])
    text = path.read_text(encoding="utf-8") if path.exists() else None
    try:
        lines = execute(module, STATE.split(";\n")[:-1])
    except NoServerError:
        # An earlier task would have installed and started it.
        if not module.check_mode:
            raise
        return Server(text)
    rows = [line.split(" ", 2) for line in lines]
    return Server(
        text,
        variables={row[1]: row[2] for row in rows if len(row) == 3 and row[0] in ("free", "fixed")},
        fixed=frozenset(row[1] for row in rows if row[0] == "fixed"),
        databases=frozenset(row[1] for row in rows if row[0] == "database"),
    )


def check(module: AnsibleModule, text: str) -> None:
    """Let the server itself read the settings beside all others. Raises DatabaseError."""
    program = module.get_bin_path("mariadbd", opt_dirs=["/usr/sbin"]) or "mariadbd"
    read = ["--user=mysql", "--verbose", "--help"]
    with tempfile.NamedTemporaryFile("w", suffix=".cnf", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        status, _out, said = module.run_command(
            [program, f"--defaults-extra-file={file.name}", *read]
        )
    if not status and not complaints(said):
        return
    _status, _out, before = module.run_command([program, *read])
    mistakes = complaints(said, before)
    if mistakes or status:
        words = "\n".join(mistakes) or said.strip()
        raise DatabaseError(f"MariaDB rejects the settings:\n{words}\nNothing was changed.")


def write(path: Path, text: str | None) -> None:
    """Replace a file at once; without a text, remove it."""
    if text is None:
        path.unlink(missing_ok=True)
        return
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.chmod(0o644)
    os.replace(new, path)


def make_log_folder() -> None:
    """Debian's package has it on 12 and no longer on 13, where the rotation still names it."""
    if not LOGS.exists():
        LOGS.mkdir()
        shutil.chown(LOGS, "mysql", "adm")
        LOGS.chmod(0o2750)


def restart(module: AnsibleModule) -> None:
    """Restart the server. Raises DatabaseError with the end of its log."""
    service = module.params["service"]
    if module.run_command(["service", service.removesuffix(".service"), "restart"])[0]:
        show = ["journalctl", f"--unit={service}", f"--lines={LOG_LINES}", "--output=cat"]
        log = module.run_command(show)[1].strip() if systemd_runs() else ""
        reasons = "\n".join(complaints(log)) or log
        raise DatabaseError(f"MariaDB does not start with the new settings:\n{reasons}")


def apply(
    module: AnsibleModule, settings: Mapping[str, str], have: Server, todo: Plan
) -> tuple[bool, Server]:
    """Do what is planned; whether the server was restarted, and how it is after that. Where
    something fails, all is as before."""
    path = Path(module.params["path"])
    if todo.text is not None:
        write(path, todo.text)
    if "slow_query_log_file" in settings:
        make_log_folder()
    try:
        if todo.statements:
            execute(module, todo.statements)
        # It may have taken less than it was given.
        have = observe(module) if todo.statements else have
        if differing(settings, have) and (module.params["restart"] or not have.used):
            restart(module)
            return True, observe(module)
    except DatabaseError as error:
        if todo.text is not None:
            write(path, todo.before)
        with contextlib.suppress(DatabaseError):
            try:
                execute(module, todo.back)
            except NoServerError:
                restart(module)
        raise DatabaseError(f"{error}\nThe settings are as before.") from error
    return False, have


def run(module: AnsibleModule) -> dict[str, Any]:
    """Bring the settings about, unless in check mode; the module's result."""
    params = module.params
    settings = merged(defaults(memory(), params["slow_seconds"]), params["settings"])
    have = observe(module)
    todo = plan(settings, have)
    if todo.text is not None and have.variables:
        check(module, todo.text)
    left = todo.waiting
    restarted = bool(left) and (params["restart"] or not have.used)
    if not module.check_mode:
        restarted, after = apply(module, settings, have, todo)
        left = differing(settings, after)
    if left and not restarted:
        module.warn(
            f"MariaDB has to be restarted for {', '.join(left)}. That is a moment without a"
            " database, so it is done when you say so: -e mysql_restart=true"
        )
    lines = "".join(f"{line};\n" for line in todo.statements)
    return {
        "changed": bool(todo.text or todo.statements or restarted),
        "statements": list(todo.statements),
        "waiting": list(left),
        "restarted": restarted,
        "diff": {
            "before": (have.text or "") if todo.text else "",
            "after": (todo.text or "") + lines,
            "before_header": params["path"],
            "after_header": params["path"],
        },
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "settings": {"type": "dict", "default": {}},
            "slow_seconds": {"type": "float", "default": 0},
            "restart": {"type": "bool", "default": False},
            "service": {"type": "str", "default": "mariadb.service"},
            "path": {
                "type": "path",
                "default": "/etc/mysql/mariadb.conf.d/70-pyhost-flask.cnf",
            },
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except DatabaseError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

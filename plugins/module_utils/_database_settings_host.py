# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the database server on this host its settings, and takes back those that it refuses."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def observe(module: Any, path: Path) -> Server:
    """The server as it is; in check mode also where there is none yet."""
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


def check(module: Any, text: str) -> None:
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


def restart(module: Any, service: str) -> None:
    """Restart the server. Raises DatabaseError with the end of its log."""
    if module.run_command(["service", service.removesuffix(".service"), "restart"])[0]:
        show = ["journalctl", f"--unit={service}", f"--lines={LOG_LINES}", "--output=cat"]
        log = module.run_command(show)[1].strip() if systemd_runs() else ""
        reasons = "\n".join(complaints(log)) or log
        raise DatabaseError(f"MariaDB does not start with the new settings:\n{reasons}")


def apply(
    module: Any, params: Mapping[str, Any], settings: Mapping[str, str], have: Server, todo: Plan
) -> tuple[bool, Server]:
    """Do what is planned; whether the server was restarted, and how it is after that. Where
    something fails, all is as before."""
    path = Path(params["path"])
    if todo.text is not None:
        write(path, todo.text)
    if "slow_query_log_file" in settings:
        make_log_folder()
    try:
        if todo.statements:
            execute(module, todo.statements)
        # It may have taken less than it was given.
        have = observe(module, path) if todo.statements else have
        if differing(settings, have) and (params["restart"] or not have.used):
            restart(module, params["service"])
            return True, observe(module, path)
    except DatabaseError as error:
        if todo.text is not None:
            write(path, todo.before)
        with contextlib.suppress(DatabaseError):
            try:
                execute(module, todo.back)
            except NoServerError:
                restart(module, params["service"])
        raise DatabaseError(f"{error}\nThe settings are as before.") from error
    return False, have


def bring_about(module: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the settings about, unless in check mode; the result, as the module gives it."""
    settings = merged(defaults(memory(), params["slow_seconds"]), params["settings"])
    have = observe(module, Path(params["path"]))
    todo = plan(settings, have)
    if todo.text is not None and have.variables:
        check(module, todo.text)
    left = todo.waiting
    restarted = bool(left) and (params["restart"] or not have.used)
    if not module.check_mode:
        restarted, after = apply(module, params, settings, have, todo)
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

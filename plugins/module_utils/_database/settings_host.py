# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the database server on this host its settings, and takes back those that it refuses."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable, services
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import AnsibleHost

from . import remote_access
from . import settings as database_settings
from .client import Client, NoServerError
from .flavor import FLAVORS
from .remote_access import SETTINGS
from .settings import Plan, Server

STATE = (
    "SELECT CONCAT('database ', SCHEMA_NAME) FROM information_schema.SCHEMATA",
    "SHOW GLOBAL VARIABLES",
)
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


def observe(client: Client, path: Path, settings: Mapping[str, str]) -> Server:
    """The server as it is; in check mode also where there is none yet."""
    text = path.read_text(encoding="utf-8") if path.exists() else None
    try:
        lines = client.execute(STATE)
    except NoServerError:
        # An earlier task would have installed and started it.
        if not client.module.check_mode:
            raise
        return Server(text)
    rows = [line.partition("\t") for line in lines]
    have = Server(
        text,
        variables={name.lower(): value for name, tab, value in rows if tab},
        databases=frozenset(
            name.partition(" ")[2] for name, tab, _value in rows if name.startswith("database ")
        ),
    )
    found = FLAVORS["mariadb" if "MariaDB" in have.variables["version"] else "mysql"]
    if found != client.flavor:
        raise UserError(
            f"the server on this host is {found.name}, and not {client.flavor.name}: set"
            " mysql_flavor to what it is"
        )
    asked = database_settings.changes(settings, have)
    refused = client.read_only([f"{name} = {value}" for name, value in asked.items()])
    return replace(have, fixed=frozenset(name for name, yes in zip(asked, refused) if yes))


def check(client: Client, text: str) -> None:
    """Let the server itself read the settings beside all others. Raises UserError."""
    module, flavor = client.module, client.flavor
    program = module.get_bin_path(flavor.server, opt_dirs=["/usr/sbin"]) or flavor.server
    read = ["--user=mysql", *flavor.check]
    with tempfile.NamedTemporaryFile("w", suffix=".cnf", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        status, _out, said = module.run_command(
            [program, f"--defaults-extra-file={file.name}", *read]
        )
    if not status and not database_settings.complaints(said):
        return
    _status, _out, before = module.run_command([program, *read])
    mistakes = database_settings.complaints(said, before)
    if mistakes or status:
        words = "\n".join(mistakes) or said.strip()
        raise UserError(f"{flavor.name} rejects the settings:\n{words}\nNothing was changed.")


def write(path: Path, text: str | None) -> None:
    """Replace a file at once; without a text, remove it."""
    if text is None:
        path.unlink(missing_ok=True)
        return
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.chmod(0o644)
    durable.replace(new, path)


def make_log_folder() -> None:
    """Debian's package has it on 12 and no longer on 13, where the rotation still names it."""
    if not LOGS.exists():
        LOGS.mkdir()
        shutil.chown(LOGS, "mysql", "adm")
        LOGS.chmod(0o2750)


def restart(client: Client, service: str, have: Server) -> None:
    """Restart the server. Raises UserError with the end of its log."""
    file = Path(have.variables.get("log_error", ""))
    before = file.stat().st_size if file.is_absolute() else 0
    unit = service.removesuffix(".service")
    if client.module.run_command(["service", unit, "restart"])[0]:
        log = journal(client.module, service)
        if file.is_absolute():  # MySQL's, while MariaDB writes to the journal
            log = file.read_bytes()[before:].decode(errors="replace").strip()
        reasons = "\n".join(database_settings.complaints(log)) or log
        raise UserError(f"{client.flavor.name} does not start with the new settings:\n{reasons}")


def journal(module: AnsibleHost, service: str) -> str:
    """The end of what a service has said."""
    show = ["journalctl", f"--unit={service}", f"--lines={LOG_LINES}", "--output=cat"]
    return str(module.run_command(show)[1]).strip() if services.systemd_runs() else ""


def apply(
    client: Client, params: Mapping[str, Any], settings: Mapping[str, str], have: Server, todo: Plan
) -> tuple[bool, Server]:
    """Do what is planned; whether the server was restarted, and how it is after that. Where
    something fails, all is as before."""
    path, service = Path(params["path"]), params["service"]
    if todo.text is not None:
        write(path, todo.text)
    if "slow_query_log_file" in settings:
        make_log_folder()
    try:
        if todo.statements:
            client.execute(todo.statements)
        # It may have taken less than it was given.
        have = observe(client, path, settings) if todo.statements else have
        if database_settings.differing(settings, have) and (params["restart"] or not have.used):
            restart(client, service, have)
            return True, observe(client, path, settings)
    except UserError as error:
        if todo.text is not None:
            write(path, todo.before)
        with contextlib.suppress(UserError):
            try:
                client.execute(todo.back)
            except NoServerError:
                restart(client, service, have)
        raise UserError(f"{error}\nThe settings are as before.") from error
    return False, have


def bring_about(client: Client, given: Mapping[str, Any]) -> dict[str, Any]:
    """Bring the settings about, unless in check mode; the result, as the module gives it."""
    module, flavor = client.module, client.flavor
    params = {
        **given,
        "path": given["path"] or flavor.options,
        "service": given["service"] or f"{flavor.client}.service",
    }
    own = database_settings.defaults(flavor, memory(), params["slow_seconds"])
    if params["address"]:
        own.update(SETTINGS)
    settings = database_settings.merged(own, params["settings"])
    have = observe(client, Path(params["path"]), settings)
    if params["address"] and have.variables:
        remote_access.check_version(flavor, have.variables["version"])
    todo = database_settings.plan(settings, have)
    if todo.text is not None and have.variables:
        check(client, todo.text)
    left = todo.waiting
    restarted = bool(left) and (params["restart"] or not have.used)
    if not module.check_mode:
        restarted, after = apply(client, params, settings, have, todo)
        left = database_settings.differing(settings, after)
    if left and not restarted:
        module.warn(
            f"{flavor.name} has to be restarted for {', '.join(left)}. That is a moment without a"
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

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program on the host that timers run, and what it writes down of each run.

The role ``backup`` puts this file there as it is, with those that it needs:

    python3 /usr/local/lib/pyhost-flask/backup backup NAME
    python3 /usr/local/lib/pyhost-flask/backup drill NAME
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import make, store, unpack
from .plan import Backup, Settings


def back_up(app: Settings) -> Backup | None:
    """Make a backup now, and run the user's command for it. None where there is nothing."""

    def work() -> Backup | None:
        backup = make.make(app)
        if backup and app.command:
            _command(app, Path(app.folder) / backup.id)
        return backup

    return _noted(app, "backup", work)


def drill(app: Settings) -> Backup | None:
    """See whether the newest backup can be restored. None where there never was one."""

    def work() -> Backup | None:
        known = store.read_state(app.name).get("backup", {}).get("backup")
        if not known and not store.backups(Path(app.folder)):
            return None
        return unpack.drill(app)

    return _noted(app, "drill", work)


def _noted(app: Settings, what: str, work: Callable[[], Backup | None]) -> Backup | None:
    begin, facts = time.time(), {"ok": False, "why": "", "backup": ""}
    try:
        backup = work()
        facts.update(ok=True, backup=backup.id if backup else "")
        return backup
    except UserError as error:
        facts.update(why=str(error))
        raise
    finally:
        now = time.time()
        write_state(app.name, what, {**facts, "when": int(now), "seconds": round(now - begin, 2)})


def _command(app: Settings, place: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", app.command],
        cwd="/",
        env={**os.environ, "BACKUP": str(place)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        said = done.stdout[-2000:].decode(errors="replace").strip()
        told = f"the command for it ended with status {done.returncode}: {said}"
        told = f"{app.name}: there is a backup in {place}, but {told}"
        raise UserError(make.without_secrets(app, told))


def write_state(name: str, what: str, facts: dict[str, Any]) -> None:
    """Write one of them down."""
    store.STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = store.STATE / f".{name}.{os.getpid()}"
    new.touch(0o600)
    new.write_text(
        json.dumps({**store.read_state(name), what: facts}, indent=2) + "\n", encoding="utf-8"
    )
    os.replace(new, store.STATE / f"{name}.json")


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the status to exit with."""
    actions = {"backup": back_up, "drill": drill}
    if len(arguments) != 2 or arguments[0] not in actions:
        sys.stderr.write("usage: backup|drill NAME\n")
        return 2
    what, name = arguments
    try:
        app = store.settings(name)
        backup = actions[what](app)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if backup is None:
        told = "there is nothing to back up, or to try out, yet"
    elif what == "drill":
        told = f"backup {backup.id} can be restored"
    else:
        told = f"{app.folder}/{backup.id}, {backup.size} bytes in {backup.seconds} s"
    sys.stdout.write(f"{name}: {told}\n")
    return 0

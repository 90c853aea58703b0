# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How an app's backups are, for ``app_info``."""

from __future__ import annotations

import calendar
import re
import subprocess
import time
from pathlib import Path
from typing import Any

from . import store
from .plan import REGULAR, TIME

UTC = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")
GRACE = 3600  # seconds for the random delay of a timer, and for the backup itself


def facts(name: str, now: float) -> dict[str, Any] | None:
    """The newest backup (``id``, ``when``, ``size``), why the last one ``failed``, and the last
    ``drill``; times are seconds since 1970. None where the role ``backup`` was never run.

    ``overdue``: two that should have been made since then were not.
    """
    file = store.FOLDER / f"{name}.json"
    if not file.exists():
        return None
    app, state = store.settings(name), store.read_state(name)
    found = [each for each in store.backups(Path(app.folder)) if each.kind == REGULAR]
    newest = found[0] if found else None
    when = calendar.timegm(time.strptime(newest.id, TIME)) if newest else None
    last = state.get("backup", {})
    # An app that has nothing yet has no backup either, and that is no failure.
    nothing = last.get("ok") and not last["backup"]
    since = last["when"] if nothing else when if when is not None else file.stat().st_mtime
    return {
        "id": newest.id if newest else "",
        "when": when,
        "size": newest.size if newest else 0,
        "kept": len(found),
        "overdue": bool(app.when) and second(app.when, since) + GRACE < now,
        "tried": last.get("when"),
        "failed": last.get("why", "").partition("\n")[0],
        "drill": state.get("drill"),
    }


def second(when: str, since: float) -> float:
    """The second time after ``since`` at which a timer elapses, ``when`` being its times."""
    argv = ["systemd-analyze", "calendar", f"--base-time=@{int(since)}", "--iterations=2", when]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return float("inf")  # nobody here knows these times: the host is not systemd's
    times = UTC.findall(done.stdout)  # where the host has another zone, they are given in both
    if len(times) < 2:
        return float("inf")  # a time that comes once
    return calendar.timegm(time.strptime(times[1], "%Y-%m-%d %H:%M:%S"))

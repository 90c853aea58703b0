# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timers of an app's schedules, which a package brings, and what they have started."""

from __future__ import annotations

from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from .settings import Settings

LISTING = ["systemctl", "list-units", "--all", "--plain", "--no-legend"]


def keep_time(host: Module, app: Settings) -> None:
    """Have the timers of the app's schedules run, and none of a version before."""
    _rc, listed, _err = host.run_command([*LISTING, _pattern(app, "timer")])
    former = {line.split()[0] for line in listed.splitlines()} - set(app["timers"])
    for what, timers in (("stop", sorted(former)), ("start", app["timers"])):
        if timers:
            rc, _out, err = host.run_command(["systemctl", what, *timers])
            if rc:  # such as of one that the administrator has masked; the traffic has moved
                host.warn(f"{app['service']['name']}: its schedules did not {what}: {err.strip()}")


def stop(host: Module, app: Settings, kind: str) -> None:
    """Stop the app's units of a kind (``timer``, ``service``), but for its slots."""
    host.run_command(["systemctl", "stop", _pattern(app, kind)])


def _pattern(app: Settings, kind: str) -> str:
    """The app's units of a kind besides its slots: their names have a dot after the app's."""
    return str(app["service"]["unit"]).replace("@.service", f".*.{kind}")

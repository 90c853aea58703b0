# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether services are enabled and run: those of systemd, asked for by one call for all of them,
and those of ``/etc/init.d`` where systemd does not run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from glob import glob
from itertools import zip_longest

SYSTEMD = "/run/systemd/system"  # sd_booted(3)
SET_UP = "/var/lib/pyhost-flask/config_set/gunicorn.json"  # config_set keeps it of that role
LINKS = "/etc/rc2.d/S??{}"  # what starts a service at boot; 2 is Debian's runlevel
GOOD = {"UnitFileState=enabled", "ActiveState=active"}
START = 'for name; do update-rc.d "$name" defaults; update-rc.d "$name" enable; done; '
START += 'for name; do service "$name" start || exit; done'
Run = Callable[[list[str]], tuple[int, str, str]]


def systemd_runs() -> bool:
    """Whether systemd has started this host."""
    return os.path.isdir(SYSTEMD)


def refusal(needs: Sequence[str]) -> str:
    """What keeps this host from being changed: what ``needs`` systemd, where it does not run."""
    if not needs or systemd_runs():
        return ""
    lines = "".join(f"\n  {need}" for need in needs)
    return f"systemd does not run on this host, and is needed. Nothing was changed here.{lines}"


def refusal_before_site(needs_site: bool) -> str:
    """The same of what needs a host on which the playbook site has run."""
    if not needs_site or os.path.exists(SET_UP):
        return ""
    return (
        "this host is not set up for apps yet. Run the playbook pyhost.flask.site first, which"
        " also deploys them. Nothing was changed here."
    )


def stopped(run: Run, services: Sequence[str]) -> list[str]:
    """The services, such as ``nginx.service``, that are not enabled or do not run."""
    if not services:
        return []
    if not systemd_runs():
        return [service for service in services if not _runs_at_boot_and_now(run, _script(service))]
    show = ["systemctl", "show", "--property=UnitFileState,ActiveState", *services]
    good = [set(state.split()) == GOOD for state in run(show)[1].split("\n\n")]
    return [service for service, fine in zip_longest(services, good) if service and not fine]


def start(services: Sequence[str]) -> list[str]:
    """The command that enables and starts services."""
    if systemd_runs():
        return ["systemctl", "enable", "--now", *services]
    return ["sh", "-c", START, "sh", *map(_script, services)]


def _runs_at_boot_and_now(run: Run, name: str) -> bool:
    return bool(glob(LINKS.format(name))) and run(["service", name, "status"])[0] == 0


def _script(service: str) -> str:
    """The service's script in ``/etc/init.d``."""
    return service.removesuffix(".service")

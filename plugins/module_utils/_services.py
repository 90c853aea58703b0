# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether systemd's services are enabled and run; by one call for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import zip_longest

GOOD = {"UnitFileState=enabled", "ActiveState=active"}
Run = Callable[[list[str]], tuple[int, str, str]]


def stopped(run: Run, services: Sequence[str]) -> list[str]:
    """The services that are not enabled or do not run; all of them where there is no systemd."""
    if not services:
        return []
    show = ["systemctl", "show", "--property=UnitFileState,ActiveState", *services]
    good = [set(state.split()) == GOOD for state in run(show)[1].split("\n\n")]
    return [service for service, fine in zip_longest(services, good) if service and not fine]


def start(services: Sequence[str]) -> list[str]:
    """The command that enables and starts services."""
    return ["systemctl", "enable", "--now", *services]

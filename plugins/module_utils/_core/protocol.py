# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions on the controller and the modules on a host say to each other."""

from __future__ import annotations

from typing import Any, TypedDict


class Owner(TypedDict):
    """A running play, which owns the lock of an app that it deploys (``_deploy_lock.record.Play``).

    ``started`` tells its process from a later one with the same number.
    """

    who: str
    controller: str
    pid: int
    started: str


class Play(Owner):
    """The play that a module is a step of: the module's option ``_play``."""

    dead: list[str]  # the owners of locks (``Play.id``) that the controller has seen to be gone
    last: bool  # whether the deploy ends with this step


# The module's option, and what a module returns of a lock that another play owns.
PLAY = "_play"
PLAY_OPTION: dict[str, Any] = {"type": "dict"}
LOCKED_BY = "locked_by"

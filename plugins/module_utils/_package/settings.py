# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a package says of its app."""

from __future__ import annotations

from typing import TypedDict

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Migration, Service


class Settings(TypedDict):
    """The app, as its package describes it: the file ``settings.json``."""

    service: Service
    migration: Migration
    group: str  # the web server's
    log: str  # the folder of its logs
    timers: list[str]  # of its schedules
    wsgi: str
    shared: list[str]  # folders that outlive releases
    keep: int  # how many releases stay
    once: list[str]  # commands of the first deploy
    commands: list[str]  # commands of each release
    required: list[str]  # variables that somebody has to fill in

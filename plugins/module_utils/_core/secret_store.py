# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a host keeps the secrets that were made: a file each, called by its name."""

from __future__ import annotations

FOLDER = "/var/lib/pyhost-flask/secrets"
PREVIOUS = ".previous"  # the end of the name of the file with a secret's previous value

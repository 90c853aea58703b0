# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user can cause, and what a user can do about it."""

from __future__ import annotations


class UserError(Exception):
    """Something that a user can cause. Its text becomes a module's ``msg``, and says what to do."""

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Web addresses with a user and a password in them, which nobody is to see."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit


@dataclass(frozen=True)
class Address:
    """A web address without its ``user`` and ``password``."""

    url: str
    user: str = ""
    password: str = ""

    @property
    def secrets(self) -> set[str]:
        """What must not be shown. A long user without a password is a token."""
        return {self.password} - {""} or ({self.user} if len(self.user) >= 16 else set())


def parse(url: str) -> Address:
    """The parts of an address; the user and the password of anything but HTTP stay in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return Address(url)
    login, _at, host = parts.netloc.rpartition("@")
    user, _colon, password = login.partition(":")
    bare = urlunsplit((parts.scheme, host, *parts[2:]))
    return Address(bare, unquote(user), unquote(password))

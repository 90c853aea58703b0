# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._database import (
    password as database_password,
)

LONG = "we have a short salt string but not a short password"


# As crypt(3) of glibc made them.
@pytest.mark.parametrize(
    ("password", "salt", "rounds", "digest"),
    [
        ("Hello world!", "saltstring", 5000, "5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
        (LONG, "short", 77777, "JiO1O3ZpDAxGJeaDIuqCoEFysAe1mZNJRs3pw0KQRd/"),
        ("a" * 64, "0123456789abcdef", 5000, "syekyCzp6hvow/WAUMJORMM0QQUnWDT71nqHVDZ7b0D"),
        ("é" * 40, "q", 5000, "kloY9y33FKRq42mNAMKq3SQ4/RZee7JAFbF7cI7taj1"),
    ],
)
def test_sha256_crypt(password: str, salt: str, rounds: int, digest: str) -> None:
    assert database_password.sha256_crypt(password.encode(), salt.encode(), rounds) == digest


def test_what_mysql_keeps() -> None:
    """A server that was given this let the user in by this password."""
    kept = database_password.mysql_hash("n" * 64, "c@%")
    assert kept == "$A$005$f535ced346b30bdba90ajVih5RZ9/BY48IFKBe4IxoGtv3fkk4rpaVcM3QzuW2D"
    assert database_password.mysql_hash("n" * 64, "c@localhost") != kept


def test_what_mariadb_keeps() -> None:
    assert database_password.mariadb_hash("new") == "*6FE2B845E049CDA9EFED8CFAF265CD29622FD852"

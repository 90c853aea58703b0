# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords as MariaDB and MySQL keep them, so that no statement ever holds one, and what a server
has can be compared with what it should have. Nothing in this file reads or writes anything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

DIGITS = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SALT = 20  # characters; crypt(3) takes 16 at most
THOUSANDS = 5  # of rounds: what all servers know that have this plugin


def mariadb_login(passwords: Sequence[str], _account: str) -> tuple[str, str]:
    """How an account logs in by any of some passwords, in the words of SHOW CREATE USER. MariaDB
    knows several ways for one account, so the second text is empty."""
    known = [mariadb_hash(each) for each in passwords]
    if len(known) == 1:
        return f"BY PASSWORD '{known[0]}'", ""
    return "VIA " + " OR ".join(f"mysql_native_password USING '{each}'" for each in known), ""


def mysql_login(passwords: Sequence[str], account: str) -> tuple[str, str]:
    """The same for MySQL, by the first password, and by the second one that an account may have
    beside it (RETAIN CURRENT PASSWORD)."""
    known = [mysql_words(mysql_hash(each, account)) for each in passwords]
    return known[0], "".join(known[1:])


def mysql_words(kept: str) -> str:
    """How an account logs in whose password is kept like this."""
    return f"WITH 'caching_sha2_password' AS '{kept}'"


def mariadb_hash(password: str) -> str:
    """As MariaDB's PASSWORD() makes it."""
    once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()


def mysql_hash(password: str, account: str) -> str:
    """As MySQL's caching_sha2_password keeps it.

    The server would choose a salt by chance, and nobody could see whether it has the password that
    it should have. This one follows from the account alone, so it tells nothing of the password.
    """
    salt = hashlib.sha256(account.encode()).hexdigest()[:SALT]
    digest = sha256_crypt(password.encode(), salt.encode(), THOUSANDS * 1000)
    return f"$A${THOUSANDS:03X}${salt}{digest}"


def sha256_crypt(password: bytes, salt: bytes, rounds: int) -> str:
    """The digest of https://www.akkadia.org/drepper/SHA-crypt.txt, with a salt of any length.
    Python had it in its module ``crypt``, up to 3.12."""
    sha = hashlib.sha256
    length = len(password)
    other = sha(password + salt + password).digest()
    start = sha(password + salt + _repeated(other, length))
    bits = length
    while bits:
        start.update(other if bits & 1 else password)
        bits >>= 1
    digest = start.digest()
    key = _repeated(sha(password * length).digest(), length)
    seed = _repeated(sha(salt * (16 + digest[0])).digest(), len(salt))
    for number in range(rounds):
        text = key if number % 2 else digest
        text += seed if number % 3 else b""
        text += key if number % 7 else b""
        digest = sha(text + (digest if number % 2 else key)).digest()
    return _in_digits(digest)


def _repeated(text: bytes, length: int) -> bytes:
    return (text * (length // len(text) + 1))[:length]


def _in_digits(digest: bytes) -> str:
    """Of each three bytes four digits of 64, in the order that the specification lists."""
    orders = [(0, 10, 20)]
    while len(orders) < 10:
        first, second, third = orders[-1]
        orders.append((third + 1, first + 1, second + 1))
    groups = [(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in orders]
    groups.append((digest[31] << 8 | digest[30], 3))
    return "".join(
        DIGITS[value >> 6 * place & 63] for value, size in groups for place in range(size)
    )

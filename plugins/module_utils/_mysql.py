# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking the database server on this host, as its root, by its own client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

CLIENT = ["--user=root", "--protocol=socket", "--batch", "--raw", "--skip-column-names"]
NO_SERVER = "ERROR 2002 "  # the client's number for a socket that nobody listens at
# Schemas that are the server's own. Users' are all others.
OWN = frozenset({"information_schema", "mysql", "performance_schema", "sys", "test"})


class DatabaseError(Exception):
    """What a user can cause; the text says what is wrong, and what to do."""


class NoServerError(DatabaseError):
    """There is no server, or it does not run."""


def execute(module: Any, statements: Sequence[str]) -> list[str]:
    """Run statements as the server's root; the lines that they print."""
    client = module.get_bin_path("mariadb")
    if client is None:
        raise NoServerError("MariaDB is not installed: there is no program mariadb")
    sql = "".join(f"{statement.rstrip().rstrip(';')};\n" for statement in statements)
    status, out, err = module.run_command([client, *CLIENT], data=sql)
    if status != 0:
        error = NoServerError if err.startswith(NO_SERVER) else DatabaseError
        raise error(f"MariaDB: {err.strip() or out.strip()}")
    return str(out).splitlines()

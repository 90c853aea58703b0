# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asking the database server on this host, as its root, by its own client."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import AnsibleHost

from .flavor import Flavor

CLIENT = ["--user=root", "--protocol=socket", "--batch", "--raw", "--skip-column-names"]
NO_SERVER = "ERROR 2002 "  # the client's number for a socket that nobody listens at
DENIED = ("ERROR 1045 ", "ERROR 1698 ")
READ_ONLY = re.compile(r"^ERROR 1238 .* at line (\d+): ", re.MULTILINE)
# Schemas that are the server's own. Users' are all others.
OWN = frozenset({"information_schema", "mysql", "performance_schema", "sys", "test"})


class NoServerError(UserError):
    """There is no server, or it does not run."""


@dataclass(frozen=True)
class Client:
    """The server on this host, asked as its root."""

    module: AnsibleHost
    flavor: Flavor

    def execute(self, statements: Sequence[str]) -> list[str]:
        """Run statements; the lines that they print. Raises UserError."""
        status, out, err = self._run(statements)
        if status != 0:
            error = NoServerError if err.startswith(NO_SERVER) else UserError
            raise error(f"{self.flavor.name}: {err.strip() or out.strip()}{self._advice(err)}")
        return out.splitlines()

    def read_only(self, assignments: Sequence[str]) -> list[bool]:
        """Which of some assignments, such as ``port = 1``, the running server never takes.

        No table of MySQL's says so. The server looks at a whole SET before it does any of it, and
        the second half of these is always wrong, so it is asked, and changes nothing.
        """
        trials = [f"SET GLOBAL {each}, GLOBAL sql_mode = '?'" for each in assignments]
        lines = READ_ONLY.findall(self._run(trials, "--force")[2]) if trials else []
        return [str(number) in lines for number in range(1, len(trials) + 1)]

    def _run(self, statements: Sequence[str], *options: str) -> tuple[int, str, str]:
        client = self.module.get_bin_path(self.flavor.client)
        if client is None:
            name = self.flavor.name
            raise NoServerError(
                f"{name} is not installed: there is no program {self.flavor.client}"
            )
        sql = "".join(f"{statement.rstrip().rstrip(';')};\n" for statement in statements)
        status, out, err = self.module.run_command([client, *CLIENT, *options], data=sql)
        return int(status), str(out), str(err)

    def _advice(self, said: str) -> str:
        if not said.startswith(DENIED):
            return ""
        return (
            "\nroot has to be let in by the socket, without a password: ALTER USER"
            f" root@localhost IDENTIFIED {self.flavor.socket_login}"
        )

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates and keys through the host's ``openssl``; Python's own library reads none."""

from __future__ import annotations

import hashlib
import ssl
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import openssl
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._core.openssl import (
    DESCRIBE,
    Certificate,
)

from .plan import Files
from .provided import Read

# Nothing but the certificates that are named is trusted, and their dates are judged elsewhere.
ALONE = ("-no-CAfile", "-no-CApath", "-no-CAstore", "-partial_chain", "-no_check_time")


class Tools:
    """The host's programs. No key is ever an argument of one."""

    def __init__(self, module: Module) -> None:
        self._module = module

    def run(
        self, argv: Sequence[str], environment: dict[str, str] | None = None, data: str = ""
    ) -> tuple[int, str]:
        """The command's status and all that it wrote, having read ``data``."""
        try:
            rc, out, err = self._module.run_command(
                list(argv), environ_update=environment or {}, data=data, handle_exceptions=False
            )
        except FileNotFoundError:
            return 127, f"{argv[0]} is not installed"
        return rc, f"{out}\n{err}"

    def must(self, argv: Sequence[str]) -> None:
        """Run a command. Raises ``UserError`` where it fails."""
        rc, output = self.run(argv)
        if rc:
            raise UserError(f"'{' '.join(argv[:3])}' failed: {output.strip()}")

    def read(self, folder: Path) -> Certificate | None:
        """The certificate in a folder, or None where it or its key is missing or unreadable."""
        file = folder / "fullchain.pem"
        if not (file.exists() and (folder / "privkey.pem").exists()):
            return None
        found = openssl.blocks(file.read_text(encoding="ascii", errors="replace"), "CERTIFICATE")
        return self.describe(found[0]) if found else None

    def describe(self, pem: str) -> Certificate | None:
        """A certificate out of its PEM text, or None where it is damaged."""
        try:
            der = ssl.PEM_cert_to_DER_cert(pem)
            rc, text = self.run(["openssl", "x509", *DESCRIBE], data=pem)
            return None if rc else openssl.parse_certificate(text, hashlib.sha256(der).hexdigest())
        except (ValueError, KeyError):
            return None

    def examine(self, files: Files) -> Read:
        """What the files of a certificate that the user provides hold."""
        chain, key = (
            openssl.blocks(files.chain, "CERTIFICATE"),
            openssl.blocks(files.key, "PRIVATE KEY")[0],
        )
        described = [self.describe(pem) for pem in chain]
        if None in described:
            return Read(described, "", [], trusted=False)
        rc, text = self.run(["openssl", "pkey", "-pubout", "-passin", "pass:"], data=key)
        public = "" if rc else "".join(openssl.blocks(text, "PUBLIC KEY")).strip()
        signed = [self._verifies(*pair, ALONE, "-trusted") for pair in zip(chain, chain[1:])]
        rest = "".join(chain[1:])
        trusted = self._verifies(chain[0], rest, ["-no_check_time"], "-untrusted")
        return Read(described, public, signed, trusted)

    def _verifies(self, pem: str, others: str, options: Sequence[str], kind: str) -> bool:
        """Whether openssl verifies a certificate by means of others."""
        with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as file:
            file.write(others)
            file.flush()
            given = [kind, file.name] if others else []
            return self.run(["openssl", "verify", *options, *given], data=pem)[0] == 0

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file from a web server, as what its checksum says."""

from __future__ import annotations

import base64
import tempfile
import time
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

from ansible.module_utils.urls import open_url

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.url import Address

from . import archive
from .archive import BLOCK
from .unpack_rules import MOST_BYTES

PLACE = "/var/tmp"  # on the disk, while /tmp may be in memory
SECONDS = 60  # without a word from the server
PAUSES = (2, 5)  # seconds before the second and the third attempt


@dataclass(frozen=True)
class Download:
    """The ``Content`` at an address; it is fetched into a file that has no name."""

    address: Address
    checksum: str

    @property
    def secrets(self) -> set[str]:
        return self.address.secrets

    @property
    def version(self) -> str:
        return unquote(urlsplit(self.address.url).path.rstrip("/").rpartition("/")[2])

    def open(self) -> IO[bytes]:
        for pause in (*PAUSES, 0):
            try:
                return self._fetch()
            except HTTPError as error:
                if error.code < 500 or not pause:
                    raise UserError(f"the server answers {error.code} {error.reason}") from error
            except (OSError, HTTPException) as error:
                if not pause:
                    raise UserError(f"it cannot be fetched from the host: {error}") from error
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _fetch(self) -> IO[bytes]:
        file = tempfile.TemporaryFile(dir=PLACE)  # noqa: SIM115 (it is returned)
        with open_url(
            self.address.url,
            timeout=SECONDS,
            headers=self._login(),
            # Not to another server that this one leads to.
            unredirected_headers=["Authorization"],
            # What is packed twice on its way would have another checksum.
            decompress=False,
        ) as answer:
            while block := answer.read(BLOCK):
                file.write(block)
                if file.tell() > MOST_BYTES:
                    raise UserError(f"it is larger than {MOST_BYTES >> 20} MiB")
        found = archive.sha256(file)
        if found != self.checksum:
            raise UserError(
                f"what is there has the checksum sha256:{found}, and source.checksum is "
                f"sha256:{self.checksum}. Where that is as it should be, change source.checksum"
            )
        return file

    def _login(self) -> dict[str, str]:
        if not self.address.user:
            return {}
        login = f"{self.address.user}:{self.address.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(login).decode()}"}

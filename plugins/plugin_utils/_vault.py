# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the controller that may be in a vault."""

from __future__ import annotations

from ansible.parsing.dataloader import DataLoader


def read(loader: DataLoader, path: str) -> bytes:
    """The bytes of a file, out of the vault where it is in one."""
    real = loader.get_real_file(path)
    try:
        with open(real, "rb") as file:
            return file.read()
    finally:
        loader.cleanup_tmp_file(real)

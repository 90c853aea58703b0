# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to outlive a power cut.

Without fsync(2), a name may reach the disk long before the content that it leads to: after the
power cut the file is there, and empty.
"""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until the content of a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until all that is in a folder is on the disk, each folder after what is in it."""
    for parent, _folders, names in os.walk(folder, topdown=False):
        for path in (Path(parent, name) for name in names):
            if not path.is_symlink():
                sync(path)
        sync(Path(parent))


def replace(new: Path, path: Path) -> None:
    """Rename a finished file or link, in one step and for good; ``path`` is then the old one or the
    new one, whatever happens."""
    if not new.is_symlink():
        sync(new)
    os.replace(new, path)
    sync(path.parent)

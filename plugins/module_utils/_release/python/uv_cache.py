# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What uv keeps on the host between two builds.

``uv cache prune`` removes what an older uv has left. All else counts as used for uv, because it
does not know the venvs: each version of each package that was ever installed, and the sources of
those that were built. ``uv cache prune --ci`` removes too much, that is what the next release
would be linked to. So the rest is done here. uv downloads again what it misses.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import process
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

# For packages that builds need, such as setuptools: no venv has them.
UNUSED_SECONDS = 30 * 24 * 3600


def prune(module: Module, uv: str, cache: Path, now: float) -> str:
    """Remove from uv's cache what serves no release any more; return a warning, or nothing.

    While another build is at work nothing is removed: its own end is the next occasion.
    """
    with _alone(cache) as alone:
        if not alone:
            return ""
        for folder in [*_sources(cache), *_unused(cache, now)]:
            shutil.rmtree(folder)
        argv = [uv, "cache", "prune", "--quiet", "--force"]  # it need not wait for this lock
        rc, out, err = process.run(module, argv, env={"UV_CACHE_DIR": str(cache)})
    return f"uv's cache {cache} could not be pruned: {(err or out).strip()}" if rc else ""


@contextmanager
def _alone(cache: Path) -> Iterator[bool]:
    """Hold uv's own lock, which it shares with others of its kind as long as it works; whether
    nobody else has it."""
    lock = os.open(cache / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except BlockingIOError:
            alone = False
        yield alone
    finally:
        os.close(lock)


def _sources(cache: Path) -> Iterator[Path]:
    """The unpacked sources of packages. The wheels that were built of them lie beside them."""
    for bucket in cache.glob("sdists-v*"):
        for parent, folders, _files in os.walk(bucket):
            if "src" in folders:
                folders.clear()
                yield Path(parent, "src")


def _unused(cache: Path, now: float) -> Iterator[Path]:
    """Packages that have been there for long, and that no venv has a file of."""
    for folder in cache.glob("archive-v*/*/"):
        if now - folder.stat().st_mtime > UNUSED_SECONDS and not _linked(folder):
            yield folder


def _linked(folder: Path) -> bool:
    """Whether a file of the folder is somewhere else as well."""
    paths = (Path(parent, name) for parent, _folders, names in os.walk(folder) for name in names)
    return any(path.lstat().st_nlink > 1 for path in paths)

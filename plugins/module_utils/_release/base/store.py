# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases that are on a host: which ones, one run at a time, and away with old ones."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .model import Have, Release

RECORD = "release.json"  # in a release's folder, written last: without it there is no release


def observe(root: Path) -> Have:
    """The releases on the host, and which of them are in use."""
    releases, rubbish = {}, set()
    folder = root / "releases"
    for name in os.listdir(folder) if folder.is_dir() else ():
        try:
            record = json.loads((folder / name / RECORD).read_text(encoding="utf-8"))
            fields = ("revision", "version", "built", "packages")
            releases[name] = Release(name, *(record[field] for field in fields))
        except (OSError, ValueError, KeyError, TypeError):
            rubbish.add(name)
    running = {_target(slot / "release") for slot in root.glob("slots/*")} - {""}
    live, previous = _target(root / "current"), _target(root / "previous")
    return Have(releases, frozenset(rubbish), live, previous, frozenset(running))


@contextmanager
def one_at_a_time(root: Path, name: str = "releases") -> Iterator[None]:
    """Wait until no other process is in here for the same folder, and keep others from it."""
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def prune(root: Path, ids: Sequence[str]) -> None:
    """Remove releases. The record goes first: what is half removed is no release."""
    for name in ids:
        folder = root / "releases" / name
        (folder / RECORD).unlink(missing_ok=True)
        shutil.rmtree(folder)


def _target(link: Path) -> str:
    """The ID of the release that a link points to; empty where there is none."""
    return os.path.basename(os.readlink(link)) if link.is_symlink() and link.exists() else ""

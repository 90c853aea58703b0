# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder of the controller as one file: the same content is always the same file."""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from ansible.errors import AnsibleActionFail

# What nobody means to deploy, where git does not say what belongs to the code.
NEVER = """
.git .hg .svn .env .venv venv node_modules instance __pycache__ *.pyc *.egg-info .DS_Store .idea
.vscode .mypy_cache .pytest_cache .ruff_cache .tox .nox .coverage
""".split()  # noqa: SIM905
LISTING = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]


def names(folder: Path, exclude: Sequence[str]) -> list[str]:
    """The files and links of a folder that belong to the code, from it, in order.

    That is what git tracks or would track, as it stands in the work tree; without git, everything
    but ``NEVER``. ``exclude`` are further patterns, of a name or of a path.
    """
    listed = git(folder, *LISTING)
    if listed is None:
        found = list(_walk(folder))
    else:
        found = [name for name in listed.split("\0") if name]
        found = [name for entry in found for name in _within(folder, entry)]
    wanted = sorted(
        name for name in set(found) if not _matches(name, exclude) and _is_content(folder / name)
    )
    if not wanted:
        ignored = ", or git ignores all of it" if listed is not None else ""
        raise AnsibleActionFail(f"source.path: there is no file in {folder}{ignored}")
    return wanted


def described(folder: Path) -> str:
    """What people call the code in a folder: the tag and the commit, or the folder's name."""
    said = git(folder, "describe", "--tags", "--always", "--dirty")
    return (said or "").strip() or folder.resolve().name


def checksum(folder: Path, files: Sequence[str]) -> str:
    """The SHA-256 of the folder's content: names, bytes, links, and what is executable."""
    sink = Sink()
    _write(folder, files, sink)
    return sink.digest.hexdigest()


def pack(folder: Path, files: Sequence[str], target: Path) -> str:
    """Write the files into a packed archive; return the same checksum."""
    with gzip.GzipFile(target, "wb", compresslevel=6, mtime=0) as packed:
        sink = Sink(packed)
        _write(folder, files, sink)
    return sink.digest.hexdigest()


class Sink:
    """A file that knows the checksum of what is written into it, and hands it on."""

    def __init__(self, file: Any = None) -> None:
        self.digest = hashlib.sha256()
        self._file: IO[bytes] | None = file

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        if self._file:
            self._file.write(data)
        return len(data)


def git(folder: Path, *argv: str) -> str | None:
    """What git says of a folder; None where it is in no work tree, or there is no git."""
    if not shutil.which("git"):
        return None
    # Of a hook that has started Ansible: they would name another repository.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *argv]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        env=variables,
        check=False,
    )
    if "dubious ownership" in done.stderr:
        raise AnsibleActionFail(f"source.path: git refuses {folder}: {done.stderr.strip()}")
    return None if done.returncode else done.stdout


def _within(folder: Path, entry: str) -> Iterator[str]:
    """What git lists as one entry: a file, or a folder that is a repository itself."""
    path = folder / entry
    if path.is_dir() and not path.is_symlink():
        yield from (f"{entry.rstrip('/')}/{name}" for name in names(path, ()))
    elif os.path.lexists(path):  # it may be deleted in the work tree
        yield entry


def _walk(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]
        folders[:] = [name for name in folders if not _matches(name, NEVER) and name not in links]
        for name in [*files, *links]:
            if not _matches(name, NEVER):
                yield os.path.relpath(os.path.join(place, name), folder)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a path, one that it lies in, or any part of it fits a pattern."""
    parts = name.split("/")
    tried = [*parts, *("/".join(parts[:end]) for end in range(1, len(parts) + 1))]
    return any(
        fnmatch.fnmatchcase(one, pattern.rstrip("/")) for pattern in patterns for one in tried
    )


def _is_content(path: Path) -> bool:
    """Whether it is a file or a link, and no socket or such."""
    return path.is_symlink() or path.is_file()


def _write(folder: Path, files: Sequence[str], out: Any) -> None:
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name in files:
            archive.add(folder / name, arcname=name, recursive=False, filter=_plain)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A member without what differs from one checkout to the next."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member

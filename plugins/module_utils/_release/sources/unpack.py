# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Unpacking tar and zip files, after ``_archive`` has judged them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Union

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import unpack_rules
from .unpack_rules import Entry, Refused

OPENERS: list[tuple[bytes, Callable[[Any], Any]]] = [  # (how such a file begins, what opens it)
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\0", lzma.LZMAFile),
]
KINDS = {
    0: unpack_rules.FILE,
    stat.S_IFREG: unpack_rules.FILE,
    stat.S_IFLNK: unpack_rules.LINK,
}  # of zip
ZSTD, ZIP = b"\x28\xb5\x2f\xfd", (b"PK\3\4", b"PK\5\6")
# A header of a tar file may announce any size, and is read at once.
MOST_AT_ONCE = 1 << 20
MOST_UNPACKED = unpack_rules.MOST_BYTES + unpack_rules.MOST_ENTRIES * 2048  # with the headers
LONGEST_LINK = 4096
DAMAGED = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    gzip.BadGzipFile,
    NotImplementedError,  # a way of packing that Python does not know
    RuntimeError,  # of zipfile, for what is encrypted
    UnicodeError,
)


class Tar:
    """A tar file, packed or not."""

    def __init__(self, file: IO[bytes], begin: bytes) -> None:
        opener = next((opener for magic, opener in OPENERS if begin.startswith(magic)), None)
        limited: Any = Limited(opener(file) if opener else file)
        self._tar = tarfile.TarFile(fileobj=limited)

    def entries(self) -> Iterator[Entry]:
        for member in self._tar:
            entry = Entry(
                name=member.name,
                kind=_kind_of(member),
                size=member.size,
                executable=bool(member.mode & 0o100),
                target=member.linkname,
                member=member,
            )
            yield entry

    def read(self, entry: Entry) -> IO[bytes]:
        content = self._tar.extractfile(entry.member)
        if content is None:
            raise Refused(entry, "has no content")
        return content


class Zip:
    """A zip file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file)

    def entries(self) -> Iterator[Entry]:
        for member in self._zip.infolist():
            mode = member.external_attr >> 16
            kind = (
                unpack_rules.FOLDER if member.is_dir() else KINDS.get(stat.S_IFMT(mode), "device")
            )
            entry = Entry(member.filename, kind, member.file_size, bool(mode & 0o100), "", member)
            yield replace(entry, target=self._target(entry)) if kind == unpack_rules.LINK else entry

    def read(self, entry: Entry) -> IO[bytes]:
        return self._zip.open(entry.member)

    def _target(self, link: Entry) -> str:
        if link.size > LONGEST_LINK:
            raise Refused(link, "is a link that is too long")
        return self._zip.read(link.member).decode()


Archive = Union[Tar, Zip]


class Limited:
    """A file that refuses to be read further than any good archive goes, or too much at once."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        if size > MOST_AT_ONCE:
            raise UserError(f"the archive is refused: it has a header of {size} bytes")
        self._refuse_beyond(self._file.tell() + size)
        return bytes(self._file.read(size))

    def seek(self, position: int) -> int:
        self._refuse_beyond(position)
        return int(self._file.seek(position))

    def tell(self) -> int:
        return int(self._file.tell())

    def _refuse_beyond(self, position: int) -> None:
        if position > MOST_UNPACKED:
            limit = unpack_rules.MOST_BYTES >> 20
            raise UserError(f"the archive is refused: it is more than {limit} MiB unpacked")


def unpack(file: IO[bytes], folder: Path, strip: bool) -> None:
    """Write what is in a tar or zip file into an empty folder; see ``judge`` for ``strip``.

    Only whether a file is executable is kept of modes, owners and times. ``UserError`` says why
    nothing was unpacked, or that the archive is damaged.
    """
    packed = file.seek(0, os.SEEK_END)
    file.seek(0)
    begin = file.read(6)
    file.seek(0)
    if begin.startswith(ZSTD):
        raise UserError("Python's library cannot read zstd; pack it as .tar.gz, .tar.xz or .zip")
    try:
        archive: Archive = Zip(file) if begin.startswith(ZIP) else Tar(file, begin)
        entries = unpack_rules.judge(archive.entries(), packed, strip)
        _second_opinion(entries, folder)
        _write(archive, entries, folder)
    except DAMAGED as error:
        why = str(error) or type(error).__name__
        raise UserError(f"it is damaged, or no tar or zip file: {why}") from error


def _second_opinion(entries: list[Entry], folder: Path) -> None:
    """What Python itself thinks of a tar file's entries, where it has learned to (PEP 706)."""
    judge = getattr(tarfile, "data_filter", None)
    for entry in entries:
        if judge and isinstance(entry.member, tarfile.TarInfo):
            judge(entry.member, str(folder))


def _kind_of(member: tarfile.TarInfo) -> str:
    if member.issym():
        return unpack_rules.LINK
    if member.islnk():
        return unpack_rules.HARD_LINK
    if member.isdir():
        return unpack_rules.FOLDER
    return unpack_rules.FILE if member.isreg() else "device"


def _write(archive: Archive, entries: list[Entry], folder: Path) -> None:
    """Write judged entries. Links come last: so nothing is ever written through one."""
    for entry in entries:
        path = folder.joinpath(*entry.place)
        if entry.kind == unpack_rules.FOLDER:
            path.mkdir(parents=True, exist_ok=True)
        elif entry.kind == unpack_rules.FILE:
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as copy, archive.read(entry) as content:
                shutil.copyfileobj(content, copy)
            path.chmod(0o755 if entry.executable else 0o644)
        elif entry.kind == unpack_rules.HARD_LINK:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(folder.joinpath(*entry.same), path)
    for entry in entries:
        if entry.kind == unpack_rules.LINK:
            path = folder.joinpath(*entry.place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(entry.target)

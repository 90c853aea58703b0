# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a deb or an RPM on the controller says of itself, without dpkg or rpm.

Only its beginning is read, so that a run with nothing to do stays quick.
"""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import package_facts
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    Facts,
)

AR = b"!<arch>\n"  # ar(5), as deb(5) has it
LEAD = b"\xed\xab\xee\xdb"  # rpm.org, "RPM V4 Package format"
HEADER = b"\x8e\xad\xe8\x01"
NAME, VERSION, RELEASE, EPOCH, ARCH = 1000, 1001, 1002, 1003, 1022
PROVIDES, PROVIDED_VERSION = 1047, 1113
REQUIRES, REQUIRED_HOW, REQUIRED_VERSION = 1049, 1048, 1050
INT32, STRING, STRINGS, TEXTS = 4, 6, 8, 9
SENSES = {2: "<", 4: ">", 8: "=", 10: "<=", 12: ">="}


def read(path: Path) -> Facts:
    """What a package says of itself; ``AnsibleActionFail`` where the file is none."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            if start == AR:
                return _deb(file)
            if start.startswith(LEAD):
                return _rpm(file)
    except (tarfile.TarError, struct.error, ValueError, KeyError, EOFError) as error:
        raise AnsibleActionFail(f"{path} is damaged, or no package of ours: {error}") from error
    raise AnsibleActionFail(f"{path} is neither a deb nor an RPM")


def _deb(file: IO[bytes]) -> Facts:
    while header := file.read(60):
        name, size = header[:16].decode("ascii").strip("/ "), int(header[48:58])
        content = file.read(size + size % 2)
        if name.startswith("control.tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                control = archive.extractfile(_member(archive, "control"))
                if control:
                    return next(package_facts.debs(control.read().decode("utf-8")))
    raise KeyError("it has no control file")


def _member(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    return next(entry for entry in archive if entry.name.removeprefix("./") == name)


def _rpm(file: IO[bytes]) -> Facts:
    file.seek(96)  # behind the lead
    _tags(file)  # the signatures
    file.seek(-file.tell() % 8, io.SEEK_CUR)
    tags = dict(_tags(file))
    version = f"{tags[VERSION][0]}-{tags[RELEASE][0]}"
    if EPOCH in tags:
        version = f"{tags[EPOCH][0]}:{version}"
    provided = [
        f"{name} = {version}" if version else name
        for name, version in zip(tags[PROVIDES], tags[PROVIDED_VERSION], strict=True)
    ]
    required = zip(tags[REQUIRES], tags[REQUIRED_HOW], tags[REQUIRED_VERSION], strict=True)
    requires = [
        f"{name} {SENSES[int(how) & 14]} {version}" if version else name
        for name, how, version in required
    ]
    return package_facts.rpm(tags[NAME][0], version, tags[ARCH][0], provided, requires)


def _tags(file: IO[bytes]) -> list[tuple[int, list[str]]]:
    """The tags of a header that begins here, with their values as text; the file is behind it."""
    magic, count, size = struct.unpack(">4s4xII", file.read(16))
    if magic != HEADER:
        raise ValueError("its header does not begin where it should")
    index = file.read(16 * count)
    store = file.read(size)
    return [(tag, list(values)) for tag, values in _values(index, store)]


def _values(index: bytes, store: bytes) -> Iterator[tuple[int, Iterator[str]]]:
    for tag, kind, offset, count in struct.iter_unpack(">IIII", index):
        if kind in (STRING, STRINGS, TEXTS):
            yield tag, (text.decode("utf-8") for text in store[offset:].split(b"\0", count)[:count])
        elif kind == INT32:
            yield tag, map(str, struct.unpack_from(f">{count}I", store, offset))

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives as people make them, and as somebody makes them who means harm: all of them real."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import (
    unpack,
    unpack_rules,
)

# (name, type, content or target); a tar file's own types
Item = tuple[str, bytes, str]
FILE, FOLDER, LINK, HARD = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
GOOD: list[Item] = [
    ("notes-1.0", FOLDER, ""),
    ("notes-1.0/app.py", FILE, "app = 1"),
    ("notes-1.0/bin/run", FILE, "#!"),
    ("notes-1.0/bin/again", HARD, "notes-1.0/bin/run"),
    ("notes-1.0/docs/readme", LINK, "../app.py"),
]
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes,
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
}


def tar(items: list[Item], headers: dict[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", pax_headers=headers or {}) as archive:
        for name, kind, text in items:
            member = tarfile.TarInfo(name)
            member.type, member.mode = kind, 0o755 if "/bin/" in name else 0o600
            if kind in (LINK, HARD):
                member.linkname = text
            else:
                member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()) if kind == FILE else None)
    return file.getvalue()


def zipped(items: list[tuple[str, str, int]]) -> bytes:
    """A zip file of (name, content, mode of Unix with the type)."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text, mode in items:
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = 3, mode << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, text)
    return file.getvalue()


def content(folder: Path) -> dict[str, str]:
    """All that is in a folder: the text of files, and where links lead."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}"
        if path.is_symlink()
        else path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("untouched")
    folder = tmp_path / "release"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("packing", PACKERS)
def test_a_tar_file_is_unpacked(folder: Path, packing: str) -> None:
    unpack.unpack(io.BytesIO(PACKERS[packing](tar(GOOD))), folder, strip=True)
    assert content(folder) == {
        "app.py": "app = 1",
        "bin/again": "#!",
        "bin/run": "#!",
        "docs/readme": "-> ../app.py",
    }
    assert (folder / "docs/readme").read_text() == "app = 1"
    assert (folder / "bin/run").stat().st_mode & 0o777 == 0o755
    assert (folder / "app.py").stat().st_mode & 0o777 == 0o644


def test_a_zip_file_is_unpacked(folder: Path) -> None:
    file = zipped(
        [
            ("notes/", "", stat.S_IFDIR | 0o755),
            ("notes/app.py", "app = 1", stat.S_IFREG | 0o644),
            ("notes/run", "#!", stat.S_IFREG | 0o755),
            ("notes/readme", "app.py", stat.S_IFLNK | 0o777),
            ("notes/of-dos", "x", 0),
        ]
    )
    unpack.unpack(io.BytesIO(file), folder, strip=True)
    assert content(folder) == {
        "app.py": "app = 1",
        "of-dos": "x",
        "readme": "-> app.py",
        "run": "#!",
    }
    assert (folder / "run").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("names", "strip", "files"),
    [
        (["./web/app.py", "./README"], True, ["README", "web/app.py"]),
        (["web/app.py"], False, ["web/app.py"]),
        (["web/app.py", "web/x"], True, ["app.py", "x"]),
        (["app.py"], True, ["app.py"]),
    ],
)
def test_a_folder_that_all_lies_in(
    folder: Path, names: list[str], strip: bool, files: list[str]
) -> None:
    unpack.unpack(io.BytesIO(tar([(name, FILE, "") for name in names])), folder, strip)
    assert list(content(folder)) == files


HOSTILE: list[tuple[str, list[Item], str]] = [
    ("absolute path", [("/tmp/x", FILE, "")], "'/tmp/x' has an absolute path"),
    ("traversal", [("a/../../outside", FILE, "x")], "'a/../../outside' leads out"),
    ("traversal, in one folder", [("a/x", FILE, ""), ("a/../b", FILE, "")], "'a/../b' leads out"),
    ("link up", [("up", LINK, "../outside")], "'up' is a link to '../outside', which leads out"),
    ("absolute link", [("etc", LINK, "/etc")], "'etc' is a link to '/etc', which leads out"),
    (
        "link out of the folder that is left out",
        [("top/x", FILE, ""), ("top/up", LINK, "../y")],
        "'top/up' is a link to '../y'",
    ),
    (
        "links that lead out together",
        [("a/x", FILE, ""), ("b", LINK, "a/here/.."), ("a/here", LINK, "..")],
        "'b' is a link to 'a/here/..', which leads out",
    ),
    ("links in a circle", [("a", LINK, "b"), ("b", LINK, "a")], "'a' is a link to 'b'"),
    (
        "file behind a link",
        [("a", LINK, "b"), ("b", FOLDER, ""), ("a/x", FILE, "")],
        "'a/x' lies behind 'a', which is not a folder",
    ),
    (
        "file in place of a link",
        [("x", FOLDER, ""), ("a", LINK, "x"), ("a", FILE, "")],
        "'a' stands in it twice",
    ),
    ("link in place of a folder", [("a", FOLDER, ""), ("a", LINK, "b")], "'a' stands in it twice"),
    ("hard link out", [("a", HARD, "../outside")], "'a' leads out of the folder"),
    ("absolute hard link", [("a", HARD, "/etc/passwd")], "'a' has an absolute path"),
    ("hard link to what is there", [("a", HARD, "b")], "'a' is a hard link to 'b', no file before"),
    (
        "hard link to a link",
        [("l", LINK, "m"), ("m", FILE, ""), ("a", HARD, "l")],
        "'a' is a hard link to 'l', no file",
    ),
    ("device", [("null", tarfile.CHRTYPE, "")], "'null' is a device"),
    ("pipe", [("wait", tarfile.FIFOTYPE, "")], "'wait' is a device"),
]


@pytest.mark.parametrize("packing", ["tar", "gz"])
@pytest.mark.parametrize(
    ("items", "why"), [row[1:] for row in HOSTILE], ids=[r[0] for r in HOSTILE]
)
def test_a_hostile_tar_file_is_refused(
    folder: Path, items: list[Item], why: str, packing: str
) -> None:
    harmless: Item = ("top/first" if items[0][0].startswith("top/") else "first", FILE, "written?")
    with pytest.raises(UserError) as caught:
        unpack.unpack(io.BytesIO(PACKERS[packing](tar([harmless, *items]))), folder, strip=True)
    assert f"the archive is refused: its entry {why}" in str(caught.value)
    assert content(folder.parent) == {"outside": "untouched"}


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([("../outside", "x", 0)], "'../outside' leads out"),
        ([("/tmp/x", "x", 0)], "'/tmp/x' has an absolute path"),
        ([("up", "../outside", stat.S_IFLNK)], "'up' is a link to '../outside', which leads out"),
        ([("a", "b", stat.S_IFLNK), ("a/x", "", 0)], "'a/x' lies behind 'a'"),
        ([("a", "b", stat.S_IFLNK), ("a", "x", 0)], "'a' stands in it twice"),
        ([("a", "x" * 5000, stat.S_IFLNK)], "'a' is a link that is too long"),
        ([("a", "", stat.S_IFIFO)], "'a' is a device"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_zip_file_is_refused(
    folder: Path, items: list[tuple[str, str, int]], why: str
) -> None:
    with pytest.raises(UserError) as caught:
        unpack.unpack(io.BytesIO(zipped([("first", "written?", 0), *items])), folder, strip=True)
    assert f"the archive is refused: its entry {why}" in str(caught.value)
    assert content(folder.parent) == {"outside": "untouched"}


class Zeros(io.RawIOBase):
    """So many zeros, without keeping them."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        given = min(size, self.left)
        self.left -= given
        return bytes(given)


def bomb(size: int) -> bytes:
    """A packed tar file of one file of zeros."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("bomb")
        member.size = size
        archive.addfile(member, Zeros(size))
    return file.getvalue()


def test_bombs_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(file: bytes) -> str:
        with pytest.raises(UserError, match="the archive is refused") as caught:
            unpack.unpack(io.BytesIO(file), folder, strip=True)
        assert content(folder.parent) == {"outside": "untouched"}
        return str(caught.value)

    assert "'bomb' makes it more than 200 times as large as it is packed" in refused(bomb(80 << 20))
    headers = tar([], {"comment": "x" * (2 << 20)})
    assert "it has a header of 2097" in refused(gzip.compress(headers))
    lies = tarfile.TarInfo("huge")
    lies.size = 1 << 40
    assert "'huge' makes it more than 1024 MiB" in refused(lies.tobuf())
    monkeypatch.setattr(unpack_rules, "MOST_ENTRIES", 3)
    assert "'3' is one more than 3" in refused(tar([(str(n), FILE, "") for n in range(5)]))
    monkeypatch.setattr(unpack, "MOST_UNPACKED", 4096)
    nothing_but_padding = gzip.compress(tar([("a", FILE, "x" * 9000), ("b", FILE, "")]))
    assert "it is more than 1024 MiB unpacked" in refused(nothing_but_padding)


def encrypted() -> bytes:
    file = bytearray(zipped([("a", "x", 0)]))
    file[file.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(file)


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (b"", "it is damaged, or no tar or zip file"),
        (b"#!/bin/sh\n" * 200, "it is damaged, or no tar or zip file"),
        (gzip.compress(tar(GOOD))[:-90], "it is damaged, or no tar or zip file"),
        (tar(GOOD)[:1100], "it is damaged, or no tar or zip file"),
        (zipped([("a", "x", 0)])[:-30], "it is damaged, or no tar or zip file"),
        (encrypted(), "it is damaged, or no tar or zip file: .*encrypted"),
        (b"\x28\xb5\x2f\xfd rest", "pack it as .tar.gz"),
        (tar([("a\udcff", FILE, "")]).replace(b"ustar", b"rates"), "it is damaged"),
    ],
)
def test_what_cannot_be_unpacked(folder: Path, file: bytes, why: str) -> None:
    with pytest.raises(UserError, match=why):
        unpack.unpack(io.BytesIO(file), folder, strip=True)

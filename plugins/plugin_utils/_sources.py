# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller has of an app's source, and what of it a host gets."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    Facts,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils import _package_file, _tree
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import rules_source
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.rules_source import BUILT
from ansible_collections.pyhost.flask.plugins.plugin_utils._wheel import build

# PEP 427, PEP 625: what stands between the name and the rest is the version.
DIST = re.compile(r"[\w.-]+?-(\d[^-]*)(?:-[^/]+\.whl|\.tar\.gz|\.zip)")
PACKED = "dist"  # where tools put what they have built, in the project's folder
BLOCK = 1 << 20


class Content(Protocol):
    """What only the controller has, known by the ``checksum`` (SHA-256) of its content; ``version``
    is what people call it."""

    @property
    def checksum(self) -> str: ...

    @property
    def version(self) -> str: ...

    def pack(self, folder: Path) -> Path:
        """The file to send; where it has to be made, it is made in ``folder``."""


@dataclass(frozen=True)
class File:
    """A file as it is."""

    path: Path
    checksum: str
    version: str

    def pack(self, folder: Path) -> Path:
        return self.path


@dataclass(frozen=True)
class Tree:
    """The ``files`` of a folder."""

    path: Path
    files: tuple[str, ...]
    checksum: str
    version: str

    def pack(self, folder: Path) -> Path:
        packed = folder / f"{self.path.resolve().name}.tar.gz"
        if _tree.pack(self.path, self.files, packed) != self.checksum:
            raise AnsibleActionFail(f"{self.path} has changed while it was packed; start again")
        return packed


@dataclass(frozen=True)
class Packaged:
    """A deb or an RPM, which is known by the ID of the release in it."""

    path: Path
    facts: Facts

    @property
    def checksum(self) -> str:
        return self.facts.release

    @property
    def version(self) -> str:
        return self.facts.version

    def pack(self, folder: Path) -> Path:
        return self.path


class Project(Tree):
    """The project of a folder, of which a wheel is built only where a host wants it."""

    def pack(self, folder: Path) -> Path:
        return build(self.path, self.files, folder)


def content(source: Mapping[str, Any]) -> Content | None:
    """What the controller has of a source, given by its options; None where it is not its part."""
    if source.get("archive") and not rules_source.is_web_address(source["archive"]):
        return archive(source["archive"], source.get("checksum") or "")
    if source.get("path"):
        return tree(existing(source["path"], "path"), source.get("exclude") or ())
    if source.get("dist"):
        return dist(existing(source["dist"], "dist"))
    return packaged(source)


def packaged(source: Mapping[str, Any]) -> Packaged | None:
    """The deb or RPM that the controller has; None where the host is to find it."""
    for kind in BUILT:
        if rules_source.is_file(source.get(kind)):
            path = existing(source[kind], kind)
            return Packaged(path, _package_file.read(path))
    return None


def archive(given: str, checksum: str) -> File:
    """An archive. A ``checksum`` that is given as well must be its own."""
    path = existing(given, "archive")
    if not path.is_file():
        raise AnsibleActionFail(f"source.archive: {path} is not a file; a folder is a source.path")
    found = sha256(path)
    if checksum and checksum.rpartition(":")[2] != found:
        raise AnsibleActionFail(
            f"source.checksum: {path} has the checksum sha256:{found}, and not {checksum}"
        )
    return File(path, found, path.name)


def tree(path: Path, exclude: Sequence[str]) -> Tree:
    """A folder, as ``_tree`` sees it."""
    if not path.is_dir():
        raise AnsibleActionFail(f"source.path: {path} is not a folder; a file is a source.archive")
    files = _tree.names(path, exclude)
    return Tree(path, tuple(files), _tree.checksum(path, files), _tree.described(path))


def dist(path: Path) -> Content:
    """A wheel or sdist, the newest one in a folder of them, or a project that one is built of."""
    if path.is_dir() and path.name == PACKED:
        path = newest(path)
    if path.is_dir():
        return Project(**vars(tree(path, ())))
    found = DIST.fullmatch(path.name)
    if not found:
        raise AnsibleActionFail(
            f"source.dist: {path.name} is not a file name of a wheel or an sdist, such as"
            " notes-1.2-py3-none-any.whl or notes-1.2.tar.gz; another archive is a source.archive"
        )
    return File(path, sha256(path), found[1])


def newest(folder: Path) -> Path:
    """The wheel or sdist that was built last."""
    found = [path for path in folder.iterdir() if DIST.fullmatch(path.name)]
    if not found:
        raise AnsibleActionFail(
            f"source.dist: there is neither a wheel nor an sdist in {folder}; build one, as the"
            " playbook pyhost.flask.pack does"
        )
    return max(found, key=lambda path: (path.stat().st_mtime_ns, path.name))


def key(given: str) -> str:
    """The text of a private key, which is given by itself or by its path."""
    return existing(given, "key").read_text("utf-8") if given.startswith(("/", "~")) else given


def existing(given: str, option: str) -> Path:
    """A file or folder of the controller that must be there."""
    path = Path(given).expanduser()
    if not path.exists():
        raise AnsibleActionFail(f"source.{option}: there is no {path} on the controller")
    return path


def sha256(path: Path) -> str:
    """The checksum of a file, as hexadecimal digits."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()

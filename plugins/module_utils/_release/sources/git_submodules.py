# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A repository's submodules: each is a repository with a mirror of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from .git_mirror import Repository

REMOTE = re.compile(r"(https?|ssh|git)://\S+|[\w.-]+@[\w.-]+:\S+")
LOCAL = re.compile(r"(file://)?/\S+")
LAST_PART = re.compile(r"(?<=[^/:])([/:])[^/:]+$")
DEEPEST = 10  # of submodules in submodules


def write(repository: Repository, revision: str, folder: Path) -> None:
    """Write the files of a commit's submodules, and of theirs, where they stand in ``folder``."""
    for path, inner, commit in pinned(repository, revision):
        (folder / path).mkdir(parents=True, exist_ok=True)
        inner.checkout(commit, folder / path)


def pinned(
    repository: Repository, revision: str, parents: tuple[str, ...] = ()
) -> Iterator[tuple[str, Repository, str]]:
    """The path, the repository and the commit of each submodule of a commit, and of theirs; the
    mirrors get the commits that they lack."""
    commits = repository.submodules(revision)
    addresses = parse(repository.show(revision, ".gitmodules")) if commits else {}
    if commits and len(parents) == DEEPEST:
        raise UserError(f"its submodules are nested more than {DEEPEST} deep")
    for path, commit in sorted(commits.items()):
        if path not in addresses:
            raise UserError(f"the submodule {path} has no address in .gitmodules")
        inner = submodule(repository, path, addresses[path])
        if not inner.has(commit):
            inner.fetch()
        if not inner.has(commit):
            raise UserError(
                f"the submodule {path} ({inner.address}) has no commit {commit} on its branches and"
                " tags; push it there"
            )
        yield "/".join((*parents, path)), inner, commit
        yield from pinned(inner, commit, (*parents, path))


def parse(text: str) -> dict[str, str]:
    """The addresses of submodules by their paths, from a ``.gitmodules`` (gitmodules(5))."""
    found: dict[str, str] = {}
    for section in re.split(r"^\s*\[", text, flags=re.MULTILINE):
        values = dict(re.findall(r"^\s*(path|url)\s*=\s*(.*?)\s*$", section, flags=re.MULTILINE))
        if values.keys() == {"path", "url"}:
            found[values["path"].strip('"')] = values["url"].strip('"')
    return found


def submodule(outer: Repository, path: str, url: str) -> Repository:
    """The repository of a submodule. It gets the outer one's credentials on the same server only,
    and, as the outer one, it may only be on this host where that is."""
    address = absolute(outer.address, url)
    local = LOCAL.fullmatch(address) and LOCAL.fullmatch(outer.address)
    if not (REMOTE.fullmatch(address) or local):
        raise UserError(f"the submodule {path} has an address that is not followed: {address}")
    name = hashlib.sha256(address.encode()).hexdigest()[:16]
    outer.modules.mkdir(mode=0o700, exist_ok=True)
    inner = replace(outer, address=address, mirror=outer.modules / f"{name}.git")
    same = urlsplit(address)[:2] == urlsplit(outer.address)[:2]
    return inner if same else replace(inner, user="", password="")


def absolute(outer: str, url: str) -> str:
    """A submodule's address; one with ``./`` or ``../`` starts at the outer repository's."""
    if not url.startswith(("./", "../")):
        return url
    base, separator = outer.rstrip("/"), "/"
    while url.startswith(("./", "../")):
        step, _slash, url = url.partition("/")
        last = LAST_PART.search(base) if step == ".." else None
        if last:
            base, separator = base[: last.start()], last[1]
    return f"{base}{separator}{url}"

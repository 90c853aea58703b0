# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A git repository that the controller reads for its hosts, as the user who runs Ansible there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import url
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.process import TIMED_OUT, Ran
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import git_ssh
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git import Git
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git_bundle import pack
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git_mirror import (
    Repository,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._deploy_step import started

Play = Mapping[str, Any]
# Of a hook that has started Ansible: they would name another repository (githooks(5)).
OTHERS = {
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"),
    *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_NAMESPACE"),
}


class Clone:
    """The repository of a ``source``, whose ``key`` is a text. ``play`` has the fields of
    ``_deploy.Play``.

    Each host has a process of its own. The first one asks, and the others read what it has noted:
    so all hosts of a play, also of its later batches, get the same commit.
    """

    def __init__(self, source: Mapping[str, Any], play: Play) -> None:
        if not shutil.which("git"):
            raise UserError("there is no git on the controller; install it")
        address = url.parse(source["git"])
        ssh = git_ssh.options(source["key"], source.get("known_hosts") or ())
        self._folder = folder_of(address.url)
        mirror = self._folder / "repo.git"
        login = (address.user, address.password)
        read = Repository(run, address.url, mirror, *login, ssh, place="the controller")
        self._asked = source.get("version") or "HEAD"
        self._git = Git(read, self._asked, bool(source.get("submodules")))
        self._play = {name: play[name] for name in ("pid", "started")}

    @property
    def address(self) -> str:
        """Its address without a user and a password."""
        return self._git.repository.address

    def resolve(self) -> dict[str, str]:
        """The ``revision`` that is asked for, and the ``version`` that people call it. The server
        is asked once in a play."""
        with self._alone():
            note = self._folder / "resolved.json"
            rows = [row for row in _read(note) if started(row["pid"]) == row["started"]]
            me = {**self._play, "asked": self._asked}
            known = [row for row in rows if me.items() <= row.items()]
            if not known:
                known = [{**me, **self._ask()}]
                note.write_text(json.dumps([*rows, *known]), encoding="utf-8")
        if known[0]["problem"]:
            raise UserError(known[0]["problem"])
        return {name: known[0][name] for name in ("revision", "version")}

    def pack(self, revision: str, tips: Mapping[str, Sequence[str]], folder: Path) -> Path:
        """Fill a folder with bundles, named by the mirrors that they are for, of what a host lacks
        whose mirrors have the commits ``tips``."""
        wanted: dict[str, tuple[Repository, list[str]]] = {}
        with self._alone():
            self._git.obtain(revision)
            for repository, commit in self._git.parts(revision):
                wanted.setdefault(repository.mirror.name, (repository, []))[1].append(commit)
        for name, (repository, commits) in wanted.items():
            pack(repository, commits, tips.get(name, ()), folder / name)
        return folder

    def _ask(self) -> dict[str, str]:
        """What the server says, or why it does not: to ask again for each host would take long."""
        try:
            found = self._git.resolve()
        except UserError as error:
            return {"problem": f"{self._git}: {error}"}
        return {"revision": found.id, "version": found.version, "problem": ""}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time asks the server and changes the mirrors."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def folder_of(address: str) -> Path:
    """Where the user who runs Ansible keeps the mirrors of a repository."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache, "pyhost-flask/git", hashlib.sha256(address.encode()).hexdigest()[:16])


def run(argv: list[str], cwd: str, env: dict[str, str], timeout: int = 0) -> Ran:
    """Run a program with what the user has: an agent for ssh, credential helpers, a proxy."""
    own = {name: value for name, value in os.environ.items() if name not in OTHERS}
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            env={**own, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=timeout or None,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TIMED_OUT[0], "", ""
    return done.returncode, done.stdout, done.stderr


def _read(note: Path) -> list[dict[str, Any]]:
    """What plays have noted. One that was killed while it wrote has noted nothing."""
    try:
        rows: list[dict[str, Any]] = json.loads(note.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    return rows

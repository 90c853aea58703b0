# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A git repository: the address it comes from, and its mirror, on the host or the controller."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import redact
from ansible_collections.pyhost.flask.plugins.module_utils._core import url as core_url
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._core.process import TIMED_OUT, Ran, run
from ansible_collections.pyhost.flask.plugins.module_utils._core.url import Address
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import model
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Remote,
    Revision,
)

ASK_SECONDS = 60
FETCH_SECONDS = 1800
MODULES = "modules"
COMMITS = 100  # subjects that are listed at most
ALL_REFS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
# git asks this for the user and the password of a web address: so they are in no command line.
CREDENTIALS = '!f() { test "$1" = get && echo "username=$FLASK_GIT_USER" && '
CREDENTIALS += 'echo "password=$FLASK_GIT_PASSWORD"; }; f'
PASSING = re.compile(
    r"resolve host|name resolution|timed out|timeout|reset by peer|early EOF|hung up|"
    r"error: 5\d\d|HTTP 5\d\d|TLS connection|temporarily"
)
REMEDIES = [  # (what git or ssh says, what to do); the first that fits
    (
        r"Host key verification failed",
        "Name the server's keys in source.known_hosts, as ssh-keyscan prints them, once they are"
        " compared with those that the server's owner tells.",
    ),
    (
        r"Permission denied \(.*publickey|Permission denied, please",
        "Name a deploy key of the repository in source.key.",
    ),
    (
        r"could not read (Username|Password)|terminal prompts disabled|Authentication failed|"
        r"HTTP Basic: Access denied|error: 40[13]",
        "The repository is private or does not exist: use an SSH address and a deploy key, or an "
        "address with a token as in https://user:token@...",
    ),
    (
        r"resolve host|name resolution|not known",
        "Check the name in source.git, and that {place} can resolve names.",
    ),
    (
        r"timed out|Connection refused|unreachable|Failed to connect|no answer",
        "Check the address in source.git, and that a firewall lets {place} reach it.",
    ),
    (
        r"not found|does not appear to be a git|does not exist|No such file",
        "Check the address in source.git.",
    ),
]


# Runs a program in a folder, with further variables; ends it after the seconds, if any.
Run = Callable[[list[str], str, dict[str, str], int], Ran]


@dataclass(frozen=True)
class Repository:
    """A repository at ``address`` (without credentials) and its bare ``mirror`` at a ``place``."""

    run: Run
    address: str
    mirror: Path
    user: str = ""
    password: str = ""
    ssh: str = ""  # further options for ssh
    place: str = "the host"

    @property
    def secrets(self) -> set[str]:
        """What must not be shown."""
        return Address(self.address, self.user, self.password).secrets

    @property
    def modules(self) -> Path:
        """The folder for the mirrors of its submodules, and of theirs."""
        folder = self.mirror.parent
        return folder if folder.name == MODULES else folder / MODULES

    def remote(self) -> Remote:
        """What there is to choose from, by one question to the server."""
        names = ["HEAD", "refs/heads/*", "refs/tags/*"]
        question = ["ls-remote", "--symref", *self._transport(), "--", self.address, *names]
        return model.parse_refs(self._ask(question, ASK_SECONDS))

    def resolve(self, version: str) -> Revision:
        """The revision of a branch, of a tag or of the newest tag (then the mirror is needed)."""
        remote = self.remote()
        if version != "latest-tag":
            return model.find(remote, version)
        if not remote.tags:
            raise UserError("it has no tag; make one, or name a branch in source.version")
        if not self.has(remote.head) or self._tags() != remote.tags:
            self.fetch()
        rc, out, _err = self.git("describe", "--tags", "--abbrev=0", remote.head)
        if rc:
            branch = remote.default or "its default branch"
            raise UserError(f"no tag is on {branch}; tag it, or name a tag in source.version")
        return model.find(remote, out.strip())

    def has(self, revision: str) -> bool:
        """Whether the mirror has a commit."""
        return self.mirror.exists() and not self.git("cat-file", "-e", f"{revision}^{{commit}}")[0]

    def fetch(self) -> None:
        """Bring the mirror up to date: only what is new travels."""
        self.receive([*self._transport(), "--", self.address, *ALL_REFS])

    def receive(self, what: list[str]) -> None:
        """Fetch ``what``, as ``git fetch`` takes it, into the mirror. A broken one is made anew."""
        try:
            self._fetch(what)
        except UserError:
            if not self.mirror.exists():
                raise
            shutil.rmtree(self.mirror)
            self._fetch(what)

    def checkout(self, revision: str, folder: Path) -> None:
        """Write the files of a commit into ``folder``, as git itself would."""
        index = folder / ".git-index"
        where = [f"--work-tree={folder}", "checkout", "--quiet", "--force", revision, "--", "."]
        rc, _out, err = self.git(*where, env={"GIT_INDEX_FILE": str(index)})
        if rc:
            raise UserError(f"the files of {revision} could not be written: {_last(err)}")
        index.unlink()

    def show(self, revision: str, path: str) -> str:
        """A file's text in a commit; empty where there is none."""
        rc, out, _err = self.git("show", f"{revision}:{path}")
        return "" if rc else out

    def submodules(self, revision: str) -> dict[str, str]:
        """The commits of the submodules of a commit, by their paths."""
        _rc, out, _err = self.git("ls-tree", "-r", "-z", "--full-tree", revision)
        rows = [row.partition("\t") for row in out.split("\0")]
        return {path: what.split()[2] for what, _tab, path in rows if what.startswith("160000 ")}

    def subject(self, revision: str) -> str:
        """The first line of a commit's message; empty where the mirror has no such commit."""
        return "".join(self._log("--max-count=1", revision))

    def commits(self, old: str, new: str) -> list[str]:
        """The subjects of what is in ``new`` and not in ``old``, newest first."""
        return self._log(f"--max-count={COMMITS}", f"{old}..{new}") if old and old != new else []

    @contextmanager
    def scratch(self) -> Iterator[Repository]:
        """The same repository with a mirror that is thrown away, and borrows from the real one."""
        with tempfile.TemporaryDirectory(prefix="pyhost-flask-") as folder:
            copy = replace(self, mirror=Path(folder) / "repo.git")
            copy._init()
            if (self.mirror / "objects").is_dir():
                alternates = copy.mirror / "objects" / "info" / "alternates"
                alternates.write_text(f"{self.mirror}/objects\n", encoding="utf-8")
                # Unpacked objects would renew the times of the same ones in the real mirror.
                copy.git("config", "fetch.unpackLimit", "1")
            yield copy

    def git(self, *argv: str, env: dict[str, str] | None = None) -> Ran:
        """Ask the mirror."""
        return self._call([f"--git-dir={self.mirror}", *argv], env=env)

    def _fetch(self, what: list[str]) -> None:
        if not self.mirror.exists():
            self._init()
        # Of a git that was killed: one run at a time works with the mirror.
        for lock in self.mirror.rglob("*.lock"):
            lock.unlink()
        # Housekeeping in the background would outlive this run.
        options = ["-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"]
        options += [f"--git-dir={self.mirror}", "fetch", "--quiet", "--prune"]
        self._ask([*options, *what], FETCH_SECONDS)

    def _init(self) -> None:
        rc, _out, err = self._call(["init", "--quiet", "--bare", str(self.mirror)])
        if rc:
            raise UserError(f"its mirror {self.mirror} could not be made: {_last(err)}")
        self.mirror.chmod(0o700)

    def _tags(self) -> dict[str, str]:
        layout = "%(objectname) %(*objectname) %(refname:lstrip=2)"
        _rc, out, _err = self.git("for-each-ref", f"--format={layout}", "refs/tags")
        rows = [line.split(" ", 2) for line in out.splitlines()]
        return {name: peeled or plain for plain, peeled, name in rows}

    def _log(self, *options: str) -> list[str]:
        rc, out, _err = self.git("log", "--format=%s", *options, "--")
        return [] if rc else out.splitlines()

    def _ask(self, argv: list[str], timeout: int) -> str:
        """Ask the server, twice where it may help. The error has git's words and a remedy."""
        for pause in (2, 0):
            rc, out, err = self._call(argv, timeout)
            if not rc:
                return out
            if rc in TIMED_OUT:
                err += f"\nno answer within {timeout} seconds"
            if not pause or rc in TIMED_OUT or not PASSING.search(err):
                break
            time.sleep(pause)
        remedies = [remedy for pattern, remedy in REMEDIES if re.search(pattern, err)]
        who = "" if os.geteuid() else ", as root"
        by_hand = f"Try it on {self.place}{who}: git ls-remote {self.address}"
        remedy = remedies[0].format(place=self.place) if remedies else by_hand
        raise UserError(f"it cannot be read: {_last(redact.redact(err))}\n{remedy}")

    def _call(self, argv: list[str], timeout: int = 0, env: dict[str, str] | None = None) -> Ran:
        login = ["-c", "credential.helper=", "-c", f"credential.helper={CREDENTIALS}"]
        ssh = os.environ.get("GIT_SSH_COMMAND", "ssh")
        variables = {
            "FLASK_GIT_PASSWORD": self.password,
            "FLASK_GIT_USER": self.user,
            "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
            "GIT_HTTP_LOW_SPEED_TIME": "30",
            "GIT_SSH_COMMAND": f"{ssh} -o BatchMode=yes -o ConnectTimeout=15{self.ssh}",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C.UTF-8",
            **(env or {}),
        }
        command = ["git", *(login if self.user else []), *argv]
        return self.run(command, "/", variables, timeout)

    def _transport(self) -> list[str]:
        # A repository on this host usually belongs to somebody else than root, which git refuses
        # to read; the user named it, so it is meant. git drops -c settings for a local server.
        local = self.address.startswith(("/", "file://"))
        return ["--upload-pack=git -c safe.directory=* upload-pack"] if local else []


def repository(module: Module, url: str, mirror: Path, ssh: str = "") -> Repository:
    """The repository at ``url``, whose user and password, if any, are kept out of everything."""
    address = core_url.parse(url)
    program = partial(run, module)
    return Repository(program, address.url, mirror, address.user, address.password, ssh)


def _last(text: str, lines: int = 4) -> str:
    """The end of what a program said, on one line."""
    words = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(words[-lines:])

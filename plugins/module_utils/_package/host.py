# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a package of an app finds on the host, and what it puts there."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import (
    durable,
    env_file,
    secret_store,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Service
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import Play as PlayOption
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import lock
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.record import Play
from ansible_collections.pyhost.flask.plugins.module_utils._release import preflight

from .settings import Settings

SECRETS = Path(secret_store.FOLDER)


class Host:
    """In the place of AnsibleModule, for the code that the modules and the packages share."""

    check_mode = False
    _diff = False

    def __init__(self) -> None:
        self.no_log_values: set[str] = set()

    def run_command(self, args: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        """Run a program, with ``cwd`` and ``environ_update`` as Ansible has them; its status, 127
        if there is no such program, and what it said."""
        try:
            done = subprocess.run(
                list(args),
                cwd=options.get("cwd"),
                env={**os.environ, **options.get("environ_update", {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
        except OSError as error:
            return 127, "", f"{args[0]}: {error.strerror}"
        return done.returncode, done.stdout, done.stderr

    def warn(self, warning: str, /) -> None:
        say(warning)


@dataclass(frozen=True)
class Package:
    """The package of an app: its folder in /usr/lib, and the app as its settings describe it."""

    folder: Path
    app: Settings

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def root(self) -> Path:
        return Path(self.app["service"]["root"])

    @property
    def defaults(self) -> Path:
        """The variables of the app, as the package brings them and the administrator edits them."""
        return Path("/etc/default") / self.name

    @property
    def environment(self) -> Path:
        """The same with the secret key, which is what the app gets."""
        return Path(self.app["service"]["etc"]) / "environment"

    def release(self, release: str) -> Path:
        return self.root / "releases" / release


def load(folder: Path) -> Package:
    """The package in a folder of /usr/lib."""
    return Package(folder, json.loads((folder / "settings.json").read_text(encoding="utf-8")))


def begin(module: Host, app: Service, step: str) -> lock.Deploy:
    """Begin a deploy of this host's own.

    One that is written down and was this host's own is dead: there is one package manager.
    """
    me = Play("the package manager", f"packages of {socket.gethostname()}", os.getpid(), "")
    record = lock.read(app["name"])
    dead = [record.play.id] if record and record.play.controller == me.controller else []
    play: PlayOption = {
        "who": me.who,
        "controller": me.controller,
        "pid": me.pid,
        "started": me.started,
        "dead": dead,
        "last": False,
    }
    try:
        return lock.Deploy(module, app["name"], app["root"], step, play)
    except lock.Locked as locked:
        raise UserError(str(locked)) from locked


def link(package: Package) -> str:
    """Have the package's release among the app's, by links to the same files; its ID.

    The package manager replaces files and never writes into them, so a link keeps what it was.
    """
    payload = package.folder / "release"
    record = json.loads((payload / "release.json").read_text(encoding="utf-8"))
    release = str(record["id"])
    place = package.release(release)
    there = place / "release.json"
    if there.is_file():
        found = json.loads(there.read_text(encoding="utf-8"))
        # Not by the moment: where Ansible took it out of the same package, that is its own.
        if all(found[name] == record[name] for name in ("revision", "packages", "inputs")):
            return release
        raise UserError(
            f"release {release} is on the host with other content. Give packages that were built"
            " anew a new number: package_release"
        )
    folder(place.parent, 0o755)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as scratch:
        new = Path(scratch) / release
        if not _copied("--link", payload, new) and not _copied("--reflink=auto", payload, new):
            raise UserError(f"{payload} could not be copied to {place.parent}; is the disk full?")
        if place.exists():  # without a record it is rubbish
            shutil.rmtree(place)
        new.rename(place)
    return release


def _copied(how: str, source: Path, target: Path) -> bool:
    """Whether cp has copied a folder; where not, nothing of it is left."""
    shutil.rmtree(target, ignore_errors=True)
    command = ["cp", "--archive", how, "--no-target-directory", str(source), str(target)]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def share(package: Package) -> None:
    """Make the folders that outlive releases, each with what the code has for it at first."""
    shared = package.root / "shared"
    user, host = package.app["service"]["user"], Host()
    folder(shared, 0o750, user)
    for name in package.app["shared"]:
        if not os.path.lexists(shared / name):
            first = package.folder / "shared" / name
            content = first if first.is_dir() else None
            preflight.first_content(host, user, content, shared / name)


def write_environment(package: Package) -> list[str]:
    """Write what the app gets; or else the names of the variables that have no value yet."""
    try:
        variables = env_file.parse(package.defaults.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{package.defaults}: {error}; write lines of NAME='value'") from error
    missing = [name for name in package.app["required"] if not variables.get(name)]
    if missing:
        return missing
    # First, for others may name what they stand in.
    filled = {name: variables[name] for name in package.app["required"]}
    variables = {name: env_file.expand(value, filled) for name, value in variables.items()}
    key = variables.get("SECRET_KEY") or secret_key(package.app["service"]["name"])
    text = f"# Made from {package.defaults} by `{package.name} configure`; edit that.\n"
    text += env_file.quote(env_file.completed(variables, key))
    file = package.environment
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        new = file.with_name(".environment.new")
        new.touch(0o600)
        new.write_text(text, encoding="utf-8")
        shutil.chown(new, "root", package.app["service"]["user"])
        new.chmod(0o640)
        durable.replace(new, file)
    return []


def secret_key(name: str) -> str:
    """The app's secret key, where the module ``secret`` keeps it as well; made once."""
    from secrets import token_hex

    SECRETS.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = SECRETS / name
    if not file.is_file():
        new = SECRETS / f".{name}.new"
        new.touch(0o600)
        new.write_text(token_hex(32), encoding="utf-8")
        durable.replace(new, file)
    return file.read_text(encoding="utf-8")


def folder(path: Path, mode: int, user: str = "root") -> None:
    """Make a folder, or put its mode and owner right."""
    path.mkdir(parents=True, exist_ok=True)
    shutil.chown(path, user, user)
    path.chmod(mode)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fingerprint of a set's state: by what the next run tells, without Python on the host, that
nothing has changed since the module left it.

The controller has both halves written in shell (``function``). The module keeps what the function
prints (``take``, ``keep``); the next run has the host compare (``compare``).
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._core.services import SET_UP

from . import filesystem
from .journal import FOLDER

SAME = "same"  # what the host prints if nothing has changed


def file(name: str) -> str:
    """Where the fingerprint of a set is kept."""
    return f"{FOLDER}/{name}.fingerprint"


def function(args: Mapping[str, Any], contents: Mapping[str, bytes], code: str) -> str:
    """A shell function that prints all that a set's result depends on: our ``code`` by its digest,
    the options, and how its files, services and users are. A file's inode and ctime stand for its
    content, so nobody changes it unnoticed.
    """
    sums = {dest: hashlib.sha256(content).hexdigest() for dest, content in contents.items()}
    # What may refuse the host has no part in the result: site.yml and deploy.yml share it.
    asked = {name: value for name, value in args.items() if name != "needs_site"}
    options = json.dumps([code, asked, sums], sort_keys=True, default=str)
    folders, others = ["/run/systemd/system"], [f"{FOLDER}/{args['name']}.json"]
    for entry in args["files"]:
        path = os.path.normpath(entry["dest"])
        (folders if entry["state"] == "directory" else others).append(path)
    commands: dict[str, Sequence[str]] = {
        "stat -L -c '%n %F %a %U %G'": folders,
        "stat -c '%n %F %a %U %G %s %i %z'": others,
        "systemctl show -p UnitFileState,ActiveState": args["services"],
        "id": [user["name"] for user in args["users"]],
    }
    lines = [f"{command} -- {shlex.join(names)}" for command, names in commands.items() if names]
    digest = hashlib.sha256(options.encode()).hexdigest()
    return "\n".join(
        ["LC_ALL=C; export LC_ALL", "fingerprint() {", f"echo {digest}", *lines, "} 2>&1", ""]
    )


def compare(written: str, args: Mapping[str, Any]) -> str:
    """The input of a shell that prints ``SAME`` if the fingerprint is the one that was kept."""
    script = f"fingerprint | cmp -s - {shlex.quote(file(args['name']))} && echo {SAME}"
    if args["needs_site"]:
        script = f"test -e {SET_UP} && {script}"
    return f"{written}{script}"


def take(module: Module, written: str) -> str:
    """The fingerprint now. ``written`` is what ``function`` gave the controller."""
    return str(module.run_command(["sh", "-s"], data=f"{written}fingerprint")[1])


def keep(name: str, fingerprint: str) -> None:
    """Keep it for the next run."""
    path = file(name)
    filesystem.write(f"{path}.new", fingerprint.encode(), 0o600)
    os.replace(f"{path}.new", path)


def forget(name: str) -> None:
    """Have the next run look for itself."""
    if os.path.lexists(file(name)):
        os.unlink(file(name))

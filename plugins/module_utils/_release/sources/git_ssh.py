# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A key for ssh, and the servers' own keys, which are in no file: they end with this process."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError


def options(key: str, known_hosts: Sequence[str]) -> str:
    """Options for ssh's command line, with a leading blank: a private key, and the keys of servers
    that alone are believed. Either may be empty; then ssh finds what the host has."""
    found = ""
    if key:
        # A vaulted text has often lost its last line's end, and ssh does not read it without.
        found += f" -i {in_memory(key.strip() + chr(10))} -o IdentitiesOnly=yes"
    if known_hosts:
        found += f" -o UserKnownHostsFile={in_memory(chr(10).join(known_hosts) + chr(10))}"
        found += " -o GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes"
    return found


def in_memory(text: str) -> str:
    """A path under which this user's processes can read a text, as long as this process lives.

    See memfd_create(2): the file has no name on any disk. ssh wants a key that others cannot read.
    """
    if not hasattr(os, "memfd_create"):
        raise UserError(
            "source.key and source.known_hosts need Linux, where they are in no file; leave them"
            " out and have them in ~/.ssh"
        )
    descriptor = os.memfd_create("pyhost-flask")
    os.fchmod(descriptor, 0o600)
    os.write(descriptor, text.encode())
    return f"/proc/{os.getpid()}/fd/{descriptor}"

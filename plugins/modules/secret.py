#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret
author: The pyhost.flask developers (@pyhost)
short_description: Secrets that are made once on a host and kept
version_added: 0.1.0
description:
  - Makes a random secret for each name that has none yet, keeps it in a file that only root can
    read, and returns it. The same name gives the same secret ever after.
  - With O(values), keeps secrets that were made elsewhere.
  - The result holds the secrets. Set C(no_log) on the task, as in the examples.
attributes:
  check_mode:
    description: Nothing is written. A secret that does not exist yet is made up and forgotten.
    support: full
  diff_mode:
    description: Secrets are never shown.
    support: none
options:
  names:
    type: list
    elements: str
    default: []
    description: Names of secrets to make or to read.
  values:
    type: dict
    default: {}
    description: Secrets to keep, by their names. One that differs from what is kept replaces it.
  folder:
    type: path
    default: /var/lib/pyhost-flask/secrets
    description: Where the secrets are kept, a file each.
"""

EXAMPLES = r"""
- name: Make the secret keys of two apps, or read them
  pyhost.flask.secret:
    names: [notes, blog]
  register: secrets
  no_log: true

- name: Keep them on another host too
  pyhost.flask.secret:
    values: "{{ secrets.secrets }}"
  delegate_to: app2.example.org
  no_log: true
"""

RETURN = r"""
secrets:
  description: The secrets of O(names), 64 hexadecimal digits each where they were made here.
  returned: success
  type: dict
"""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule


def read(folder: Path, name: str) -> str | None:
    """The secret of that name, or None where there is none yet."""
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def make(folder: Path, name: str) -> str:
    """Keep a new random secret, unless another process was first; return the one that is kept."""
    with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
        # A deploy to another host of the app may have made it at this moment.
        with contextlib.suppress(FileExistsError):
            os.link(file.name, folder / name)
    return (folder / name).read_text(encoding="utf-8")


def keep(folder: Path, name: str, value: str) -> None:
    """Keep a given secret, replacing what was there in one step."""
    with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8", delete=False) as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, folder / name)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "default": []},
            "values": {"type": "dict", "default": {}, "no_log": True},
            "folder": {"type": "path", "default": "/var/lib/pyhost-flask/secrets"},
        },
        supports_check_mode=True,
    )
    folder, names, values = (
        Path(module.params["folder"]),
        module.params["names"],
        module.params["values"],
    )
    bad = [name for name in (*names, *values) if "/" in name or name.startswith(".")]
    if bad:
        module.fail_json(msg=f"{bad[0]!r} is no name for a secret: it becomes a file's name")
    try:
        found = {name: read(folder, name) for name in (*names, *values)}
        missing = [name for name in names if found[name] is None]
        differing = {name: value for name, value in values.items() if found[name] != value}
        if not module.check_mode and (missing or differing):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found.update({name: make(folder, name) for name in missing})
            for name, value in differing.items():
                keep(folder, name, value)
    except OSError as error:
        module.fail_json(msg=f"cannot keep secrets in {folder}: {error.strerror}: {error.filename}")
    result = {name: found[name] or secrets.token_hex(32) for name in names}
    module.exit_json(changed=bool(missing or differing), secrets=result)


if __name__ == "__main__":
    main()

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
    read, and returns it. The same name gives the same secret ever after, until it is named in
    O(rotate).
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
  rotate:
    type: list
    elements: str
    default: []
    description:
      - Names of secrets that get a new value. What each of them was is kept as its previous value,
        beside it, in place of an earlier one.
  begin:
    type: list
    elements: str
    default: []
    description:
      - As O(rotate), for secrets that somebody else has to know before the previous value may go.
        If there is a previous value, an earlier rotation has not ended yet, and the secret stays.
  end:
    type: list
    elements: str
    default: []
    description: Names of secrets whose previous values are forgotten now.
  forget:
    type: bool
    default: false
    description: Whether the previous values of O(rotate) are forgotten instead.
  values:
    type: dict
    default: {}
    description: Secrets to keep, by their names. One that differs from what is kept replaces it.
  previous:
    type: dict
    default: {}
    description:
      - The previous values of O(values), by the same names. Those that are not in it are removed.
  needs_site:
    type: bool
    default: false
    description:
      - Whether to fail, instead of changing anything, on a host on which the playbook
        C(pyhost.flask.site) has not run.
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
    previous: "{{ secrets.previous }}"
  delegate_to: app2.example.org
  no_log: true

- name: Make a new one
  pyhost.flask.secret:
    rotate: [notes]
  no_log: true
"""

RETURN = r"""
secrets:
  description: The secrets of O(names), 64 hexadecimal digits each where they were made here.
  returned: success
  type: dict
previous:
  description: The previous values of O(names), where they have one.
  returned: success
  type: dict
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable, services
from ansible_collections.pyhost.flask.plugins.module_utils._core.secret_store import (
    FOLDER,
    PREVIOUS,
)

Kept = Mapping[str, str]  # what is in the files, by their names


def observe(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """What is kept of the secrets of these names, and of their previous values."""
    kept = {}
    for file in [folder / (name + end) for name in names for end in ("", PREVIOUS)]:
        with contextlib.suppress(FileNotFoundError):
            kept[file.name] = file.read_text(encoding="utf-8")
    return kept


def plan_rotation(names: Iterable[str], forget: bool, kept: Kept) -> dict[str, str | None]:
    """The files to write, in this order, for new secrets of these names; None is to be removed."""
    steps: dict[str, str | None] = {}
    for name in names:
        steps[name + PREVIOUS] = None if forget else kept.get(name)
        steps[name] = secrets.token_hex(32)
    return _differing(steps, kept)


def plan_beginning(names: Iterable[str], kept: Kept) -> dict[str, str | None]:
    """The same for a rotation in two steps; one that has begun before is left as it is."""
    # Killed between the two files, a rotation has left one secret in both.
    new = [name for name in names if kept.get(name + PREVIOUS) in (None, kept.get(name))]
    return plan_rotation(new, False, kept)


def plan_end(names: Iterable[str], kept: Kept) -> dict[str, str | None]:
    """The files to remove where such a rotation has ended."""
    return _differing({name + PREVIOUS: None for name in names}, kept)


def plan_values(values: Kept, previous: Kept, kept: Kept) -> dict[str, str | None]:
    """The same for secrets that were made elsewhere."""
    steps: dict[str, str | None] = {}
    for name, value in values.items():
        steps.update({name + PREVIOUS: previous.get(name), name: value})
    return _differing(steps, kept)


def _differing(steps: dict[str, str | None], kept: Kept) -> dict[str, str | None]:
    return {name: value for name, value in steps.items() if kept.get(name) != value}


def make(folder: Path, name: str) -> str:
    """Keep a new random secret, unless another process was first; return the one that is kept."""
    with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
        # A deploy to another host of the app may have made it at this moment.
        with contextlib.suppress(FileExistsError):
            os.link(file.name, folder / name)
    durable.sync(folder)
    return (folder / name).read_text(encoding="utf-8")


def keep(folder: Path, name: str, value: str | None) -> None:
    """Keep a given secret, replacing what was there in one step; without one, remove it."""
    if value is None:
        (folder / name).unlink(missing_ok=True)
        return
    with tempfile.NamedTemporaryFile("w", dir=folder, encoding="utf-8", delete=False) as file:
        file.write(value)
    durable.replace(Path(file.name), folder / name)


def change(params: Mapping[str, Any], check_mode: bool) -> tuple[bool, dict[str, str]]:
    """Do what is asked for; whether that changes anything, and what is kept then."""
    folder, names = Path(params["folder"]), params["names"]
    rotated = {*params["rotate"], *params["begin"], *params["end"]}
    kept = observe(folder, {*names, *params["values"], *rotated})
    steps = {
        **plan_beginning(params["begin"], kept),
        **plan_end(params["end"], kept),
        **plan_rotation(params["rotate"], params["forget"], kept),
        **plan_values(params["values"], params["previous"], kept),
    }
    missing = [name for name in names if name not in {**kept, **steps}]
    if not check_mode and (missing or steps):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, value in steps.items():
            keep(folder, name, value)
        for name in missing:
            make(folder, name)
        kept = observe(folder, names)
    return bool(missing or steps), kept


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "default": []},
            "rotate": {"type": "list", "elements": "str", "default": []},
            "begin": {"type": "list", "elements": "str", "default": []},
            "end": {"type": "list", "elements": "str", "default": []},
            "forget": {"type": "bool", "default": False},
            "values": {"type": "dict", "default": {}, "no_log": True},
            "previous": {"type": "dict", "default": {}, "no_log": True},
            "needs_site": {"type": "bool", "default": False},
            "folder": {"type": "path", "default": FOLDER},
        },
        supports_check_mode=True,
    )
    if refused := services.refusal_before_site(module.params["needs_site"]):
        module.fail_json(msg=refused)
    names = module.params["names"]
    bad = [
        name
        for option in ("names", "rotate", "begin", "end", "values")
        for name in module.params[option]
        if "/" in name or name.startswith(".") or name.endswith(PREVIOUS)
    ]
    if bad:
        module.fail_json(
            msg=f"{bad[0]!r} is not a valid name for a secret: it becomes a file's name"
        )
    try:
        changed, kept = change(module.params, module.check_mode)
    except OSError as error:
        folder = module.params["folder"]
        module.fail_json(msg=f"cannot keep secrets in {folder}: {error.strerror}: {error.filename}")
    module.exit_json(
        changed=changed,
        secrets={name: kept.get(name) or secrets.token_hex(32) for name in names},
        previous={name: kept[name + PREVIOUS] for name in names if name + PREVIOUS in kept},
    )


if __name__ == "__main__":
    main()

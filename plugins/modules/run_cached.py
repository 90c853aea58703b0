#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: run_cached
author: The pyhost.flask developers (@pyhost)
short_description: Internal. Runs another module of this collection from code that the host keeps
version_added: 0.1.0
description:
  - Not for playbooks. The collection's modules run by it, so that a task sends a host nothing but
    its arguments, and the host does not compile the same code again in each task.
  - Ansible itself puts the arguments into this file, as it does for all modules that hold its
    C(INCLUDE_ANSIBLE_MODULE_JSON_ARGS), and packs nothing with it.
  - The code lies in C(/run/pyhost-flask/code), which only root can read, and is gone with the next
    boot.
options:
  module:
    description: The name of the module.
    type: str
    required: true
  arguments:
    description: The module's arguments.
    type: dict
    required: true
  folder:
    description: Where the host keeps the code.
    type: str
    required: true
  code:
    description: A zip file of the code, in base64, where the host does not have it yet.
    type: str
attributes:
  check_mode:
    description: As the other module has it.
    support: full
  diff_mode:
    description: As the other module has it.
    support: full
"""

EXAMPLES = r"""
- name: Install a package, by an action plugin that runs it
  pyhost.flask.system_packages:
    name: [nginx]
"""

RETURN = r"""
code_missing:
  description: That the host does not have the code, or could not keep it. Nothing was done then;
    else, the values are those of the other module.
  returned: where the code is not there
  type: bool
"""

import base64
import contextlib
import importlib
import io
import json
import os
import runpy
import shutil
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

# JSON never holds three quotes in a row, and a raw string leaves its escapes alone.
REQUEST = r"""<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"""
OPTIONS = {
    "module": {"type": "str", "required": True},
    "arguments": {"type": "dict", "required": True},
    "folder": {"type": "str", "required": True},
    "code": {"type": "str"},
}
BASIC = "ansible.module_utils.basic"  # a plain import of it would have Ansible pack it
UNUSED = 24 * 3600  # seconds after which code that no play has used is removed


def keep(folder: Path, code: str) -> None:
    """Unpack the code; it is there as a whole, or not at all. Raises OSError."""
    for parent in (folder.parent.parent, folder.parent):
        parent.mkdir(mode=0o700, exist_ok=True)
    new = folder.with_suffix(f".{os.getpid()}")
    try:
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(code))) as packed:
            packed.extractall(new)
        new.rename(folder)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not folder.is_dir():  # else another play has made it meanwhile
            raise
    for other in folder.parent.iterdir():
        if other.stat().st_mtime < time.time() - UNUSED:
            shutil.rmtree(other, ignore_errors=True)


def run(folder: Path, module: str, arguments: dict[str, Any]) -> None:
    """Run a module as Ansible would, which hands over its arguments, and since ansible-core 2.19
    the kind of JSON that it reads, by these variables."""
    os.utime(folder)
    sys.dont_write_bytecode = False  # to be compiled once is what it is kept for
    sys.path.insert(0, str(folder))
    basic: Any = importlib.import_module(BASIC)
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    name = f"ansible_collections.pyhost.flask.plugins.modules.{module}"
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def main() -> None:
    if not REQUEST.startswith("{"):
        module = importlib.import_module(BASIC).AnsibleModule(OPTIONS, supports_check_mode=True)
        module.fail_json(msg="only Ansible can run this, for it puts the arguments into the file")
    request = json.loads(REQUEST)
    folder, module = Path(request["folder"]), request["module"]
    # Where nothing can be kept, as by another user than root, Ansible's own way is left.
    with contextlib.suppress(OSError):
        if request.get("code"):
            keep(folder, request["code"])
    if not os.access(folder, os.W_OK):
        sys.stdout.write(json.dumps({"code_missing": True}))
        return
    # What Ansible adds to the arguments of each module: check mode, the verbosity, and more.
    added = {key: value for key, value in request.items() if key.startswith("_ansible_")}
    added["_ansible_module_name"] = f"pyhost.flask.{module}"
    run(folder, module, {**request["arguments"], **added})


if __name__ == "__main__":
    main()

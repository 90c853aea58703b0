#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages of an app's release, made by nfpm."""

from __future__ import annotations

DOCUMENTATION = r"""
module: build_package
short_description: Make a deb and an RPM of an app's release
version_added: 0.1.0
author: The pyhost.flask developers (@pyhost)
description:
  - Packs a release that M(pyhost.flask.release) has built at its final place, with files that were
    staged beside it, by nfpm. It runs on a machine that only builds.
  - The same input makes the same package, byte by byte.
attributes:
  check_mode:
    description: Nothing is made.
    support: none
  diff_mode:
    description: There is nothing to compare.
    support: none
options:
  name:
    description: The app's name.
    type: str
    required: true
  package:
    description: The package's name.
    type: str
    required: true
  root:
    description: The app's folder, C(/srv/NAME).
    type: path
    required: true
  release:
    description: The ID of the release.
    type: str
    required: true
  stage:
    description: The folder with the other files of the package, by the paths that they will have.
    type: path
    required: true
  settings:
    description: What the package's scripts have to know of the app.
    type: dict
    required: true
  output:
    description: The folder for the packages.
    type: path
    required: true
  kinds:
    description: Which packages are made.
    type: list
    elements: str
    choices: [deb, rpm]
    default: [deb, rpm]
  version:
    description: The package's version, as Python writes it. By default that of the release.
    type: str
    default: ""
  number:
    description: The number of the package's release.
    type: str
    required: true
  epoch:
    description:
      - The time that all files get, in seconds since 1970. By default the commit's; without one,
        now.
    type: str
    default: ""
  texts:
    description: The C(description), C(maintainer), C(homepage) and C(license).
    type: dict
    required: true
  depends:
    description: Further dependencies, in C(deb) and C(rpm).
    type: dict
    default: {}
  nfpm:
    description: The program nfpm.
    type: path
    required: true
  key:
    description: A private PGP key that the packages are signed by, as text.
    type: str
    default: ""
  passphrase:
    description: The key's passphrase.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Pack the release
  pyhost.flask.build_package:
    name: notes
    package: flask-notes
    root: /srv/notes
    release: 9f8e7d6c5b4a-6a7b8c9d
    stage: /var/cache/pyhost-flask/package/notes/stage
    settings: "{{ (app | pyhost.flask.packaged('www-data')).settings }}"
    output: /var/cache/pyhost-flask/package/notes/dist
    number: "1"
    texts:
      description: A pinboard
      maintainer: Ada <ada@example.org>
      homepage: https://notes.example.org
      license: MIT
    nfpm: /opt/pyhost-flask/nfpm/bin/nfpm
"""

RETURN = r"""
version:
  description: The packages' version, with the release number.
  returned: success
  type: str
  sample: 1.2.0-1
files:
  description: The packages, with C(kind), C(path) and C(sha256) each.
  returned: success
  type: list
  elements: dict
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import process
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._package import build, plan
from ansible_collections.pyhost.flask.plugins.module_utils._package.plan import Origin


def commit_time(module: AnsibleModule, root: Path, revision: str) -> int:
    """When a commit of the app's repository was made; 0 where the release comes from no commit."""
    git = ["git", "-C", str(root / "repo.git"), "show", "--no-patch", "--format=%ct", revision]
    rc, out, _err = process.run(module, git) if (root / "repo.git").is_dir() else (1, "", "")
    return 0 if rc else int(out.split()[-1])


def project_version(folder: Path, record: dict[str, Any], name: str) -> str:
    """What the project in a release says that its version is; empty where it says nothing."""
    try:
        import tomllib

        text = (folder / record["inputs"]["subdir"] / "pyproject.toml").read_text(encoding="utf-8")
        return str(tomllib.loads(text)["project"]["version"])
    except (ImportError, OSError, ValueError, KeyError):
        return str(record["packages"].get(name, ""))


def make(module: AnsibleModule) -> dict[str, Any]:
    """Pack the release; the module's result."""
    params = module.params
    root, stage = Path(params["root"]), Path(params["stage"])
    release = root / "releases" / params["release"]
    record = json.loads((release / "release.json").read_text(encoding="utf-8"))
    commit = commit_time(module, root, record["revision"])
    when = int(params["epoch"]) if params["epoch"] else commit or int(time.time())
    project = project_version(release, record, params["name"])
    origin = Origin(record["version"], project, record["revision"], commit)
    version = plan.version(params["version"], origin)
    ours = stage / "usr/lib" / params["package"]
    build.payload(module, release, ours / "release", when)
    build.first_content(root / "shared", ours / "shared")
    settings = json.dumps(params["settings"], indent=2, sort_keys=True) + "\n"
    (ours / "settings.json").write_text(settings, encoding="utf-8")
    about = {
        **params["texts"],
        **{name: params[name] for name in ("package", "output", "kinds", "nfpm", "depends")},
        "arch": process.run(module, ["dpkg", "--print-architecture"])[1].strip(),
        "version": version.text,
        "epoch": version.epoch,
        "release": params["number"],
        "when": when,
        "holds": (params["name"], record["id"]),
        "scripts": plan.scripts(params["package"], params["settings"]),
    }
    python = plan.Python(record["python"])
    signing = {"key": params["key"], "passphrase": params["passphrase"]}
    files = build.build(module, about, python, stage, signing)
    return {"version": f"{version.text}-{params['number']}", "files": files}


def main() -> None:
    text: dict[str, Any] = {"type": "str", "default": ""}
    needed: dict[str, Any] = {"type": "str", "required": True}
    module = AnsibleModule(
        argument_spec={
            **dict.fromkeys(("name", "package", "release", "number"), needed),
            **{name: {"type": "path", "required": True} for name in ("root", "stage", "output")},
            "settings": {"type": "dict", "required": True},
            "kinds": {
                "type": "list",
                "elements": "str",
                "choices": ["deb", "rpm"],
                "default": ["deb", "rpm"],
            },
            "version": text,
            "epoch": text,
            "texts": {"type": "dict", "required": True},
            "depends": {"type": "dict", "default": {}},
            "nfpm": {"type": "path", "required": True},
            "key": {"type": "str", "default": "", "no_log": True},
            "passphrase": {"type": "str", "default": "", "no_log": True},
        },
    )
    os.umask(0o022)
    try:
        result = make(module)
    except (UserError, OSError, ValueError) as error:
        module.fail_json(msg=f"{module.params['name']}: {error}")
    module.exit_json(changed=True, **result)


if __name__ == "__main__":
    main()

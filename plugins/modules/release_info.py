#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
author: The pyhost.flask developers (@pyhost)
short_description: The releases of an app that a host has
version_added: 0.1.0
description:
  - Lists the releases that stand on the host, and finds one of them, by default the one that was
    live before. It reads files of the host alone, and changes nothing.
attributes:
  check_mode:
    description: It changes nothing anyway.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
options:
  name:
    type: str
    required: true
    description: The app's name, for messages.
  root:
    type: path
    required: true
    description: The app's folder. The releases stand in C(releases) in it.
  release:
    type: str
    default: ""
    description:
      - The ID of a release, or how it begins. Empty is the release that was live before. Where
        there is none, or several, the module fails and lists the releases.
"""

EXAMPLES = r"""
- name: Find the release that was live before
  pyhost.flask.release_info:
    name: notes
    root: /srv/notes
  register: before
"""

RETURN = r"""
release:
  description: The release that was asked for.
  returned: success
  type: dict
  contains: &release
    id:
      description: Its ID.
      type: str
    path:
      description: Its folder.
      type: str
    revision:
      description: The commit that it was built of.
      type: str
    version:
      description: The version that was asked for then.
      type: str
    built:
      description: When it was built, in UTC.
      type: str
live:
  description: The release that is live; empty where there is none.
  returned: success
  type: dict
  contains: *release
releases:
  description: All releases, the newest first.
  returned: success
  type: list
  elements: dict
  contains: *release
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._release import Release
from ansible_collections.pyhost.flask.plugins.module_utils._release_build import observe
from ansible_collections.pyhost.flask.plugins.module_utils._release_choice import (
    ChoiceError,
    choose,
    newest_first,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "root": {"type": "path", "required": True},
            "release": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        module.exit_json(
            changed=False, **run(Path(module.params["root"]), module.params["release"])
        )
    except (ChoiceError, OSError) as error:
        module.fail_json(msg=f"{module.params['name']}: {error}")


def run(root: Path, wanted: str) -> dict[str, Any]:
    """The module's result."""
    have = observe(root)
    live = have.releases.get(have.live)
    return {
        "release": shown(root, choose(wanted, have)),
        "live": shown(root, live) if live else {},
        "releases": [shown(root, release) for release in newest_first(have)],
    }


def shown(root: Path, release: Release) -> dict[str, str]:
    return {
        "id": release.id,
        "path": str(root / "releases" / release.id),
        "revision": release.revision,
        "version": release.version,
        "built": release.built,
    }


if __name__ == "__main__":
    main()

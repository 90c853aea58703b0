#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
author: The pyhost.flask developers (@pyhost)
short_description: Build releases of apps beside the running ones
version_added: 0.1.0
description:
  - Finds the revision that each app asks for, and builds a release of it in a folder of its own,
    with its code, its venv and links to the app's shared folders. What runs is not touched; moving
    the traffic to the release is the part of M(pyhost.flask.reload).
  - A release has its ID from all that goes into it, so nothing is built for what is there
    already. A build that fails or is interrupted leaves no release; the next one starts from
    scratch.
  - The requirements are those of the app's folder or, where it names none, of the repository's
    root. The first of these counts. C(uv.lock) or C(pylock.toml), which need uv;
    C(poetry.lock); C(Pipfile.lock); C(requirements.txt);
    C(pyproject.toml) or C(setup.py), installed as an editable package, so that the code runs from
    the release's folder; a C(pyproject.toml) without a build system, whose dependencies are
    installed. The project is installed besides its C(requirements.txt), or without a build
    system, only if the module of its C(wsgi) is not found in the app's folder. If there is none of
    them, Flask is installed.
  - Before it counts as built, the release is imported as gunicorn does it, by the app's user in
    the app's environment.
attributes:
  check_mode:
    description:
      - Builds the release in a scratch folder, which is removed again, and says what it would
        bring, the packages and the pending migrations among it. The app is imported for the
        latter, and the database is opened for reading alone. Nothing else on the host changes.
      - It works on a host without git, uv, user and database. What cannot be known there is a
        warning.
    support: full
  diff_mode:
    description:
      - Shows the live release and the wanted one with the commits and the packages in between,
        and in check mode the SQL of the migrations, or their names where the SQL depends on the
        data.
    support: full
options:
  apps:
    description:
      - The apps, each as its C(release) in what P(pyhost.flask.resolve#filter) returns. Their
        options are those of the role P(pyhost.flask.app#role). All of them are looked at, also if
        one fails; the sources are asked at the same time, and builds follow one another.
      - What only the controller has of an app's source is sent to a host that has no release of it.
    type: list
    elements: dict
    required: true
  uv:
    description: The program uv. If it is empty or not there, pip is used.
    type: path
    default: ""
  edition:
    description:
      - What makes the same input another release, such as the number of a package that is built
        again.
    type: str
    default: ""
  _known:
    description: Internal. What the controller has of each app's source; not for playbooks.
    type: dict
    default: {}
  _play:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
"""

EXAMPLES = r"""
- name: Build the releases
  pyhost.flask.release:
    apps: "{{ apps | map(attribute='release') }}"
    uv: /opt/pyhost-flask/uv/bin/uv
  register: releases
  vars:
    apps: "{{ flask_apps | pyhost.flask.resolve(flask_defaults) }}"
"""

RETURN = r"""
apps:
  description: The result of each app, by its name.
  returned: success
  type: dict
  contains:
    id:
      description: The release's ID. Empty in check mode where the host has no git yet.
      returned: success
      type: str
    path:
      description: The release's folder. Empty where its ID is.
      returned: success
      type: str
    revision:
      description: The commit, or the SHA-256 of what the release was made from.
      returned: success
      type: str
    version:
      description: The branch, the tag or the commit that it was asked for by, or the file's name.
      returned: success
      type: str
    live:
      description: Whether it is the live release.
      returned: success
      type: bool
    previous:
      description: The ID of the live release, or of the one before if it is live; null for none.
      returned: success
      type: str
    commits:
      description: The subjects of the commits since the live release, newest first, 100 at most.
      returned: success
      type: list
      elements: str
    dependencies:
      description:
        - The packages that differ from the live release's, in C(added), C(changed) and
          C(removed), with C(name), C(from) and C(to) each.
      returned: success
      type: dict
    built:
      description: Whether the release stands on the host; not so in check mode if it is a new one.
      returned: success
      type: bool
    migrations:
      description:
        - The pending migrations of a release that is not built yet, with C(revision) and
          C(message).
      returned: in check mode, if the release is not built
      type: list
      elements: dict
    pruned:
      description: The IDs of the releases that were removed.
      returned: success
      type: list
      elements: str
    seconds:
      description: How long it took.
      returned: success
      type: float
"""

import os
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import app, apps
from ansible_collections.pyhost.flask.plugins.module_utils._core.apps import Worker
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.protocol import PLAY, PLAY_OPTION
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy, Locked
from ansible_collections.pyhost.flask.plugins.module_utils._release import run, source_of
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import NotSent

AT_ONCE = 4  # apps whose sources are asked at the same time; most of that is waiting
SPEC: dict[str, Any] = {
    "apps": {"type": "list", "elements": "dict", "required": True},
    "uv": {"type": "path", "default": ""},
    "edition": {"type": "str", "default": ""},
    "_known": {"type": "dict", "default": {}},
    PLAY: PLAY_OPTION,
}


def release(
    params: Mapping[str, Any], parts: Mapping[str, app.Release], worker: Worker, name: str
) -> dict[str, Any]:
    """Build one app's release, if there is none; its result."""
    started, part, known = time.monotonic(), parts[name], params["_known"].get(name, {})
    # Whatever umask root has, the app and nginx must be able to read what is made here.
    os.umask(0o022)
    try:
        job = run.job(worker, part, params["uv"], params["edition"], known.get("wheels", {}))
        source = source_of.source_of(job, known)
    except UserError as error:
        return {"failed": True, "msg": f"{name}: {error}"}
    worker.no_log_values.update(source.secrets)
    try:
        step = Deploy(worker, name, part["root"], "build", params[PLAY])
    except Locked as locked:
        return locked.result
    with step:
        try:
            result = run.deploy(job, source, step)
        except NotSent as needed:
            return {"send": {"wheels": needed.wheels, "tips": needed.tips}}
        except (UserError, OSError) as error:
            reason = step.fail(str(error))
            text = f"{name} ({source}): {reason}\nWhat runs was not touched."
            return {"failed": True, "msg": text}
    return {**result, "seconds": round(time.monotonic() - started, 2)}


def main() -> None:
    module = AnsibleModule(SPEC, supports_check_mode=True)
    params = dict(module.params)
    try:
        parts = {each["name"]: each for each in app.read_all(app.Release, params["apps"])}
        for part in parts.values():
            module.no_log_values.update(source_of.secrets(part))
    except UserError as error:
        module.fail_json(msg=str(error))
    # Ansible shows a module's options with -vvv; here they would be long, and some are secret.
    module.params.update(apps=list(parts), _known=sorted(params["_known"]))
    module.exit_json(**apps.run(module, parts, partial(release, params, parts), AT_ONCE))


if __name__ == "__main__":
    main()

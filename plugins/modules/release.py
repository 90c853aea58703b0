#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: release
author: The pyhost.flask developers (@pyhost)
short_description: Build a release of an app beside the running one
version_added: 0.1.0
description:
  - Finds the revision that is asked for, and builds a release of it in a folder of its own, with
    its code, its venv and links to the app's shared folders. What runs is not touched; moving the
    traffic to the release is the part of M(pyhost.flask.reload).
  - A release has its ID from all that goes into it, so nothing is built for what is there
    already. A build that fails or is interrupted leaves no release; the next one starts anew.
  - The requirements are those of the app's folder or, where it names none, of the repository's
    root. The first of these counts. C(uv.lock) or C(pylock.toml), which need uv;
    C(poetry.lock); C(Pipfile.lock); C(requirements.txt);
    C(pyproject.toml) or C(setup.py), installed as an editable package, so that the code runs from
    the release's folder; a C(pyproject.toml) without a build system, whose dependencies are
    installed. The project is installed besides its C(requirements.txt), or without a build
    system, only where the module of O(wsgi) is not found in the app's folder. Where there is none
    of them, Flask is installed.
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
  name:
    type: str
    required: true
    description: The app's name, for messages.
  root:
    type: path
    required: true
    description: The app's folder. The releases stand in C(releases) in it.
  source:
    type: dict
    required: true
    description: Where the app's code comes from.
    suboptions:
      git:
        type: str
        description:
          - The repository's address. A user and a password or token in it are never shown.
          - Exactly one of O(source.git), O(source.path), O(source.archive), O(source.dist),
            O(source.package), O(source.deb) and O(source.rpm) is needed.
      from:
        type: str
        choices: [host, controller]
        default: host
        description:
          - For O(source.git). Who reads the repository. With V(controller), in a playbook, the
            controller does, as its user and once for all hosts of a play, and sends each host the
            commits that its mirror lacks.
      version:
        type: str
        default: ""
        description:
          - For O(source.git). A branch, a tag, a commit (all 40 digits), or V(latest-tag) for the
            newest tag of the default branch, as C(git describe) finds it. Empty, or V(HEAD), for
            the default branch.
      key:
        type: str
        default: ""
        description:
          - For O(source.git) at an SSH address. The text of a private key; in a playbook also the
            path of one on the controller. It is in memory only, as long as the module runs.
      known_hosts:
        type: list
        elements: str
        default: []
        description:
          - For O(source.git) at an SSH address. The server's keys, as ssh-keyscan prints them. No
            other ones are believed then, and without it those that the host knows.
      submodules:
        type: bool
        default: false
        description: For O(source.git). Whether its submodules are fetched, too.
      path:
        type: str
        description:
          - A folder on the controller, which is sent where the host has no release of its content
            yet. That is what git tracks in it or would track, as it stands in the work tree;
            without git, everything but virtual environments, caches and the like.
      exclude:
        type: list
        elements: str
        default: []
        description: Patterns of files and folders in O(source.path) that are not sent.
      archive:
        type: str
        description:
          - A tar or zip file on the controller, or at a web address. It is sent or fetched where
            the host does not have a release of it yet. A folder that all lies in is left out.
          - One that would write outside of its folder, or is larger than 1 GiB or 100,000 files
            unpacked, is refused, before anything of it is written.
      dist:
        type: str
        description:
          - A wheel or an sdist on the controller, a folder C(dist) of such, of which the newest is
            taken, or the folder of a project that is built there, by C(uv build) or C(python -m
            build). It is sent, installed into the release's venv, and removed.
      package:
        type: str
        description:
          - A package of an index, as in C(notes[prod]==1.2.3), which is installed into the
            release's venv. Where the version is left open, the newest one that fits is found by uv.
      deb:
        type: str
        description:
          - A deb of M(pyhost.flask.build_package) on the controller, or the name of one in the
            host's repositories, perhaps with a version, as in C(flask-notes=1.2.3). The release in
            it becomes one of the app's, with the ID that it was built with. The package is not
            installed; what it depends on is.
          - One for another app, another machine or another Python is refused, and so is one that
            is installed on the host as well.
      rpm:
        type: str
        description: The same as O(source.deb), for a host with rpm and dnf.
      checksum:
        type: str
        default: ""
        description:
          - The SHA-256 of O(source.archive), as in C(sha256:9f86d0...). Required for a web address.
      subdir:
        type: str
        default: ""
        description: The app's folder in the source.
  python_version:
    type: str
    default: ""
    description: The Python version, such as V(3.12); empty for the system's own.
  packages:
    type: list
    elements: str
    default: []
    description: Packages that are installed together with the app's requirements.
  dependencies:
    type: str
    default: ""
    description:
      - The file in the code that says what is installed, in place of the first that is found.
  groups:
    type: list
    elements: str
    default: []
    description: Groups of the lock or of C(pyproject.toml) that are installed as well.
  extras:
    type: list
    elements: str
    default: []
    description: Extras of the app that are installed as well.
  constraints:
    type: list
    elements: str
    default: []
    description:
      - Requirements that versions which are not locked must fit, as V(werkzeug<3.1).
  require_hashes:
    type: bool
    default: false
    description: Whether only what has a hash in the code is installed.
  wheelhouse:
    type: str
    default: ""
    description:
      - A folder with wheels and sdists, from which all packages are taken, in place of any index.
        On the controller, whose files are sent where the host has not got them; with V(host:) in
        front, on the host.
  index:
    type: str
    default: ""
    description:
      - The address of the package index, in place of PyPI. A user and a password or token in it are
        never shown.
  extra_indexes:
    type: list
    elements: str
    default: []
    description:
      - Further package indexes. uv takes a package from the first one that has it, and from
        O(index) where none has.
  audit:
    type: dict
    description:
      - Whether the packages of a new release are looked up among the known vulnerabilities.
    suboptions:
      level:
        type: str
        choices: [never, warn, refuse]
        default: never
        description:
          - With V(warn) those that are found are a warning, and with V(refuse) the release is not
            built. That the server does not answer is a warning.
      server:
        type: str
        default: https://api.osv.dev
        description: A server with OSV's API. It gets the packages' names and versions.
      ignore:
        type: list
        elements: str
        default: []
        description: The IDs of vulnerabilities that do not count.
  proxy:
    type: str
    default: ""
    description:
      - The address of a proxy between the host and the indexes. A password in it is never shown.
  ca:
    type: str
    default: ""
    description:
      - A file on the host, in PEM, with the authorities that are trusted for indexes, in
        place of the host's own.
  shared:
    type: list
    elements: str
    default: []
    description:
      - Folders of the app that become links to folders in C(shared) in O(root). What the
        repository has in one is copied there when it is made.
  static:
    type: list
    elements: str
    default: []
    description: Folders of the app that a release must have.
  wsgi:
    type: str
    required: true
    description: What gunicorn serves, as in V(notes:create_app(\)).
  user:
    type: str
    required: true
    description: The user who runs the app.
  environment:
    type: path
    description:
      - The app's environment file. The import is left out where the file does not exist.
  uv:
    type: path
    default: ""
    description: The program uv. Where it is empty or not there, pip is used.
  migrations:
    type: dict
    description:
      - How check mode finds the pending migrations of a release that is not built yet. It does not
        look for any by default. They are run by M(pyhost.flask.migrate).
    suboptions:
      flask_app:
        type: str
        required: true
        description: The app, as C(FLASK_APP) takes it.
      folder:
        type: str
        default: ""
        description: The folder with the migrations, where it is not found by itself.
  keep:
    type: int
    default: 5
    description:
      - How many releases stay when one is built, it among them. The live one, the one before it
        and what a slot runs always do.
  edition:
    description:
      - What makes the same input another release, such as the number of a package that is built
        anew.
    type: str
    default: ""
  _found:
    description: Internal. What the controller has found in O(source.git); not for playbooks.
    type: dict
  _sent:
    description: Internal. What the controller has of the source; not for playbooks.
    type: dict
  _wheels:
    description: Internal. What the controller has in O(wheelhouse); not for playbooks.
    type: dict
  _holder:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
"""

EXAMPLES = r"""
- name: Build the releases
  pyhost.flask.release:
    name: notes
    root: /srv/notes
    source: {git: https://git.example.org/notes.git, version: latest-tag}
    packages: [gunicorn, pymysql]
    shared: [instance]
    wsgi: notes:create_app()
    user: notes
    environment: /etc/notes/environment
    uv: /opt/pyhost-flask/uv/bin/uv
  register: release
"""

RETURN = r"""
id:
  description: The release's ID. Empty in check mode where the host has no git yet.
  returned: success
  type: str
path:
  description: The release's folder. Empty where RV(id) is.
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
  description: The ID of the live release, or of the one before where RV(live); null for none.
  returned: success
  type: str
commits:
  description: The subjects of the commits since the live release, newest first, 100 at most.
  returned: success
  type: list
  elements: str
dependencies:
  description:
    - The packages that differ from the live release's, in C(added), C(changed) and C(removed), with
      C(name), C(from) and C(to) each.
  returned: success
  type: dict
built:
  description: Whether the release stands on the host; not so in check mode where it is a new one.
  returned: success
  type: bool
migrations:
  description:
    - The pending migrations of a release that is not built yet, with C(revision) and C(message).
  returned: in check mode, with O(migrations), where the release is not built
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
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import lock
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import HOLDER
from ansible_collections.pyhost.flask.plugins.module_utils._release import run, source_of
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import NotSent

SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "root": {"type": "path", "required": True},
    "source": {
        "type": "dict",
        "required": True,
        "options": {
            "git": {"type": "str"},
            "from": {"type": "str", "choices": ["host", "controller"], "default": "host"},
            "version": {"type": "str", "default": ""},
            "key": {"type": "str", "default": "", "no_log": True},
            "known_hosts": {"type": "list", "elements": "str", "default": []},
            "submodules": {"type": "bool", "default": False},
            "path": {"type": "str"},
            "exclude": {"type": "list", "elements": "str", "default": []},
            "archive": {"type": "str"},
            "dist": {"type": "str"},
            "package": {"type": "str"},
            "deb": {"type": "str"},
            "rpm": {"type": "str"},
            "checksum": {"type": "str", "default": ""},
            "subdir": {"type": "str", "default": ""},
        },
    },
    "python_version": {"type": "str", "default": ""},
    "packages": {"type": "list", "elements": "str", "default": []},
    "dependencies": {"type": "str", "default": ""},
    "groups": {"type": "list", "elements": "str", "default": []},
    "extras": {"type": "list", "elements": "str", "default": []},
    "constraints": {"type": "list", "elements": "str", "default": []},
    "require_hashes": {"type": "bool", "default": False},
    "wheelhouse": {"type": "str", "default": ""},
    "index": {"type": "str", "default": ""},
    "extra_indexes": {"type": "list", "elements": "str", "default": []},
    "audit": {
        "type": "dict",
        "apply_defaults": True,
        "options": {
            "level": {"type": "str", "choices": ["never", "warn", "refuse"], "default": "never"},
            "server": {"type": "str", "default": "https://api.osv.dev"},
            "ignore": {"type": "list", "elements": "str", "default": []},
        },
    },
    "proxy": {"type": "str", "default": ""},
    "ca": {"type": "str", "default": ""},
    "shared": {"type": "list", "elements": "str", "default": []},
    "static": {"type": "list", "elements": "str", "default": []},
    "wsgi": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "environment": {"type": "path"},
    "uv": {"type": "path", "default": ""},
    "migrations": {
        "type": "dict",
        "options": {
            "flask_app": {"type": "str", "required": True},
            "folder": {"type": "str", "default": ""},
        },
    },
    "keep": {"type": "int", "default": 5},
    "edition": {"type": "str", "default": ""},
    "_found": {"type": "dict"},
    "_sent": {"type": "dict"},
    "_wheels": {"type": "dict"},
    "_holder": HOLDER,
}


def main() -> None:
    module = AnsibleModule(SPEC, supports_check_mode=True)
    started = time.monotonic()
    # Whatever umask root has, the app and nginx must be able to read what is made here.
    os.umask(0o022)
    try:
        source = source_of.source_of(module)
    except UserError as error:
        module.fail_json(msg=f"{module.params['name']}: {error}")
    module.no_log_values.update(source.secrets | source_of.secrets_of_indexes(module.params))
    with lock.begin(module, "build") as step:
        try:
            result = run.deploy(module, source, step)
        except NotSent as needed:
            module.exit_json(changed=False, send=True, wheels=needed.wheels, tips=needed.tips)
        except (UserError, OSError) as error:
            reason = step.fail(str(error))
            what = f"{module.params['name']} ({source})"
            module.fail_json(msg=f"{what}: {reason}\nWhat runs was not touched.")
    module.exit_json(**result, seconds=round(time.monotonic() - started, 2))


if __name__ == "__main__":
    main()

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
    root. The first of these counts. C(uv.lock), which needs uv; C(requirements.txt);
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
  git:
    type: str
    required: true
    description:
      - The repository's address. A user and a password or token in it are never shown.
  version:
    type: str
    default: HEAD
    description:
      - A branch, a tag, a commit (all 40 digits), V(HEAD) for the default branch, or V(latest-tag)
        for the newest tag of the default branch, as C(git describe) finds it.
  subdir:
    type: str
    default: ""
    description: The app's folder in the repository.
  python_version:
    type: str
    default: ""
    description: The Python version, such as V(3.12); empty for the system's own.
  packages:
    type: list
    elements: str
    default: []
    description: Packages that are installed together with the app's requirements.
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
  _holder:
    description: Internal. The play that the module is a step of; not for playbooks.
    type: dict
"""

EXAMPLES = r"""
- name: Build the releases
  pyhost.flask.release:
    name: notes
    root: /srv/notes
    git: https://git.example.org/notes.git
    version: latest-tag
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
  description: The commit.
  returned: success
  type: str
version:
  description: The branch, the tag or the commit that it was asked for by.
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
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils import (
    _deploy_host,
    _release,
    _release_build,
)
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_host import HOLDER, Deploy
from ansible_collections.pyhost.flask.plugins.module_utils._environment import parse
from ansible_collections.pyhost.flask.plugins.module_utils._release import (
    Have,
    Inputs,
    Release,
    ReleaseError,
    Source,
    changed_packages,
    shown,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release_build import Job
from ansible_collections.pyhost.flask.plugins.module_utils._release_git import (
    Repository,
    repository,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release_venv import python_version

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.plugins.module_utils._release_trial import Trial

SPEC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "root": {"type": "path", "required": True},
    "git": {"type": "str", "required": True},
    "version": {"type": "str", "default": "HEAD"},
    "subdir": {"type": "str", "default": ""},
    "python_version": {"type": "str", "default": ""},
    "packages": {"type": "list", "elements": "str", "default": []},
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
    "_holder": HOLDER,
}


def main() -> None:
    module = AnsibleModule(SPEC, supports_check_mode=True)
    started = time.monotonic()
    # Whatever umask root has, the app and nginx must be able to read what is made here.
    os.umask(0o022)
    source = repository(module, module.params["git"], Path(module.params["root"]) / "repo.git")
    module.no_log_values.update(source.secrets)
    with _deploy_host.begin(module, "build") as step:
        try:
            result = deploy(module, source, step)
        except (ReleaseError, OSError) as error:
            reason = step.fail(str(error))
            what = f"{module.params['name']} ({source.address}, version {module.params['version']})"
            module.fail_json(msg=f"{what}: {reason}\nWhat runs was not touched.")
    module.exit_json(**result, seconds=round(time.monotonic() - started, 2))


def deploy(module: AnsibleModule, source: Repository, step: Deploy) -> dict[str, Any]:
    """Bring the host to the wanted release, or say what that would do; return the result."""
    if not shutil.which("git"):
        if not module.check_mode:
            raise ReleaseError("there is no git on the host; install it (app_packages names it)")
        module.warn(f"{module.params['name']}: no git on the host yet, so the revision is unknown")
        return {
            "changed": True,
            "built": False,
            **result(Release("", version=module.params["version"]), Have()),
        }
    if module.check_mode:
        with source.scratch() as copy:
            return carry_out(module, copy, step)
    with _release_build.one_at_a_time(Path(module.params["root"])):
        return carry_out(module, source, step)


def carry_out(module: AnsibleModule, source: Repository, step: Deploy) -> dict[str, Any]:
    """The same, with git at hand."""
    name, root = module.params["name"], Path(module.params["root"])
    have = _release_build.observe(root)
    wanted = resolve(source, module.params["version"])
    job = job_for(module, root, wanted.revision)
    plan = _release.plan(job.id, module.params["keep"], have)
    step.note(release=job.id, idle=job.id == have.live and not plan.build)
    found: Trial | None = None
    if not plan.build:
        release = have.releases[job.id]
        _release_build.check_static(job)
    elif module.check_mode:
        found = try_out(job, source)
        release = Release(job.id, wanted.revision, wanted.version, packages=found.packages)
    else:
        obtain(source, wanted.revision)
        release, warnings = _release_build.build(job, source, wanted, lender(have))
        warn(module, warnings)
    commits = commits_between(source, have.releases.get(have.live), wanted.revision)
    step.note(commits=commits)
    if not module.check_mode:
        _release_build.prune(root, plan.prune)
    return {
        "changed": plan.build or bool(plan.prune),
        "built": found is None,
        "diff": [
            *(diffs(name, have, release, commits, found) if plan.build else ()),
            *removal(name, plan.prune),
        ],
        **({"migrations": found.migrations} if found and found.pending else {}),
        **result(replace(release, version=wanted.version), have, root, commits, plan.prune),
    }


def try_out(job: Job, source: Repository) -> Trial:
    """Find out what the release would bring, without building it to stay."""
    # Imported here, for a run that has nothing to do need not wait for it.
    from ansible_collections.pyhost.flask.plugins.module_utils._release_trial import trial

    obtain(source, job.inputs.revision)
    found = trial(job, source, job.module.params["migrations"])
    warn(job.module, found.warnings)
    return found


def warn(module: AnsibleModule, warnings: Sequence[str]) -> None:
    for text in warnings:
        module.warn(f"{module.params['name']}: {text}")


def resolve(source: Repository, version: str) -> Source:
    """The revision that is asked for. The server is not asked about a commit."""
    if _release.COMMIT.fullmatch(version):
        return Source(version, version)
    return source.resolve(version)


def obtain(source: Repository, revision: str) -> None:
    """Have a commit in the mirror."""
    if not source.has(revision):
        source.fetch()
    if not source.has(revision):
        raise ReleaseError("none of its branches and tags has this commit; push it, or check it")


def commits_between(source: Repository, live: Release | None, revision: str) -> list[str]:
    """The subjects of what is new since the live release; in check mode fetched for this alone."""
    if not live or live.revision == revision:
        return []
    if not source.has(revision):
        source.fetch()
    return source.commits(live.revision, revision)


def job_for(module: AnsibleModule, root: Path, revision: str) -> Job:
    """The release that the options ask for."""
    params = module.params
    uv = params["uv"] if os.access(params["uv"], os.X_OK) else ""
    inputs = Inputs(
        revision=revision,
        subdir=params["subdir"],
        python_version=params["python_version"],
        python=python_version(params["python_version"]),
        packages=tuple(params["packages"]),
        shared=tuple(params["shared"]),
        wsgi=params["wsgi"],
        installer="uv" if uv else "pip",
    )
    return Job(
        module=module,
        root=root,
        id=_release.release_id(inputs),
        inputs=inputs,
        static=tuple(params["static"]),
        user=params["user"],
        uv=uv,
        environment=environment(params["environment"]),
    )


def environment(path: str | None) -> dict[str, str] | None:
    """The app's environment; None where its file does not exist."""
    if not path or not os.path.exists(path):
        return None
    try:
        return parse(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ReleaseError(f"the environment file {path} is broken: {error}") from error


def lender(have: Have) -> str:
    """The release whose compiled files a new one is most likely to need: the live or newest one."""
    newest = max(have.releases.values(), key=lambda release: release.built, default=None)
    return have.live if have.live in have.releases else newest.id if newest else ""


def dependencies(live: Release | None, release: Release) -> dict[str, list[dict[str, str]]]:
    """The packages that differ; none where those of the new release are not known yet."""
    if not release.packages:
        return changed_packages({}, {})
    return changed_packages(live.packages if live else {}, release.packages)


def diffs(
    name: str, have: Have, release: Release, commits: Sequence[str], found: Trial | None
) -> list[dict[str, str]]:
    """From the live release to the new one, as Ansible shows it, and its migrations."""
    live = have.releases.get(have.live)
    packages = dependencies(live, release)
    shown_release = {
        "before_header": f"release of {name}: {live.id if live else 'none'}",
        "after_header": f"release of {name}: {release.id}",
        "before": shown(live, (), packages, "from"),
        "after": shown(release, commits, packages, "to"),
    }
    return [shown_release, *(found.diffs(name) if found else ())]


def removal(name: str, ids: Sequence[str]) -> list[dict[str, str]]:
    """The old releases that go, as Ansible shows it."""
    if not ids:
        return []
    header = f"old releases of {name}"
    text = "".join(f"{one}\n" for one in ids)
    return [{"before_header": header, "after_header": header, "before": text, "after": ""}]


def result(
    release: Release,
    have: Have,
    root: Path | None = None,
    commits: Sequence[str] = (),
    pruned: Sequence[str] = (),
) -> dict[str, Any]:
    """What is returned about a release."""
    is_live = bool(release.id) and release.id == have.live
    return {
        "id": release.id,
        "path": str(root / "releases" / release.id) if root else "",
        "revision": release.revision,
        "version": release.version,
        "live": is_live,
        "previous": (have.previous if is_live else have.live) or None,
        "commits": list(commits),
        "dependencies": dependencies(have.releases.get(have.live), release),
        "pruned": list(pruned),
    }


if __name__ == "__main__":
    main()

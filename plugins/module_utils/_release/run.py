# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way from an app's source to its release, or, in check mode, to what that would bring."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import model, store
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Have,
    Inputs,
    Release,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import uv_cache, venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import (
    wheelhouse as wheelhouses,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.venv import CACHE
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.wheelhouse import (
    Wheelhouse,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source

from . import builder, prebuilt, report, source_of
from .audit import Settings
from .builder import Job

if TYPE_CHECKING:
    from .preview import Trial


def deploy(module: Any, source: Source, step: Deploy) -> dict[str, Any]:
    """Bring the host to the wanted release, or say what that would do; return the result."""
    missing = source.missing()
    if missing and not module.check_mode:
        raise UserError(missing)
    if missing:
        warn(module, [f"the revision is not known yet: {missing}"])
        unknown = Release("", version=module.params["source"]["version"])
        return {"changed": True, "built": False, **report.result(unknown, Have())}
    if module.check_mode:
        with source.scratch() as copy:
            return carry_out(module, copy, step)
    with store.one_at_a_time(Path(module.params["root"])):
        return carry_out(module, source, step)


def carry_out(module: Any, source: Source, step: Deploy) -> dict[str, Any]:
    """The same, with all at hand that it takes."""
    name, root = module.params["name"], Path(module.params["root"])
    have = store.observe(root)
    wanted = source.resolve()
    job = job_for(module, root, wanted.id)
    if source.built:
        job = replace(job, id=wanted.id)
    plan = model.plan(job.id, module.params["keep"], have)
    if plan.build and job.wheelhouse:
        job.wheelhouse.require()
    step.note(release=job.id, idle=job.id == have.live and not plan.build)
    found: Trial | None = None
    if not plan.build:
        release = have.releases[job.id]
        builder.check_static(job)
    elif module.check_mode:
        found = try_out(job, source)
        revision = found.revision or wanted.id
        release = Release(job.id, revision, wanted.version, packages=found.packages)
    else:
        source.obtain(wanted.id)
        if source.built:
            release, warnings = prebuilt.build(job, source, wanted)
        else:
            release, warnings = builder.build(job, source, wanted, lender(have))
        warn(module, warnings)
    live = have.releases.get(have.live)
    commits = source.commits(live.revision, wanted.id) if live else []
    step.note(commits=commits)
    if not module.check_mode:
        store.prune(root, plan.prune)
        if plan.build and job.uv and not source.built:
            # After the releases, for what they were linked to may go with them.
            warning = uv_cache.prune(module, job.uv, Path(venv.UV["UV_CACHE_DIR"]), time.time())
            warn(module, [warning] if warning else [])
    return {
        "changed": plan.build or bool(plan.prune),
        "built": found is None,
        "diff": [
            *(report.diffs(name, have, release, commits, found) if plan.build else ()),
            *report.removal(name, plan.prune),
        ],
        **({"migrations": found.migrations} if found and found.pending else {}),
        **report.result(replace(release, version=wanted.version), have, root, commits, plan.prune),
    }


def try_out(job: Job, source: Source) -> Trial:
    """Find out what the release would bring, without building it to stay."""
    # Imported here, for a run that has nothing to do need not wait for it.
    from . import preview

    source.obtain(job.inputs.revision)
    found = preview.trial(job, source, job.module.params["migrations"])
    warn(job.module, found.warnings)
    return found


def warn(module: Any, warnings: Sequence[str]) -> None:
    for text in warnings:
        module.warn(f"{module.params['name']}: {text}")


def job_for(module: Any, root: Path, revision: str) -> Job:
    """The release that the options ask for."""
    params = module.params
    uv = venv.usable(params["uv"])
    inputs = Inputs(
        revision=revision,
        subdir=params["source"]["subdir"],
        python_version=params["python_version"],
        python=venv.python_version(params["python_version"]),
        packages=tuple(params["packages"]),
        shared=tuple(params["shared"]),
        wsgi=params["wsgi"],
        installer="uv" if uv else "pip",
        kind=source_of.kind_of(params["source"]),
        submodules=params["source"]["submodules"],
        dependencies=params["dependencies"],
        groups=tuple(params["groups"]),
        extras=tuple(params["extras"]),
        constraints=tuple(params["constraints"]),
        require_hashes=params["require_hashes"],
        edition=params["edition"],
    )
    return Job(
        module=module,
        root=root,
        id=model.release_id(inputs),
        inputs=inputs,
        static=tuple(params["static"]),
        user=params["user"],
        uv=uv,
        environment=environment(params["environment"]),
        audit=Settings(**{**params["audit"], "ignore": tuple(params["audit"]["ignore"])}),
        variables=source_of.variables(params),
        wheelhouse=wheelhouse(params),
    )


def wheelhouse(params: dict[str, Any]) -> Wheelhouse | None:
    """Where all packages come from, unless that is an index."""
    place = params["wheelhouse"]
    if wheelhouses.on_host(place):
        return Wheelhouse(Path(place.partition(":")[2]))
    return Wheelhouse(Path(CACHE, "wheels", params["name"]), **params["_wheels"]) if place else None


def environment(path: str | None) -> dict[str, str] | None:
    """The app's environment; None where its file does not exist."""
    if not path or not os.path.exists(path):
        return None
    try:
        return env_file.parse(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"the environment file {path} is broken: {error}") from error


def lender(have: Have) -> str:
    """The release whose compiled files a new one is most likely to need: the live or newest one."""
    newest = max(have.releases.values(), key=lambda release: release.built, default=None)
    return have.live if have.live in have.releases else newest.id if newest else ""

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way from an app's source to its release, or, in check mode, to what that would bring."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Release as ReleasePart
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
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
from .builder import Job

if TYPE_CHECKING:
    from .preview import Preview


def job(module: Module, app: ReleasePart, uv: str, edition: str, wheels: Mapping[str, Any]) -> Job:
    """What the options of an app ask for. ``uv`` is the program, if it is there; ``wheels`` is what
    the controller has in the app's wheelhouse."""
    python, uv = app["python"], venv.usable(uv)
    inputs = Inputs.of(
        app,
        revision="",
        python=venv.python_version(python["version"]),
        installer="uv" if uv else "pip",
        kind=source_of.kind_of(app["source"]),
        edition=edition,
    )
    return Job(
        module=module,
        app=app,
        root=Path(app["root"]),
        inputs=inputs,
        uv=uv,
        environment=environment(app["environment"]),
        variables={
            **venv.indexes(python["index"], python["extra_indexes"]),
            **venv.way_out(python["proxy"], python["ca"]),
            "UV_INDEX_STRATEGY": inputs.index_strategy,
        },
        wheelhouse=wheelhouse(app, wheels),
    )


def wheelhouse(app: ReleasePart, wheels: Mapping[str, Any]) -> Wheelhouse | None:
    """Where all packages come from, unless that is an index."""
    place = app["python"]["wheelhouse"]
    if wheelhouses.on_host(place):
        return Wheelhouse(Path(place.partition(":")[2]))
    return Wheelhouse(Path(CACHE, "wheels", app["name"]), **wheels) if place else None


def environment(path: str) -> dict[str, str] | None:
    """The app's environment; None if its file does not exist."""
    if not os.path.exists(path):
        return None
    try:
        return env_file.parse(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"the environment file {path} is broken: {error}") from error


def deploy(job: Job, source: Source, step: Deploy) -> dict[str, Any]:
    """Bring the host to the wanted release, or say what that would do; return the result."""
    missing = source.missing()
    if missing and not job.module.check_mode:
        raise UserError(missing)
    if missing:
        warn(job, [f"the revision is not known yet: {missing}"])
        unknown = Release("", version=job.app["source"]["version"])
        return {"changed": True, "built": False, **report.result(unknown, Have())}
    if job.module.check_mode:
        with source.scratch() as copy:
            return carry_out(job, copy, step)
    with store.one_at_a_time(job.root):
        return carry_out(job, source, step)


def carry_out(job: Job, source: Source, step: Deploy) -> dict[str, Any]:
    """The same, with all at hand that it takes."""
    have = store.observe(job.root)
    wanted = source.resolve()
    job = job.at(wanted.id, source.built)
    plan = model.plan(job.id, job.app["keep"], have)
    if plan.build and job.wheelhouse:
        job.wheelhouse.require()
    step.note(release=job.id, idle=job.id == have.live and not plan.build)
    found: Preview | None = None
    if not plan.build:
        release = have.releases[job.id]
        builder.check_static(job)
    elif job.module.check_mode:
        found = look_ahead(job, source)
        revision = found.revision or wanted.id
        release = Release(job.id, revision, wanted.version, packages=found.packages)
    else:
        # Of a host's apps one after the other: a build takes what processors and memory there are.
        with store.one_at_a_time(Path(CACHE), "builds"):
            source.obtain(wanted.id)
            release = build(job, source, wanted, have)
    live = have.releases.get(have.live)
    commits = source.commits(live.revision, wanted.id) if live else []
    step.note(commits=commits)
    if not job.module.check_mode:
        store.prune(job.root, plan.prune)
    if plan.build and not job.module.check_mode and job.uv and not source.built:
        # After the releases, for what they were linked to may go with them.
        cache = Path(venv.UV["UV_CACHE_DIR"])
        warning = uv_cache.prune(job.module, job.uv, cache, time.time())
        warn(job, [warning] if warning else [])
    name = job.app["name"]
    return {
        "changed": plan.build or bool(plan.prune),
        "built": found is None,
        "diff": [
            *(report.diffs(name, have, release, commits, found) if plan.build else ()),
            *report.removal(name, plan.prune),
        ],
        **({"migrations": found.migrations} if found and found.pending else {}),
        **report.result(
            replace(release, version=wanted.version), have, job.root, commits, plan.prune
        ),
    }


def build(job: Job, source: Source, wanted: model.Revision, have: Have) -> Release:
    """Build the release to stay."""
    if source.built:
        release, warnings = prebuilt.build(job, source, wanted)
    else:
        release, warnings = builder.build(job, source, wanted, lender(have))
    warn(job, warnings)
    return release


def look_ahead(job: Job, source: Source) -> Preview:
    """Find out what the release would bring, without building it to stay."""
    # Imported here, for a run that has nothing to do need not wait for it.
    from . import preview

    source.obtain(job.inputs.revision)
    found = preview.preview(job, source)
    warn(job, found.warnings)
    return found


def warn(job: Job, warnings: Sequence[str]) -> None:
    for text in warnings:
        job.module.warn(f"{job.app['name']}: {text}")


def lender(have: Have) -> str:
    """The release whose compiled files a new one is most likely to need: the live or newest one."""
    newest = max(have.releases.values(), key=lambda release: release.built, default=None)
    return have.live if have.live in have.releases else newest.id if newest else ""

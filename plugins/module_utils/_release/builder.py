# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Building a release in its folder: code, shared folders, venv, preflight, record."""

from __future__ import annotations

import json
import os
import pwd
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable, process
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Release as ReleasePart
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import model
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Inputs,
    Release,
    Revision,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.store import RECORD
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import lock_hashes
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import (
    venv as python_venv,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.venv import Venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.wheelhouse import (
    Wheelhouse,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source

from . import preflight as release_preflight
from . import sbom
from .audit import NEVER, Settings, audit

TIME = "%Y-%m-%dT%H:%M:%S.%fZ"  # UTC


@dataclass(frozen=True)
class Job:
    """An app's next release: where it goes, from what it is made, and how it is checked."""

    module: Module
    app: ReleasePart
    root: Path
    inputs: Inputs  # without a revision before the source has said it
    uv: str = ""  # empty for pip
    environment: Mapping[str, str] | None = None  # for the import check; None leaves it out
    variables: Mapping[str, str] = field(default_factory=dict)  # for uv and pip
    wheelhouse: Wheelhouse | None = None  # in place of all indexes
    known: str = ""  # the release's ID, if it was built elsewhere
    preview_of: Path | None = None  # the app's folder, if ``root`` is one to throw away

    @property
    def id(self) -> str:
        return self.known or model.release_id(self.inputs)

    def at(self, revision: str, built: bool) -> Job:
        """The same with the revision that the source has found; with ``built`` that is the ID of
        a release that was built elsewhere."""
        inputs = replace(self.inputs, revision=revision)
        return replace(self, inputs=inputs, known=revision if built else "")

    @property
    def folder(self) -> Path:
        return self.root / "releases" / self.id

    @property
    def code(self) -> Path:
        """The app's folder in it."""
        return self.folder / self.inputs.subdir

    @property
    def shared(self) -> Path:
        """Where the shared folders are."""
        return (self.preview_of or self.root) / "shared"

    @property
    def venv(self) -> Venv:
        wheels = self.wheelhouse
        variables = {**self.variables, **(wheels.variables() if wheels else {})}
        path = self.folder / ".venv"
        return Venv(self.module, path, self.inputs, self.uv, variables, no_index=bool(wheels))


def build(job: Job, source: Source, wanted: Revision, borrow: str) -> tuple[Release, list[str]]:
    """Build the release, from nothing; return it, and warnings.

    ``borrow`` is the ID of a release whose compiled files may serve here too, or empty.
    ``UserError`` says what went wrong; then there is no record, and the folder counts for
    nothing.
    """
    refuse_unknown_user(job.app["user"])
    warnings = [*lay_out(job, source), *fill(job, source), *audited(job)]
    job.venv.compile(job.folder, job.root / "releases" / borrow / ".venv" if borrow else None)
    preflight(job)
    describe(job)
    return record(job, source, wanted), warnings


def lay_out(job: Job, source: Source) -> list[str]:
    """The code in its folder, with the links to the shared folders; return warnings."""
    warnings = write_code(job, source)
    share(job)
    if not source.package(job.inputs.revision):
        check_static(job)
    return warnings


def fill(job: Job, source: Source) -> list[str]:
    """The venv with all that the app requires, or with the app itself; return warnings."""
    if job.wheelhouse:
        job.wheelhouse.fill()
    job.venv.make()
    package = source.package(job.inputs.revision)
    if package:
        job.venv.install_package(package)
        show_installed(job)
        check_static(job)
        return []
    warning = job.venv.fill(job.folder, job.code)
    return [warning] if warning else []


def audited(job: Job) -> list[str]:
    """Look for known vulnerabilities in what was installed; return warnings."""
    settings = Settings.of(job.app["audit"])
    if settings.level == NEVER:
        return []
    return audit(settings, sbom.observe(job.venv.path, {}))


def show_installed(job: Job) -> None:
    """Give an app that was installed as a package what one in a folder has.

    Its code is found by a path without Python's version, ``site-packages``, for static files and
    migrations. Its instance folder, which Flask looks for in the venv, is the shared one.
    """
    (site,) = (job.folder / ".venv").glob("lib/python*/site-packages")
    (job.folder / "site-packages").symlink_to(site.relative_to(job.folder))
    if "instance" in job.inputs.shared:
        module = job.inputs.wsgi.partition(":")[0]
        for name in sorted({module, module.partition(".")[0]}):
            link(job, job.folder / ".venv" / "var" / f"{name}-instance", "instance")


def refuse_unknown_user(user: str) -> None:
    try:
        pwd.getpwnam(user)
    except KeyError as error:
        raise UserError(f"there is no user {user!r} on the host; make it first") from error


def write_code(job: Job, source: Source) -> list[str]:
    """Write the revision's files into an empty folder; return warnings."""
    clear(job)
    job.folder.mkdir()
    warnings = source.write(job.inputs.revision, job.folder)
    # A file of the source's own would make the folder a release before it is built.
    (job.folder / RECORD).unlink(missing_ok=True)
    if os.path.lexists(job.folder / ".venv"):
        raise UserError("its code has a .venv, where a release has its own; leave it out")
    if not job.code.is_dir():
        raise UserError(
            f"there is no folder {job.inputs.subdir!r} in its code; check source.subdir"
        )
    return warnings


def clear(job: Job) -> None:
    """Remove what a build that did not end has left."""
    if job.folder.exists():
        shutil.rmtree(job.folder)


def check_static(job: Job) -> None:
    """Refuse static folders that the release does not have."""
    missing = [folder for folder in job.app["static"] if not (job.code / folder).is_dir()]
    if missing:
        names = ", ".join(missing)
        raise UserError(f"there is no folder {names} in the app's folder; check static[].folder")


def share(job: Job) -> None:
    """Let the shared folders of the release be links to the ones that outlive it.

    What the repository has in one is its first content. In the shared folder the app's user does
    the work: there root could be led astray by a link that the app has put in its place.
    """
    if not job.preview_of:
        shared_folder(job)
    for name in job.inputs.shared:
        link(job, job.code / name, name)
        if name == "instance" and (job.code / "src").is_dir():
            link(job, job.code / "src" / name, name)


def link(job: Job, place: Path, name: str) -> None:
    """Let a place in the release be a link to the shared folder ``name``."""
    kept = job.shared / name
    _refuse_outside(job, place)
    if not os.path.lexists(kept) and job.preview_of:
        place.mkdir(parents=True, exist_ok=True)
        return
    if not os.path.lexists(kept):
        release_preflight.first_content(
            job.module, job.app["user"], place if place.is_dir() else None, kept
        )
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    elif os.path.lexists(place):
        place.unlink()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(kept)


def preflight(job: Job) -> None:
    """Import the app, where there is an environment for it."""
    if job.environment is not None:
        wsgi = job.inputs.wsgi
        release_preflight.preflight(
            job.module, job.app["user"], job.folder, job.code, wsgi, job.environment
        )


def describe(job: Job) -> None:
    """Write down what the release is made of."""
    version = sbom.interpreter(job.venv.path)
    name = job.app["name"]
    app = sbom.App(name, job.inputs.revision, job.id, version)
    sbom.write(job.folder, lock_hashes.hashes(job.code, job.folder), app)


def record(job: Job, source: Source, wanted: Revision) -> Release:
    """Write the record that makes the folder a release, after everything else is on the disk."""
    built = datetime.now(timezone.utc).strftime(TIME)
    packages = python_venv.installed(job.folder / ".venv")
    content = {
        "id": job.id,
        "revision": wanted.id,
        "version": wanted.version,
        "subject": source.subject(wanted.id),
        "built": built,
        "python": job.inputs.python,
        "installer": job.inputs.installer,
        "packages": packages,
        "inputs": job.inputs.as_dict(),
    }
    write_record(job, content)
    return Release(job.id, wanted.id, wanted.version, built, packages)


def write_record(job: Job, content: Mapping[str, Any]) -> None:
    """Write the record, and see all else reach the disk before it."""
    # After a power cut there must be no record of files that had not reached the disk yet.
    process.run(job.module, ["sync", "--file-system", str(job.folder)])
    temporary = job.folder / f".{RECORD}.new"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    durable.replace(temporary, job.folder / RECORD)


def shared_folder(job: Job) -> None:
    """Make the folder of the shared folders, where there are any."""
    shared = job.shared
    if job.inputs.shared and not shared.exists():
        shared.mkdir(mode=0o750)
        user = job.app["user"]
        shutil.chown(shared, user, user)


def _refuse_outside(job: Job, place: Path) -> None:
    """Refuse to make a link in a place that a link of the repository leads out of the release."""
    parent = os.path.realpath(place.parent)
    if os.path.commonpath([parent, os.path.realpath(job.folder)]) != os.path.realpath(job.folder):
        name = place.relative_to(job.code)
        raise UserError(
            f"shared: {name} lies behind a link, or in another shared folder; name the outer one"
        )

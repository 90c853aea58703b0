# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release that was built elsewhere, and comes in a deb or an RPM of the role ``package``.

It is taken out of the package and becomes one of the app's releases, as any other. The package
itself is not installed: its units, settings and scripts are for hosts without Ansible, and whatever
a package manager believes to own, it replaces and removes when it likes.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, ClassVar

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import (
    Inputs,
    Release,
    Revision,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.store import RECORD
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import venv
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import (
    deb,
    package_facts,
    rpm,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.archive import Sent
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    MANAGED,
    Facts,
)

from . import builder, preflight
from .builder import Job

TOOLS: dict[str, Any] = {"deb": deb, "rpm": rpm}
PLACE = "/var/cache"
# Fields of ``Inputs``, and the options of the app that they come from.
MUST_AGREE = {"subdir": "source.subdir", "shared": "shared", "wsgi": "wsgi"}


@dataclass
class Packaged:
    """A ``Source``: a package that the controller sends, or one of the host's repositories."""

    module: Module
    app: str  # its name
    kind: str
    address: str  # a file, or a name, perhaps with =VERSION
    sent: Sent | None = None
    facts: Facts | None = None
    _file: Path = field(default=Path(), repr=False)
    _folder: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)
    built: ClassVar[bool] = True

    @property
    def secrets(self) -> set[str]:
        return set()

    def __str__(self) -> str:
        return self.address

    def package(self, revision: str) -> str:
        return ""

    def missing(self) -> str:
        return str(TOOLS[self.kind].missing())

    def resolve(self) -> Revision:
        """The package's release, whose ID it names. It is known of a file before it is sent."""
        facts = self.find()
        if problem := package_facts.foreign(facts, self.app):
            raise UserError(problem)
        return Revision(facts.release, facts.version)

    def find(self) -> Facts:
        """What the package says of itself; those of the host's repositories are asked once."""
        if not self.facts:
            name, _equals, version = self.address.partition("=")
            found: Facts = TOOLS[self.kind].find(self.module, name, version)
            self.facts = found
        return self.facts

    def obtain(self, revision: str) -> None:
        tool, facts = TOOLS[self.kind], self.find()
        if problem := package_facts.misfit(facts, os.uname().machine, venv.python_version("")):
            raise UserError(problem)
        refuse_installed(facts, tool.installed(self.module, facts.package))
        if self.sent:
            self.sent.require()
            self._file = Path(self.sent.path)
        else:
            self._folder = tempfile.TemporaryDirectory(dir=PLACE)
            self._file = tool.download(self.module, facts, Path(self._folder.name))
        if not self.module.check_mode:
            tool.satisfy(self.module, facts.depends)

    def write(self, revision: str, folder: Path) -> list[str]:
        """All files of the package, by the paths that they would have."""
        TOOLS[self.kind].extract(self.module, self._file, folder)
        return []

    def subject(self, revision: str) -> str:
        return self.address

    def commits(self, old: str, new: str) -> list[str]:
        return []

    @contextmanager
    def scratch(self) -> Iterator[Packaged]:
        yield self


def refuse_installed(facts: Facts, version: str) -> None:
    """Refuse a package that is installed as well: it would deploy the app by itself."""
    if version and not MANAGED.exists():
        raise UserError(
            f"{facts.package} {version} is installed on the host, and deploys the app at each of"
            f" its upgrades. To hand the app over, without an interruption:"
            f" install -D /dev/null {MANAGED}, run this again, and remove the package then"
        )


def build(job: Job, source: Source, wanted: Revision) -> tuple[Release, list[str]]:
    """Make the package's release one of the app's; return it, and warnings."""
    builder.refuse_unknown_user(job.app["user"])
    about = lay_out(job, source)
    warnings = builder.audited(job)
    builder.preflight(job)
    built = datetime.now(timezone.utc).strftime(builder.TIME)
    about = {**about, "version": wanted.version, "built": built}
    builder.write_record(job, about)
    return Release(job.id, about["revision"], wanted.version, built, about["packages"]), warnings


def lay_out(job: Job, source: Source) -> dict[str, Any]:
    """The release in its folder, without its record, which is returned."""
    builder.clear(job)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=job.folder.parent) as scratch:
        os.chmod(scratch, 0o755)  # the app's user copies what is first in the shared folders
        source.write(job.id, Path(scratch))
        place = next(Path(scratch).glob(f"usr/lib/*/release/{RECORD}"), None)
        if not place:
            raise UserError(f"{source} has no release in it; is it damaged?")
        about: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        if problem := disagreement(about, job.inputs):
            raise UserError(problem)
        place.unlink()
        place.parent.rename(job.folder)
        builder.check_static(job)
        if not job.preview_of:
            share(job, place.parents[1] / "shared")
    return about


def disagreement(about: Mapping[str, Any], inputs: Inputs) -> str:
    """Why a release, by its record, is not what the app's options ask for; empty where it is."""
    for name, option in MUST_AGREE.items():
        wanted = inputs.as_dict()[name]
        wanted = list(wanted) if isinstance(wanted, tuple) else wanted
        if about["inputs"][name] != wanted:
            return (
                f"it was built with {option} = {about['inputs'][name]!r}, and the app has"
                f" {wanted!r}; give both the same"
            )
    needed = [re.split(r"[^\w.-]", each, maxsplit=1)[0] for each in inputs.packages]
    lacking = [name for name in needed if canonical(name) not in about["packages"]]
    if lacking:
        return f"it was built without {', '.join(lacking)}, which the app needs; build it again"
    return ""


def canonical(name: str) -> str:
    """A package's name as the record has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def share(job: Job, first: Path) -> None:
    """Make the folders that outlive releases, each with what the code has for it at first."""
    builder.shared_folder(job)
    for name in job.inputs.shared:
        kept = job.shared / name
        if not os.path.lexists(kept):
            content = first / name if (first / name).is_dir() else None
            preflight.first_content(job.module, job.app["user"], content, kept)

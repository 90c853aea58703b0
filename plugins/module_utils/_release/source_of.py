# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of sources, by the option that names each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import url
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Release
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import (
    git_mirror,
    git_ssh,
    python_package,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.archive import (
    Archive,
    Sent,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.base import Source
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git import Git
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.git_bundle import (
    Bundled,
    Found,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    Facts,
)
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.python_package import (
    Dist,
    Package,
)

from .builder import Job
from .prebuilt import TOOLS, Packaged

KINDS = ("git", "path", "archive", "dist", "package", "deb", "rpm")


def source_of(job: Job, known: Mapping[str, Any]) -> Source:
    """The source of an app; ``UserError`` if it names none.

    ``known`` is what the controller has of it: ``sent`` (fields of ``Sent``) or, of a git
    repository that it reads for its hosts, ``found`` (fields of ``Found``).
    """
    options = job.app["source"]
    named = [kind for kind in KINDS if options[kind]]
    if len(named) != 1:
        raise UserError(f"source: needs exactly one of {', '.join(KINDS)}")
    sent = known.get("sent")
    if options["package"]:
        return package(job)
    if options["dist"]:
        return Dist(options["dist"], Sent(**(sent or {})))
    if named[0] in TOOLS:
        return packaged(job, named[0], sent)
    if options["git"]:
        version = options["version"] or "HEAD"
        ssh = git_ssh.options(options["key"], options["known_hosts"])
        found = git_mirror.repository(job.module, options["git"], job.root / "repo.git", ssh)
        if known.get("found"):
            found = Bundled(**vars(found), found=Found(**known["found"]))
        return Git(found, version, options["submodules"])
    if sent:
        # A folder that all of a path lies in is a part of it.
        return Archive(options[named[0]], Sent(**sent), strip=not options["path"])
    # Imported here, for what talks to web servers takes long to load, and no other source needs it.
    from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.download import (
        Download,
    )

    address = url.parse(options["archive"])
    checksum = options["checksum"].rpartition(":")[2]
    return Archive(address.url, Download(address, checksum))


def package(job: Job) -> Package:
    """The source that is a package of an index."""
    return Package(
        job.module,
        requirement=job.app["source"]["package"],
        uv=job.uv,
        python=job.inputs.python,
        variables=job.variables,
    )


def packaged(job: Job, kind: str, given: Mapping[str, Any] | None) -> Packaged:
    """The source that is a deb or an RPM: a file of the controller's, or one of a repository."""
    name, address = job.app["name"], job.app["source"][kind]
    if not given:
        return Packaged(job.module, name, kind, address)
    sent = Sent(**given)
    facts = {**(sent.facts or {})}
    depends = tuple(facts.pop("depends"))
    return Packaged(job.module, name, kind, address, sent, Facts(**facts, depends=depends))


def secrets(app: Release) -> set[str]:
    """What of an app's options must not be shown: its key, and the passwords in addresses."""
    source, python = app["source"], app["python"]
    addresses = [python["index"], *python["extra_indexes"], python["proxy"]]
    found = {secret for address in addresses for secret in url.parse(address).secrets}
    return found | ({source["key"]} if source["key"] else set())


def kind_of(options: Mapping[str, Any]) -> str:
    """The kind of a source, for the release's ID; git, the first that there was, has none."""
    if options["package"]:
        return f"package {python_package.name_of(options['package'])}"
    return next((kind for kind in KINDS if options[kind] and kind != "git"), "")

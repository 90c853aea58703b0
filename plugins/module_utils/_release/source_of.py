# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of sources, by the option that names each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import url
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.python import venv
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

from .prebuilt import TOOLS, Packaged

KINDS = ("git", "path", "archive", "dist", "package", "deb", "rpm")


def source_of(module: Any) -> Source:
    """The source that the options of the module name; ``UserError`` where they name none."""
    params = module.params
    options, root = params["source"], Path(params["root"])
    named = [kind for kind in KINDS if options[kind]]
    if len(named) != 1:
        raise UserError(f"source: needs exactly one of {', '.join(KINDS)}")
    sent = params["_sent"]
    if options["package"]:
        return package(module)
    if options["dist"]:
        return Dist(options["dist"], Sent(**sent))
    if named[0] in TOOLS:
        return packaged(module, named[0])
    if options["git"]:
        version = options["version"] or "HEAD"
        ssh = git_ssh.options(options["key"], options["known_hosts"])
        found = git_mirror.repository(module, options["git"], root / "repo.git", ssh)
        if params["_found"]:
            found = Bundled(**vars(found), found=Found(**params["_found"]))
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


def package(module: Any) -> Package:
    """The source that is a package of an index."""
    params = module.params
    return Package(
        module,
        requirement=params["source"]["package"],
        uv=venv.usable(params["uv"]),
        python=venv.python_version(params["python_version"]),
        variables=variables(params),
    )


def packaged(module: Any, kind: str) -> Packaged:
    """The source that is a deb or an RPM: a file of the controller's, or one of a repository."""
    address, given = module.params["source"][kind], module.params["_sent"]
    if not given:
        return Packaged(module, kind, address)
    sent = Sent(**given)
    facts = {**(sent.facts or {})}
    depends = tuple(facts.pop("depends"))
    return Packaged(module, kind, address, sent, Facts(**facts, depends=depends))


def variables(params: dict[str, Any]) -> dict[str, str]:
    """What uv and pip have to know of the network."""
    named = venv.indexes(params["index"], params["extra_indexes"])
    return {**named, **venv.way_out(params["proxy"], params["ca"])}


def secrets_of_indexes(params: dict[str, Any]) -> set[str]:
    """The passwords in the addresses of package indexes and of the way to them."""
    addresses = [params["index"], *params["extra_indexes"], params["proxy"]]
    return {secret for address in addresses for secret in url.parse(address).secrets}


def kind_of(options: dict[str, Any]) -> str:
    """The kind of a source, for the release's ID; git, the first that there was, has none."""
    if options["package"]:
        return f"package {python_package.name_of(options['package'])}"
    return next((kind for kind in KINDS if options[kind] and kind != "git"), "")

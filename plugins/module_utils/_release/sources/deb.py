# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dpkg and apt do for a release that comes as a deb. ``rpm`` is the same for RPMs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import process
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._core.process import Ran

from . import package_facts
from .package_facts import Facts

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l", "LC_ALL": "C.UTF-8"}
PATIENT = ["--quiet", "--option=DPkg::Lock::Timeout=600", "--option=Acquire::Retries=3"]


def missing() -> str:
    """What keeps the host from taking debs, as a sentence; empty for nothing."""
    return "" if shutil.which("dpkg-deb") else "the host has no dpkg; take an RPM, by source.rpm"


def find(module: Module, name: str, version: str) -> Facts:
    """A package of the host's repositories, of a version or the newest. apt's lists are brought up
    to date where the version is left open, or is not in them."""
    known = known_of(module, name) if version else []
    found = package_facts.wanted(known, version) if known else None
    if not found:
        checked(apt(module, "update"), "apt-get update failed")
        known = known_of(module, name, all_of_them=bool(version))
        found = package_facts.wanted(known, version)
    if found:
        return found
    there = ", ".join(facts.version for facts in known[:5])
    if there:
        raise UserError(f"the host's repositories have no {name} {version}; they have {there}")
    raise UserError(f"the host's repositories have no package {name}; see apt-cache policy {name}")


def known_of(module: Module, name: str, all_of_them: bool = True) -> list[Facts]:
    """The versions of a package in apt's lists, newest first; or the one that apt would install."""
    which = "--all-versions" if all_of_them else "--no-all-versions"
    rc, out, _err = process.run(module, ["apt-cache", "show", which, name], env=QUIET)
    return [] if rc else list(package_facts.debs(out))


def download(module: Module, facts: Facts, folder: Path) -> Path:
    """Bring a package of the host's repositories, which are signed, into an empty folder."""
    wanted = f"{facts.package}={facts.version}"
    ran = process.run(module, ["apt-get", "download", *PATIENT, wanted], str(folder), QUIET)
    checked(ran, f"{wanted} could not be downloaded")
    return next(folder.glob("*.deb"))


def satisfy(module: Module, depends: Sequence[str]) -> None:
    """Have what a package depends on, without the package."""
    wanted = ["satisfy", "--yes", "--no-install-recommends", ", ".join(depends)]
    if apt(module, *wanted)[0]:
        checked(apt(module, "update"), "apt-get update failed")
        checked(apt(module, *wanted), "what it depends on cannot be installed")


def installed(module: Module, package: str) -> str:
    """The version in which a package is installed on the host; empty where it is not."""
    form = "${db:Status-Status} ${Version}"
    query = ["dpkg-query", "--show", f"--showformat={form}", package]
    status, _space, version = process.run(module, query)[1].partition(" ")
    return version if status not in ("", "not-installed", "config-files") else ""


def extract(module: Module, file: Path, folder: Path) -> None:
    """Write all files of a package into a folder."""
    checked(
        process.run(module, ["dpkg-deb", "--extract", str(file), str(folder)]), f"{file} is damaged"
    )


def apt(module: Module, command: str, *words: str) -> Ran:
    return process.run(module, ["apt-get", command, *PATIENT, *words], env=QUIET)


def checked(ran: Ran, problem: str) -> None:
    """``UserError`` with the end of what a program said, where it failed."""
    rc, out, err = ran
    if rc:
        said = "\n".join((err.strip() or out.strip()).splitlines()[-15:])
        raise UserError(f"{problem}. It said:\n{said}")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a deb or an RPM says of itself, and what keeps an app from being served from it. Pure.

A package of ours names its app and its release: a deb in fields of its own, an RPM in what it
provides. So both are known without a look at its files, to a package manager's index as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

APP, RELEASE = "Flask-App", "Flask-Release"
PROVIDED = re.compile(r"pyhost-flask\(([a-z0-9-]+)\) = ([0-9A-Za-z.]+-[0-9a-f]{8})")
# While this file is there, Ansible migrates and moves the traffic; packages bring releases only.
MANAGED = Path("/etc/pyhost-flask/managed-by-ansible")
ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z.]*-[0-9a-f]{8}")
# The same of both kinds: python3 (>= 3.11), python3 >= 3.11
PYTHON = re.compile(r"python3 \(?>= (\d+\.\d+)\)?")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Facts:
    """What a package says of itself. One that is none of ours has no ``app`` and no ``release``."""

    package: str
    version: str  # with the release number
    arch: str
    depends: tuple[str, ...]
    app: str = ""
    release: str = ""  # the release's ID

    @property
    def python(self) -> str:
        """The minor version of Python that it was built for."""
        found = map(PYTHON.fullmatch, self.depends)
        return next((match[1] for match in found if match), "")


def fields(app: str, release: str) -> dict[str, str]:
    """The fields by which a deb names its app and its release."""
    return {APP: app, RELEASE: release}


def provides(app: str, release: str) -> str:
    """What an RPM provides to name its app and its release."""
    return f"pyhost-flask({app}) = {release}"


def debs(text: str) -> Iterator[Facts]:
    """The packages that are described by paragraphs, as in a control file (deb822(5))."""
    for paragraph in re.split(r"\n\n+", text.strip()):
        lines = re.findall(r"^([\w-]+): *(.*)$", paragraph, re.MULTILINE)
        known = dict(lines)
        if "Package" not in known:
            continue
        release = known.get(RELEASE, "")
        yield Facts(
            known["Package"],
            known.get("Version", ""),
            known.get("Architecture", ""),
            tuple(filter(None, re.split(r", *", known.get("Depends", "")))),
            *((known.get(APP, ""), release) if ID.fullmatch(release) else ()),
        )


def rpm(
    package: str, version: str, arch: str, provided: Sequence[str], requires: Sequence[str]
) -> Facts:
    """An RPM, by its header. What rpm itself must be able to do is no dependency of the app."""
    depends = tuple(each for each in requires if not each.startswith(("rpmlib(", "/")))
    named = next(filter(None, map(PROVIDED.fullmatch, provided)), None)
    return Facts(package, version, arch, depends, *(named.groups() if named else ()))


def wanted(known: Sequence[Facts], version: str) -> Facts | None:
    """The first of some packages that has a version: all of it, as ``1.2.3-1``, or what is in front
    of the release number and behind the epoch."""
    for facts in known:
        upstream = facts.version.rpartition(":")[2].rpartition("-")[0]
        if version in ("", facts.version, upstream):
            return facts
    return None


def foreign(facts: Facts, app: str) -> str:
    """Why a package is not one of the app; empty where it is."""
    if not facts.app:
        return (
            f"{facts.package} is not a package with a release in it, as the playbook"
            " pyhost.flask.package makes them; build it again by that. A wheel is a source.dist,"
            " and what the app needs of Debian stands in python.system_packages"
        )
    if facts.app != app:
        return f"{facts.package} is a package of the app {facts.app!r}, and not of {app!r}"
    return ""


def misfit(facts: Facts, machine: str, python: str) -> str:
    """Why a host with a machine (``uname -m``) and a minor version of Python cannot run it."""
    if facts.arch not in ("all", "noarch") and MACHINES.get(facts.arch, facts.arch) != machine:
        return f"{facts.package} is built for {facts.arch}, and the host is {machine}"
    if facts.python and facts.python != python:
        return (
            f"{facts.package} {facts.version} is built for a distribution with Python"
            f" {facts.python}, and the host has {python}; build it for the host's distribution, by"
            " the playbook pyhost.flask.package with package_images"
        )
    return ""

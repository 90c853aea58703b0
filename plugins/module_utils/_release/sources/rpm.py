# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rpm and dnf do for a release that comes as an RPM. ``deb`` is the same for debs."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import process
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from . import deb, package_facts
from .package_facts import Facts

TOOLS = ("rpm", "rpm2archive", "dnf")
QUERY = ["dnf", "--quiet", "repoquery", "--latest-limit=1"]


def missing() -> str:
    """What keeps the host from taking RPMs, as a sentence; empty for nothing."""
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    if not lacking:
        return ""
    return f"the host has no {' and no '.join(lacking)}; take a deb, by source.deb"


def find(module: Module, name: str, version: str) -> Facts:
    """A package of the host's repositories, of a version or the newest."""
    wanted = f"{name}-{version}" if version else name
    shown = "%{version}-%{release} %{arch}"
    refresh = [] if version else ["--refresh"]
    found = ask(module, [*refresh, f"--queryformat={shown}", wanted])
    if not found:
        raise UserError(f"the host's repositories have no {wanted}; see dnf list --all {name}")
    exact, arch = found[0].split()
    provided, requires = (
        ask(module, [f"--{what}", f"{name}-{exact}"]) for what in ("provides", "requires")
    )
    return package_facts.rpm(name, exact, arch, provided, requires)


def ask(module: Module, words: Sequence[str]) -> list[str]:
    """The lines of dnf's answer."""
    rc, out, err = process.run(module, [*QUERY, *words])
    deb.checked((rc, out, err), "dnf did not answer")
    return [line for line in out.splitlines() if line.strip()]


def download(module: Module, facts: Facts, folder: Path) -> Path:
    """Bring a package of the host's repositories into an empty folder."""
    wanted = f"{facts.package}-{facts.version}"
    ran = process.run(module, ["dnf", "--quiet", "download", f"--destdir={folder}", wanted])
    deb.checked(ran, f"{wanted} could not be downloaded (by dnf download, of dnf-plugins-core)")
    return next(folder.glob("*.rpm"))


def satisfy(module: Module, depends: Sequence[str]) -> None:
    """Have what a package depends on, without the package; dnf installs what nothing provides."""
    provides = ["rpm", "--query", "--whatprovides"]
    lacking = [each for each in depends if process.run(module, [*provides, each.split()[0]])[0]]
    argv = ["dnf", "--assumeyes", "--quiet", "--setopt=install_weak_deps=0", "install", *lacking]
    if lacking:
        deb.checked(process.run(module, argv), "what it depends on cannot be installed")


def installed(module: Module, package: str) -> str:
    """The version in which a package is installed on the host; empty where it is not."""
    form = "%{VERSION}-%{RELEASE}"
    rc, out, _err = process.run(module, ["rpm", "--query", f"--queryformat={form}", package])
    return "" if rc else out


def extract(module: Module, file: Path, folder: Path) -> None:
    """Write all files of a package into a folder."""
    deb.checked(process.run(module, ["rpm2archive", str(file)]), f"{file} is damaged")
    packed = next(each for each in file.parent.glob(f"{file.name}.*"))
    argv = ["tar", "--extract", "--file", str(packed), "--directory", str(folder)]
    deb.checked(process.run(module, argv), f"{file} could not be unpacked")
    packed.unlink()

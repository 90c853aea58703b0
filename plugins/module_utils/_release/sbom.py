# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release is made of, as a CycloneDX document: its ``sbom.json``.

It says nothing of when or where it was made, so that the same release has the same document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ansible_collections.pyhost.flask.plugins.module_utils._release.python import lock_hashes
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.lock_hashes import Wheel

FILE = "sbom.json"
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
CLASSIFIER = "License :: "
LICENCE_LENGTH = 100  # some packages have the whole text there
APP, PYTHON = "app", "python"


@dataclass(frozen=True)
class App:
    """The release itself."""

    name: str
    revision: str
    release: str  # its ID
    python: str  # the interpreter's version


@dataclass(frozen=True)
class Package:
    """A package in a venv, as its own metadata describe it."""

    name: str
    version: str
    requires: tuple[str, ...] = ()  # names, of whatever condition
    expression: str = ""  # its licence as an SPDX expression
    licences: tuple[str, ...] = ()  # or in its own words
    sha256: str = ""  # of the wheel or archive that it came in
    local: bool = False  # it came in a file or a folder, and not from an index


def write(folder: Path, locked: Mapping[Wheel, str], app: App) -> None:
    """Write the document of the release in ``folder``; ``locked`` is what ``hashes`` returns."""
    document = describe(app, observe(folder / ".venv", locked))
    target = folder / FILE
    # The source's own, if it has one, may be a link that leads anywhere.
    target.unlink(missing_ok=True)
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def observe(venv: Path, locked: Mapping[Wheel, str]) -> list[Package]:
    """The packages in a venv."""
    found = {}
    for folder in sorted(venv.glob("lib/python*/site-packages/*.dist-info")):
        package = _package(folder, locked)
        found[package.name] = package
    return list(found.values())


def interpreter(venv: Path) -> str:
    """The full version of a venv's interpreter, such as 3.13.5."""
    settings = (venv / "pyvenv.cfg").read_text(encoding="utf-8")
    found = re.search(r"^version(?:_info)? *= *([\d.]+)", settings, re.MULTILINE)
    return found[1].rstrip(".") if found else ""


def describe(app: App, packages: Sequence[Package]) -> dict[str, Any]:
    """The document, by version 1.6 of the specification."""
    names = {package.name for package in packages}
    needs = {one.name: sorted((set(one.requires) & names) - {one.name}) for one in packages}
    needed = {name for some in needs.values() for name in some}
    refs = {one.name: f"{one.name}=={one.version}" for one in packages}
    graph = {APP: [PYTHON, *(refs[name] for name in sorted(names - needed))], PYTHON: []}
    graph.update({refs[name]: [refs[one] for one in some] for name, some in needs.items()})
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": _app(app)},
        "components": [_python(app.python), *(_component(one, refs) for one in packages)],
        "dependencies": [{"ref": ref, "dependsOn": some} for ref, some in graph.items()],
    }


def _app(app: App) -> dict[str, Any]:
    # Other revisions are commits: names of the code, but no checksums of it.
    checksum = app.revision if re.fullmatch(r"[0-9a-f]{64}", app.revision) else ""
    return {
        "type": "application",
        "bom-ref": APP,
        "name": app.name,
        "version": app.revision,
        **_hashes(checksum),
        "properties": [{"name": "pyhost.flask:release", "value": app.release}],
    }


def _python(version: str) -> dict[str, Any]:
    return {
        "type": "platform",
        "bom-ref": PYTHON,
        "name": "python",
        "version": version,
        "licenses": [{"expression": "Python-2.0"}],
        "purl": f"pkg:generic/python@{version}",
    }


def _component(package: Package, refs: Mapping[str, str]) -> dict[str, Any]:
    # Without purl, a scanner does not mistake what was built here for what PyPI has by that name.
    purl = f"pkg:pypi/{package.name}@{quote(package.version, safe='')}"
    licences: list[dict[str, Any]] = [{"license": {"name": name}} for name in package.licences]
    if package.expression:
        licences = [{"expression": package.expression}]
    return {
        "type": "library",
        "bom-ref": refs[package.name],
        "name": package.name,
        "version": package.version,
        **_hashes(package.sha256),
        **({"licenses": licences} if licences else {}),
        **({} if package.local else {"purl": purl}),
    }


def _hashes(sha256: str) -> dict[str, Any]:
    return {"hashes": [{"alg": "SHA-256", "content": sha256}]} if sha256 else {}


def _package(folder: Path, locked: Mapping[Wheel, str]) -> Package:
    """The package of a ``.dist-info`` folder."""
    words = _headers(folder / "METADATA")
    # PEP 610: only what did not come from an index has an origin.
    origin = _origin(folder / "direct_url.json")
    archive = origin.get("archive_info", {}).get("hashes", {}).get("sha256", "")
    wheel = lock_hashes.by_folder(folder)
    needs = (NAME.match(line) for line in words.get_all("Requires-Dist") or ())
    return Package(
        name=wheel[0],
        version=wheel[1],
        requires=tuple(lock_hashes.normal(match[0]) for match in needs if match),
        expression=words.get("License-Expression", ""),
        licences=_licences(words),
        sha256=archive if origin else locked.get(wheel, ""),
        local=origin.get("url", "").startswith("file:"),
    )


def _headers(path: Path) -> Message:
    """What a METADATA file says before its long description, which nobody needs to read."""
    head, _empty, _text = path.read_text(encoding="utf-8", errors="replace").partition("\n\n")
    return HeaderParser().parsestr(head)


def _origin(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _licences(words: Message) -> tuple[str, ...]:
    """A package's licence in its own words; from its classifiers, where it has no short ones."""
    own = words.get("License", "").strip()
    if own and "\n" not in own and len(own) <= LICENCE_LENGTH and own != "UNKNOWN":
        return (own,)
    classes = words.get_all("Classifier") or ()
    found = (line.rpartition(" :: ")[2] for line in classes if line.startswith(CLASSIFIER))
    return tuple(dict.fromkeys(found))

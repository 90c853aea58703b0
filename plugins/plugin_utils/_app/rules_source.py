# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an app's source must satisfy: which of its options go together. No input, no output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._release.python import (
    wheelhouse as wheelhouses,
)

from .app import Options

# (the option that names a source, those that go with it)
KINDS: dict[str, tuple[str, ...]] = {
    "git": ("from", "version", "subdir", "key", "known_hosts", "submodules"),
    "path": ("exclude", "subdir"),
    "archive": ("checksum", "subdir"),
    "dist": (),
    "package": (),
    "deb": ("subdir",),
    "rpm": ("subdir",),
}
INSTALLED = ("dist", "package")
BUILT = ("deb", "rpm")
# Options in `python` that a package fixes when it is built.
DECIDED = (
    *("version", "packages", "dependencies", "groups", "extras", "constraints"),
    *("require_hashes", "wheelhouse"),
)
USUAL = {"from": "host"}  # what an option is that is never empty, where nothing is said


def check_source(app: Options, path: str, mistakes: list[str]) -> None:
    """One app's source. One that is missing was reported already."""
    source, path = app["source"], f"{path}.source"
    if not source:
        return
    named = [kind for kind in KINDS if source[kind]]
    if len(named) != 1:
        none = f"needs one of {', '.join(KINDS)}"
        mistakes.append(
            f"{path}: has {' and '.join(named)}; keep one" if named else f"{path}: {none}"
        )
        return
    kind = named[0]
    for option in sorted({option for options in KINDS.values() for option in options}):
        said = source[option] and source[option] != USUAL.get(option)
        if said and option not in KINDS[kind]:
            others = " or ".join(other for other in KINDS if option in KINDS[other])
            mistakes.append(
                f"{path}.{option}: goes with {others}, and not with {kind}; leave it out"
            )
    for option in ("key", "known_hosts"):
        if kind == "git" and source[option] and is_web_address(source["git"]):
            mistakes.append(f"{path}.{option}: is for an SSH address, as git@git.example.org:x.git")
    if source["archive"] and is_web_address(source["archive"]) and not source["checksum"]:
        mistakes.append(
            f"{path}.checksum: is missing; an archive at a web address needs one, as in"
            " sha256:9f86d0..., so that what is served is what you have seen"
        )


def check_dependencies(app: Options, path: str, mistakes: list[str]) -> None:
    """What an app that is installed as a package says of its dependencies."""
    kind = next((kind for kind in INSTALLED if app["source"] and app["source"][kind]), "")
    for option in ("dependencies", "groups", "require_hashes"):
        if kind and app["python"][option]:
            mistakes.append(
                f"{path}.python.{option}: goes with code that has the files for it, and not with a"
                f" {kind}, which knows itself what it needs; leave it out"
            )
    if kind == "package" and app["python"]["wheelhouse"] and "==" not in app["source"]["package"]:
        mistakes.append(
            f"{path}.source.package: needs a version, as in notes==1.2.3; without an index nobody"
            " knows which is the newest"
        )


def check_built(app: Options, path: str, mistakes: list[str]) -> None:
    """What an app whose release was built elsewhere says of its packages."""
    kind = next((kind for kind in BUILT if app["source"] and app["source"][kind]), "")
    for option in DECIDED:
        if kind and app["python"][option]:
            mistakes.append(
                f"{path}.python.{option}: was decided when the {kind} was built, and changes"
                " nothing of it now; leave it out, or build the package again with it"
            )


def on_controller(app: Options) -> Iterator[tuple[str, str, str]]:
    """What must be on the controller: the option that names it, its path, and what it must be."""
    source, wheelhouse = app["source"], app["python"]["wheelhouse"]
    if wheelhouse and not wheelhouses.on_host(wheelhouse):
        yield "python.wheelhouse", wheelhouse, "folder"
    if source["from"] == "controller" and source["git"].startswith("/"):
        yield "source.git", source["git"], "folder"
    if source["path"]:
        yield "source.path", source["path"], "folder"
    if source["archive"] and not is_web_address(source["archive"]):
        yield "source.archive", source["archive"], "file"
    if source["dist"]:
        yield "source.dist", source["dist"], "file or folder"
    for kind in BUILT:
        if is_file(source[kind]):
            yield f"source.{kind}", source[kind], "file"
    if source["key"] and source["key"].startswith(("/", "~")):
        yield "source.key", source["key"], "file"


def chosen_version(apps: list[Any], wanted: str, mistakes: list[str]) -> tuple[str, str]:
    """The app, as the user wrote them, that gets another version than its source says, and that
    version: ``wanted`` is ``VERSION`` where there is no other app, or ``APP:VERSION``."""
    name, _colon, version = wanted.rpartition(":")
    names = [str(app.get("name")) for app in apps if isinstance(app, dict)]
    if not wanted:
        return "", ""
    if not name and len(names) > 1:
        hint = f"{names[0]}:{version}"
        mistakes.append(f"version={wanted}: there are several apps; say which, as in {hint}")
    elif name and name not in names:
        there = ", ".join(names)
        mistakes.append(f"version={wanted}: there is no app {name!r}; there are: {there}")
    else:
        return name or "".join(names), version
    return "", ""


def with_version(app: Options, version: str, mistakes: list[str]) -> Options:
    """The app in another version than its source says."""
    source = app["source"]
    kind = next((kind for kind in KINDS if source.get(kind)), "")
    if kind == "git":
        return {**app, "source": {**source, "version": version}}
    if kind == "package":
        package = re.split(r"[=<>!~\s]", source["package"], maxsplit=1)[0]
        return {**app, "source": {**source, "package": f"{package}=={version}"}}
    if kind in BUILT and not is_file(source[kind]):
        package = source[kind].partition("=")[0]
        return {**app, "source": {**source, kind: f"{package}={version}"}}
    where = f"comes from {kind}, which has no versions" if kind else "has no source"
    if kind in BUILT:
        where = f"comes from a file, which has one version; name another one in source.{kind}"
    mistakes.append(f"version={version}: {app['name']} {where}")
    return app


def is_file(text: str | None) -> bool:
    """Whether a package is a file of the controller, and not one of the host's repositories."""
    return bool(text) and str(text).startswith(("/", "~"))


def is_web_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release is, which one is wanted, and what must be done for it. No input, no output."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Release as ReleasePart
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

# Part of each release's ID. One more for every change that makes the same input another release.
FORMAT = 1
COMMIT = re.compile(r"[0-9a-f]{40}")
LATEST_TAG = "latest-tag"


class NotSent(Exception):
    """The controller has what is wanted, and is to send it, these files of the wheelhouse too; of a
    git repository what the host's mirrors lack, which have the commits ``tips``, by their names."""

    def __init__(
        self, wheels: Sequence[str] = (), tips: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__()
        self.wheels = list(wheels)
        self.tips = tips


# Which revision


@dataclass(frozen=True)
class Remote:
    """The revisions of a repository by their names, and the name of its default branch."""

    head: str = ""
    default: str = ""
    branches: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Revision:
    """What goes into a release, by the ``id`` of its content, and what people call it: the branch,
    the tag, the file's name."""

    id: str
    version: str


def parse_refs(text: str) -> Remote:
    """The answer of ``git ls-remote --symref``. An annotated tag stands for its commit."""
    names = {}
    default = ""
    for line in text.splitlines():
        value, _tab, name = line.partition("\t")
        if value.startswith("ref: "):
            default = value[len("ref: refs/heads/") :] if name == "HEAD" else default
        else:
            names[name] = value
    tags = {name[len("refs/tags/") :]: names[name] for name in names if _under(name, "tags")}
    for name in [name for name in tags if name.endswith("^{}")]:
        tags[name[:-3]] = tags.pop(name)
    branches = {name[len("refs/heads/") :]: names[name] for name in names if _under(name, "heads")}
    return Remote(names.get("HEAD", ""), default, branches, tags)


def find(remote: Remote, version: str) -> Revision:
    """The branch, tag or ``HEAD`` that is asked for. As in git, a tag wins over a branch.

    ``UserError`` names what looks similar.
    """
    if version == "HEAD" and remote.head:
        return Revision(remote.head, remote.default or version)
    for names in (remote.tags, remote.branches):
        if version in names:
            return Revision(names[version], version)
    if version == "HEAD":
        raise UserError("it has no commit on its default branch; push one, or name a branch")
    known = list(dict.fromkeys([*remote.branches, *remote.tags]))
    near = difflib.get_close_matches(version, known, n=3)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif re.fullmatch(r"[0-9a-f]{7,39}", version):
        hint = "a commit needs all its 40 digits"
    elif known:
        more = f" and {len(known) - 5} more" if len(known) > 5 else ""
        hint = f"it has {', '.join(known[:5])}{more}"
    else:
        hint = "it is empty; push something to it"
    raise UserError(f"it has no branch or tag {version!r}; {hint}")


def _under(name: str, kind: str) -> bool:
    return name.startswith(f"refs/{kind}/")


# Which release


@dataclass(frozen=True)
class Inputs:
    """All that makes one release differ from another. Fields that are called like options of
    ``source`` or ``python`` are these options."""

    revision: str
    subdir: str = ""
    submodules: bool = False
    version: str = ""  # of Python, as asked for; empty is the system's
    packages: tuple[str, ...] = ()
    dependencies: str = ""  # the file that names them; empty is the first that is there
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    require_hashes: bool = False
    index_strategy: str = "first-index"  # which index wins, if several have a package
    shared: tuple[str, ...] = ()
    wsgi: str = ""
    python: str = ""  # major and minor version of the interpreter
    installer: str = "uv"
    kind: str = ""  # of the source, with the package's name; empty for git
    edition: str = ""  # of a package: what is built again is another release

    @classmethod
    def of(cls, app: ReleasePart, **others: str) -> Inputs:
        """The inputs of an app's next release, as far as its options say them."""
        source = {key: app["source"][key] for key in ("subdir", "submodules")}
        given = {**app["python"], **source, "shared": app["shared"], "wsgi": app["wsgi"], **others}
        named = [each.name for each in fields(cls) if each.name in given]
        frozen = {name: given[name] for name in named}
        for name, value in frozen.items():
            frozen[name] = tuple(value) if isinstance(value, list) else value
        return cls(**frozen)

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    def given(self) -> dict[str, Any]:
        """Those that are not as they are by default: so a new option renames no release."""
        usual = {each.name: each.default for each in fields(self)}
        return {name: value for name, value in vars(self).items() if value != usual[name]}


@dataclass(frozen=True)
class Release:
    """A release that stands on the host: its ``release.json``."""

    id: str
    revision: str = ""
    version: str = ""
    built: str = ""  # UTC, as in 2026-01-31T12:00:00.000000Z, so that text order is time order
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Have:
    """The releases on the host."""

    releases: Mapping[str, Release] = field(default_factory=dict)
    rubbish: frozenset[str] = frozenset()  # folders without release.json
    live: str = ""  # what ``current`` points to
    previous: str = ""  # what it pointed to before
    running: frozenset[str] = frozenset()  # what slots run


@dataclass(frozen=True)
class Plan:
    """``build`` the wanted release or not, and remove these afterwards."""

    build: bool
    prune: tuple[str, ...] = ()


def release_id(inputs: Inputs) -> str:
    """The wanted release's ID: the same for the same input, and different for any other."""
    text = json.dumps([FORMAT, inputs.given()], sort_keys=True)
    beginning = re.sub(r"[^0-9A-Za-z.]", "-", inputs.revision[:12])
    return f"{beginning}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def plan(wanted: str, keep: int, have: Have) -> Plan:
    """What to do to have the release ``wanted`` and, once it is built, the ``keep`` newest ones, it
    among them.

    Only a build takes others away: which release is the one before changes with the switch that
    follows, and the next run, with nothing to do, would find one more to remove.
    """
    build = wanted not in have.releases
    needed = {wanted, have.live, have.previous, *have.running}
    others = [release for release in have.releases.values() if release.id != wanted]
    others.sort(key=lambda release: release.built, reverse=True)
    surplus = [release.id for release in others[max(keep - 1, 0) :]] if build else []
    unneeded = [name for name in (*surplus, *sorted(have.rubbish)) if name not in needed]
    return Plan(build, tuple(unneeded))


def changed_packages(
    old: Mapping[str, str], new: Mapping[str, str]
) -> dict[str, list[dict[str, str]]]:
    """What is ``added``, ``changed`` and ``removed`` from one set of packages to another."""
    changes: dict[str, list[dict[str, str]]] = {"added": [], "changed": [], "removed": []}
    for name in sorted({*old, *new}):
        before, after = old.get(name, ""), new.get(name, "")
        if before != after:
            kind = "changed" if before and after else "added" if after else "removed"
            changes[kind].append({"name": name, "from": before, "to": after})
    return changes


def shown(
    release: Release | None,
    commits: Sequence[str],
    dependencies: Mapping[str, list[dict[str, str]]],
    side: str,
) -> str:
    """One side of the diff, ``from`` or ``to``: a release and the packages that differ."""
    if not release:
        return ""
    lines = [
        f"revision: {release.revision}",
        f"version: {release.version}",
        *(f"commit: {subject}" for subject in commits),
    ]
    changes = [change for kind in dependencies.values() for change in kind if change[side]]
    for change in sorted(changes, key=lambda change: change["name"]):
        lines.append(f"package: {change['name']} {change[side]}")
    return "\n".join(lines) + "\n"

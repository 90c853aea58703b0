# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a package of an app is: its version, what it depends on, its scripts. No input, no output.

The release lies in ``/usr/lib/PACKAGE/release``, which is the package manager's, and is linked into
``/srv/NAME/releases``, which is not: so what runs is never replaced under its feet.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import package_facts
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    MANAGED,
)

from .settings import Settings

PROGRAM = "program"  # the folder in /usr/lib/PACKAGE with the code that the scripts run
# PEP 440, its appendix B, without the spellings that nobody has used for ten years
PEP440 = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>a|b|rc|alpha|beta|c)[-_.]?(?P<pre_n>\d*))?"
    r"(?P<post>[-_.]?(?:post|rev|r)[-_.]?(?P<post_n>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d*))?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?",
    re.IGNORECASE,
)
# What `git describe` says of a commit after a tag.
DESCRIBED = re.compile(r"(?P<tag>.+)-(?P<count>\d+)-g(?P<commit>[0-9a-f]+)(?:-dirty)?")
RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.~+]*")
NAME = re.compile(r"[a-z0-9][a-z0-9.+-]+")
PRE = {"alpha": "a", "beta": "b", "c": "rc"}


@dataclass(frozen=True)
class Version:
    """A version as dpkg and rpm both sort it."""

    text: str
    epoch: str = ""


@dataclass(frozen=True)
class Origin:
    """What is known of a release's version: what it was asked for by, what the project says of
    itself, the commit, and the commit's time in seconds since 1970."""

    asked: str = ""
    project: str = ""
    revision: str = ""
    when: int = 0


def pep440(text: str) -> Version | None:
    """A version of Python's as dpkg and rpm sort it; None where it is none.

    ``~`` sorts before the end, so ``1.0~rc1`` is older than ``1.0`` (deb-version(7),
    rpm-version(7)).
    """
    found = PEP440.fullmatch(text)
    if not found:
        return None
    shown = found["release"]
    if found["dev"] and not found["pre"] and not found["post"]:
        return Version(f"{shown}~~dev{found['dev_n'] or 0}{_local(found)}", found["epoch"] or "")
    if found["pre"]:
        kind = found["pre"].lower()
        shown += f"~{PRE.get(kind, kind)}{found['pre_n'] or 0}"
    if found["post"]:
        shown += f"+post{found['post_n'] or 0}"
    if found["dev"]:
        shown += f"~dev{found['dev_n'] or 0}"
    return Version(shown + _local(found), found["epoch"] or "")


def _local(found: re.Match[str]) -> str:
    return f"+{re.sub('[-_]', '.', found['local'].lower())}" if found["local"] else ""


def version(given: str, origin: Origin) -> Version:
    """The package's version: as ``given``; by the tag; or by the project, with what tells one
    commit from another. ``UserError`` where ``given`` is none."""
    if given:
        exact = pep440(given)
        if not exact:
            raise UserError(
                f"package_version: {given!r} is not a valid version, such as 1.2.3 or 1.3rc1"
            )
        return exact
    tagged = pep440(origin.asked)
    if tagged:
        return tagged
    described = DESCRIBED.fullmatch(origin.asked)
    since = pep440(described["tag"]) if described else None
    if described and since:
        return Version(f"{since.text}+{described['count']}.g{described['commit']}", since.epoch)
    project = pep440(origin.project) or Version("0")
    if not origin.when:
        return project
    stamp = time.strftime("%Y%m%d.%H%M%S", time.gmtime(origin.when))
    return Version(f"{project.text}+git{stamp}.{origin.revision[:7]}", project.epoch)


@dataclass(frozen=True)
class Python:
    """The interpreter that a release was built for, as in ``3.11``."""

    version: str

    @property
    def next(self) -> str:
        major, minor = self.version.split(".")
        return f"{major}.{int(minor) + 1}"


def depends(kind: str, python: Python, more: Sequence[str]) -> list[str]:
    """What a package of a kind (``deb``, ``rpm``) depends on. A venv fits one minor version of
    Python, and no other."""
    if kind == "deb":
        first = [f"python3 (>= {python.version})", f"python3 (<< {python.next}~)"]
        return [*first, "iproute2", "logrotate", "passwd", *more]
    first = [f"python3 >= {python.version}", f"python3 < {python.next}"]
    return [*first, "iproute", "logrotate", "shadow-utils", "systemd", *more]


def scripts(package: str, app: Settings) -> dict[str, str]:
    """The maintainer scripts, by nfpm's names. dpkg calls them with words, rpm with the number of
    versions that will be there, so that one text serves both."""
    program = f"/usr/bin/python3 -B /usr/lib/{package}/{PROGRAM}"
    service, group, log = app["service"], app["group"], app["log"]
    name, user = service["name"], service["user"]
    etc, root = service["etc"], service["root"]
    return {
        "preinstall": f"""\
#!/bin/sh
set -e
getent group {group} >/dev/null || groupadd --system {group}
getent passwd {user} >/dev/null || useradd --system --user-group --no-create-home \\
  --home-dir={root}/shared --shell=/usr/sbin/nologin --comment='Flask app {name}' {user}
""",
        "postinstall": f"""\
#!/bin/sh
# dpkg: configure or abort-...; rpm: 1 or 2
{program} configure
""",
        "preremove": f"""\
#!/bin/sh
# An upgrade touches nothing that runs: the new version's postinst moves the traffic.
case "$1" in remove|0) {program} remove ;; esac
""",
        "postremove": f"""\
#!/bin/sh
set -e
case "$1" in remove|0|purge)
  test ! -d /run/systemd/system || systemctl daemon-reload ;;
esac
# Where Ansible serves the app, none of it is the package's to remove.
test ! -e {MANAGED} || exit 0
# The data in {root}/shared stay, and with them the user that they belong to.
case "$1" in purge)
  rm -rf {etc} {log} /run/{name} {root}/deploys.jsonl /var/lib/pyhost-flask/secrets/{name}
  test -d {root} || exit 0
  rmdir {root}/shared/* {root}/shared 2>/dev/null || true
  if test -d {root}/shared; then
    echo "{package}: the app's data are kept in {root}/shared, and the user {user} that owns them"
  else
    rm -rf {root}/once
    rmdir {root} 2>/dev/null || true
    userdel {user} || true
  fi ;;
esac
""",
    }


def description(
    package: str, about: Mapping[str, Any], python: Python, stage: str, contents: list[Any]
) -> dict[str, Any]:
    """nfpm's description of the package, for both kinds. ``about`` holds the texts, the version,
    the release number, the time, and the app's name with its release's ID (``holds``); ``contents``
    are nfpm's entries beside those in /usr/lib."""
    more = about["depends"]
    needs = {
        kind: {"depends": depends(kind, python, more.get(kind, []))} for kind in ("deb", "rpm")
    }
    return {
        "name": package,
        "arch": about["arch"],
        "platform": "linux",
        "version": about["version"],
        "version_schema": "none",
        "epoch": about["epoch"],
        "release": about["release"],
        "section": "web",
        "priority": "optional",
        "maintainer": about["maintainer"],
        "description": about["description"],
        "homepage": about["homepage"],
        "license": about["license"],
        "mtime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(about["when"])),
        "disable_globbing": True,
        "contents": [
            {"src": f"{stage}/usr/lib/{package}", "dst": f"/usr/lib/{package}", "type": "tree"},
            *contents,
        ],
        "scripts": about["scripts"],
        "overrides": {
            "deb": needs["deb"],
            "rpm": {**needs["rpm"], "provides": [package_facts.provides(*about["holds"])]},
        },
        "deb": {"fields": package_facts.fields(*about["holds"])},
        # The name of the machine that it was built on says nothing of it.
        "rpm": {"buildhost": "localhost", "summary": about["description"].splitlines()[0]},
    }

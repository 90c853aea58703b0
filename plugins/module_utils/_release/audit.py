# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The known vulnerabilities of a release's packages, as a server with OSV's API knows them.

The API is https://google.github.io/osv.dev/post-v1-querybatch/. Its answer names vulnerabilities by
their IDs alone; what each one is stands at https://osv.dev/ID.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from .sbom import Package

NEVER, REFUSE = "never", "refuse"
SECONDS = 10
MOST = 1000  # packages that the server takes at once


@dataclass(frozen=True)
class Settings:
    level: str = NEVER
    server: str = ""
    ignore: tuple[str, ...] = ()  # IDs

    @classmethod
    def of(cls, audit: Mapping[str, Any]) -> Settings:
        """Out of the option ``audit`` of an app."""
        return cls(audit["level"], audit["server"], tuple(audit["ignore"]))


@dataclass(frozen=True)
class Finding:
    """A package with vulnerabilities, by their IDs."""

    package: str
    version: str
    ids: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.package} {self.version} ({', '.join(self.ids)})"


class NoAnswer(Exception):
    """The server says nothing that can be understood."""


def audit(settings: Settings, packages: Sequence[Package]) -> list[str]:
    """Look for known vulnerabilities; return warnings.

    ``UserError`` where there are some, and they are to be refused. That nobody could be asked is
    a warning in any case: a deploy that mends something else must not wait for that server.
    """
    known = [package for package in packages if not package.local]
    try:
        found = findings(known, ask(settings.server, known), settings.ignore)
    except (NoAnswer, OSError, HTTPException, ValueError) as error:
        return [f"its packages were not audited: {settings.server}: {error}"]
    if not found:
        return []
    text = f"known vulnerabilities: {'; '.join(map(str, found))}. See https://osv.dev/ID"
    if settings.level == REFUSE:
        raise UserError(
            f"{text}. Take newer versions, or, where one is not a danger to the app, name it in "
            "audit.ignore"
        )
    return [text]


def ask(server: str, packages: Sequence[Package]) -> list[Any]:
    """The server's answer for each package, in their order."""
    # Imported here, for what a package brings to its host works without Ansible.
    from ansible.module_utils.urls import open_url

    results: list[Any] = []
    for start in range(0, len(packages), MOST):
        part = packages[start : start + MOST]
        with open_url(
            f"{server.rstrip('/')}/v1/querybatch",
            method="POST",
            data=json.dumps({"queries": list(map(query, part))}),
            headers={"Content-Type": "application/json"},
            timeout=SECONDS,
        ) as answer:
            results += answered(json.load(answer), len(part))
    return results


def query(package: Package) -> dict[str, Any]:
    named = {"ecosystem": "PyPI", "name": package.name}
    return {"package": named, "version": package.version}


def answered(answer: Any, count: int) -> list[Any]:
    """The results in an answer, of which there must be ``count``."""
    results = answer.get("results") if isinstance(answer, dict) else None
    if not isinstance(results, list) or len(results) != count:
        raise NoAnswer("it does not answer as OSV does")
    return results


def findings(
    packages: Sequence[Package], results: Sequence[Any], ignore: Sequence[str]
) -> list[Finding]:
    """The packages with vulnerabilities other than those to ignore."""
    found = []
    for package, result in zip(packages, results):
        ids = tuple(sorted(set(_ids(result)) - set(ignore)))
        if ids:
            found.append(Finding(package.name, package.version, ids))
    return found


def _ids(result: Any) -> Iterator[str]:
    """A package without vulnerabilities has an empty result; one with very many has further pages,
    which say no more than that it has."""
    try:
        for one in (result or {}).get("vulns") or ():
            yield str(one["id"])
    except (AttributeError, KeyError, TypeError) as error:
        raise NoAnswer("it does not answer as OSV does") from error

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate each site should have, and what has to be done for that.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Union

from ansible_collections.pyhost.flask.plugins.module_utils._core import openssl
from ansible_collections.pyhost.flask.plugins.module_utils._core.openssl import Certificate

DAY = 86400.0
SOON = 30 * DAY
SELF_SIGNED_DAYS = 3650


@dataclass(frozen=True)
class Lineage:
    """How certbot has got a certificate, and will renew it; empty where that is its default."""

    server: str = ""
    authenticator: str = ""
    key_type: str = ""
    propagation: str = ""


@dataclass(frozen=True)
class Dns:
    """A DNS plugin of certbot, its file with credentials, and the seconds that it waits; the last
    two are empty where the plugin needs none, or its own default serves."""

    plugin: str
    credentials: str = ""
    propagation: str = ""


@dataclass(frozen=True)
class Authority:
    """An ACME server, the account's address, and the file with the CA that the server's TLS needs
    (empty where the system's certificates do); and how a certificate is asked for."""

    server: str
    email: str
    ca: str = ""
    key_type: str = "ecdsa"
    dns: Dns | None = None

    @property
    def lineage(self) -> Lineage:
        """What certbot writes down of this."""
        way = f"dns-{self.dns.plugin}" if self.dns else "webroot"
        return Lineage(self.server, way, self.key_type, self.dns.propagation if self.dns else "")


@dataclass(frozen=True)
class Files:
    """A certificate that the user provides: what messages call its files, and what is in them.

    ``problem`` says why they could not be read.
    """

    chain_file: str
    key_file: str
    chain: str = ""
    key: str = field(default="", repr=False)
    problem: str = ""


@dataclass(frozen=True)
class Site:
    """A site that nginx serves over HTTPS. Its certificate comes from an authority, or it is
    provided in files, or else it is self-signed."""

    name: str
    domains: tuple[str, ...]
    authority: Authority | None = None
    files: Files | None = None

    @property
    def server_name(self) -> str | None:
        """The name to ask nginx for; addresses are never asked for by name (RFC 6066)."""
        names = (
            name for name in self.domains if not (openssl.is_address(name) or name.startswith("*"))
        )
        return next(names, None)


@dataclass(frozen=True)
class Have:
    """What a host has for a site.

    ``linked`` is the certificate that the site's stable path leads to, with its key, and
    ``source`` where it is from: selfsigned, certbot, provided, or nothing. ``up_to_date`` says of a
    provided one that it is what the files hold. ``issued`` is certbot's newest one, got by
    ``lineage``; ``served`` is the fingerprint that nginx answers with, None where it does not
    answer. ``unserved`` says that nginx was not reloaded since the path was led elsewhere.
    ``condemned`` are the fingerprints of certificates whose revocation was begun and not finished.
    """

    linked: Certificate | None = None
    source: str = ""
    up_to_date: bool = False
    issued: Certificate | None = None
    lineage: Lineage = Lineage()
    served: str | None = None
    unserved: bool = False
    condemned: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Rest:
    """What a host has besides: whether certbot's timer is active, the certificates that this
    collection had certbot make, and the stable paths, both by name."""

    timer_active: bool = True
    lineages: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()


@dataclass(frozen=True)
class SelfSign:
    """Make a self-signed certificate and lead the site's path to it."""

    site: Site
    why: str

    def __str__(self) -> str:
        return f"{self.site.name}: make a self-signed certificate, because {self.why}"


@dataclass(frozen=True)
class Provide:
    """Copy the files that the user provides, and lead the site's path to the copies."""

    site: Site

    def __str__(self) -> str:
        chain = self.site.files.chain_file if self.site.files else ""
        return f"{self.site.name}: take the certificate of {chain}"


@dataclass(frozen=True)
class Link:
    """Lead the site's path to certbot's certificate."""

    site: Site

    def __str__(self) -> str:
        return f"{self.site.name}: change to the certificate that certbot has"


@dataclass(frozen=True)
class Issue:
    """Have certbot get a certificate, and lead the site's path to it.

    ``condemned`` is the fingerprint of the one that is to be revoked after that, if any.
    """

    site: Site
    why: str
    condemned: str = ""

    def __str__(self) -> str:
        names = ", ".join(self.site.domains)
        return f"{self.site.name}: get a certificate for {names}, because {self.why}"


@dataclass(frozen=True)
class Revoke:
    """Have the authority revoke a certificate that the site does not use any more."""

    site: Site
    reason: str
    fingerprint: str

    def __str__(self) -> str:
        name = f"the certificate with the fingerprint {self.fingerprint[:16]}..."
        return f"{self.site.name}: revoke {name} ({self.reason})"


@dataclass(frozen=True)
class StartTimer:
    """Start certbot's timer, which renews what was issued."""

    def __str__(self) -> str:
        return "start certbot.timer, because certificates would not be renewed"


@dataclass(frozen=True)
class Reload:
    """Reload nginx, for the certificates of these sites."""

    sites: tuple[Site, ...]

    def __str__(self) -> str:
        names = ", ".join(site.name for site in self.sites)
        return f"reload nginx for the certificates of {names}"


@dataclass(frozen=True)
class DeleteLineage:
    """Have certbot delete a certificate that this collection had it make, for nobody uses it."""

    name: str

    def __str__(self) -> str:
        return f"{self.name}: delete certbot's certificate, which would be renewed for nobody"


@dataclass(frozen=True)
class RemovePath:
    """Remove the stable path of a site that is gone, and the certificate with its key."""

    name: str

    def __str__(self) -> str:
        return f"{self.name}: remove the certificate and key of a site that is no more"


Step = Union[SelfSign, Provide, Link, Issue, Revoke, StartTimer, Reload, DeleteLineage, RemovePath]


def plan_files(sites: list[Site], have: dict[str, Have], now: float) -> list[Step]:
    """What gives each site some certificate, so that nginx starts: its own, or a placeholder."""
    steps: list[Step] = []
    for site in sites:
        found = have[site.name]
        if site.files:
            good = found.source == "provided" and found.up_to_date
            steps += [] if good else [Provide(site)]
        elif site.authority and found.issued:
            steps += [] if found.source == "certbot" else [Link(site)]
        else:
            why = _why_sign(site, found, now)
            steps += [SelfSign(site, why)] if why else []
    return steps


def plan(sites: list[Site], have: dict[str, Have], rest: Rest, now: float) -> list[Step]:
    """What gives each site the certificate that it asks for, has nginx serve it, and removes what
    was made for sites that are no more or get theirs from elsewhere."""
    steps = plan_files(sites, have, now)
    for site in sites:
        why = _why_issue(site, have[site.name], now)
        steps += [Issue(site, why)] if why else []
    new = {step.site.name for step in steps if isinstance(step, (SelfSign, Provide, Link, Issue))}
    if any(site.authority for site in sites) and not rest.timer_active:
        steps.append(StartTimer())
    stale = tuple(site for site in sites if site.name in new or is_stale(have[site.name]))
    steps += [Reload(stale)] if stale else []
    return [*steps, *_plan_removal(sites, rest)]


def plan_revocation(site: Site, have: Have, reason: str) -> list[Step]:
    """What has the site's certificate revoked while the site answers: a new one comes first.

    What an earlier run has replaced and, for it was killed, not revoked, is revoked before that.
    """
    if site.authority is None or have.issued is None:
        return []
    issued = have.issued.fingerprint
    left = sorted(have.condemned - {issued})
    return [
        *(Revoke(site, reason, fingerprint) for fingerprint in left),
        Issue(site, "the one that is there is to be revoked", issued),
        Reload((site,)),
        Revoke(site, reason, issued),
    ]


def _plan_removal(sites: Iterable[Site], rest: Rest) -> list[Step]:
    """nginx serves none of it any more, so the order is no matter."""
    issued = {site.name for site in sites if site.authority}
    gone = rest.paths - {site.name for site in sites}
    steps: list[Step] = [DeleteLineage(name) for name in sorted(rest.lineages - issued)]
    return [*steps, *(RemovePath(name) for name in sorted(gone))]


def is_stale(have: Have) -> bool:
    """Whether nginx serves another certificate than the one on the disk."""
    return have.linked is not None and (have.unserved or have.served != have.linked.fingerprint)


def _why_sign(site: Site, have: Have, now: float) -> str | None:
    if have.linked is None:
        return "there is none"
    if have.source != "selfsigned":
        # Whatever the site had before is no worse than a placeholder.
        return None if site.authority and have.source == "provided" else "there is none"
    if have.linked.names != set(site.domains):
        return "the site's domains have changed"
    return "it expires" if have.linked.end < now + SOON else None


def _why_issue(site: Site, have: Have, now: float) -> str | None:
    if site.authority is None:
        return None
    if have.issued is None:
        return "there is none"
    if have.issued.names != set(site.domains):
        return "the site's domains have changed"
    for part in fields(Lineage):
        is_now, wanted = (getattr(one, part.name) for one in (have.lineage, site.authority.lineage))
        if is_now != wanted:
            reason = f"{is_now or 'its default'} instead of {wanted or 'its default'}"
            return f"the one that is there has the {part.name.replace('_', ' ')} {reason}"
    # The timer renews after two thirds of a certificate's life. When most of the last third has
    # passed as well, that has failed for weeks.
    left = (have.issued.end - now) / (have.issued.end - have.issued.start)
    return "the one that is there was not renewed in time" if left < 0.2 else None


def parse_lineage(renewal_conf: str) -> Lineage:
    """What stands in certbot's ``renewal/NAME.conf``."""
    found = dict(re.findall(r"^(\w+)\s*=\s*(\S+)", renewal_conf, re.MULTILINE))
    way = found.get("authenticator", "")
    return Lineage(
        server=found.get("server", ""),
        authenticator=way,
        key_type=found.get("key_type", ""),
        propagation=found.get(f"{way.replace('-', '_')}_propagation_seconds", ""),
    )

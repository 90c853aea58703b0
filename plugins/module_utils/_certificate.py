# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate each site should have, and what has to be done for that.

Nothing in this file reads or writes anything; the module ``certificate`` does.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from typing import Union

DAY = 86400.0
SELF_SIGNED_DAYS = 3650


@dataclass(frozen=True)
class Authority:
    """An ACME server, the account's address, and the file with the CA that the server's TLS needs
    (empty where the system's certificates do)."""

    server: str
    email: str
    ca: str = ""


@dataclass(frozen=True)
class Site:
    """A site that nginx serves over HTTPS; without an authority its certificate is self-signed."""

    name: str
    domains: tuple[str, ...]
    authority: Authority | None = None

    @property
    def server_name(self) -> str | None:
        """The name to ask nginx for; addresses are never asked for by name (RFC 6066)."""
        return next((domain for domain in self.domains if not is_address(domain)), None)


@dataclass(frozen=True)
class Certificate:
    """A certificate: its names, from when to when it is valid (Unix time), and its SHA-256."""

    names: frozenset[str]
    start: float
    end: float
    fingerprint: str


@dataclass(frozen=True)
class Have:
    """What a host has for a site.

    ``linked`` is the certificate that the site's stable path leads to, with its key; ``issued`` is
    certbot's newest one, from ``server``; ``served`` is the fingerprint that nginx answers with,
    None where it does not answer.
    """

    linked: Certificate | None = None
    links_to_issued: bool = False
    issued: Certificate | None = None
    server: str = ""
    served: str | None = None


@dataclass(frozen=True)
class SelfSign:
    """Make a self-signed certificate and lead the site's path to it."""

    site: Site
    why: str

    def __str__(self) -> str:
        return f"{self.site.name}: make a self-signed certificate, because {self.why}"


@dataclass(frozen=True)
class Link:
    """Lead the site's path to certbot's certificate."""

    site: Site

    def __str__(self) -> str:
        return f"{self.site.name}: change from the self-signed certificate to certbot's"


@dataclass(frozen=True)
class Issue:
    """Have certbot get a certificate, and lead the site's path to it."""

    site: Site
    why: str

    def __str__(self) -> str:
        names = ", ".join(self.site.domains)
        return f"{self.site.name}: get a certificate for {names}, because {self.why}"


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


Step = Union[SelfSign, Link, Issue, StartTimer, Reload]


def plan_files(sites: list[Site], have: dict[str, Have], now: float) -> list[Step]:
    """What gives each site some certificate, so that nginx starts: certbot's, or a placeholder."""
    steps: list[Step] = []
    for site in sites:
        found = have[site.name]
        if site.authority and found.issued:
            steps += [] if found.links_to_issued else [Link(site)]
            continue
        why = _why_sign(site, found, now)
        steps += [SelfSign(site, why)] if why else []
    return steps


def plan(sites: list[Site], have: dict[str, Have], timer_active: bool, now: float) -> list[Step]:
    """What gives each site the certificate that it asks for, and has nginx serve it."""
    steps = plan_files(sites, have, now)
    for site in sites:
        why = _why_issue(site, have[site.name], now)
        steps += [Issue(site, why)] if why else []
    new = {step.site.name for step in steps if isinstance(step, (SelfSign, Link, Issue))}
    if any(site.authority for site in sites) and not timer_active:
        steps.append(StartTimer())
    stale = tuple(site for site in sites if site.name in new or is_stale(have[site.name]))
    return [*steps, Reload(stale)] if stale else steps


def is_stale(have: Have) -> bool:
    """Whether nginx serves another certificate than the one on the disk."""
    return have.linked is not None and have.served != have.linked.fingerprint


def _why_sign(site: Site, have: Have, now: float) -> str | None:
    if have.linked is None or have.links_to_issued:
        return "there is none"
    if have.linked.names != set(site.domains):
        return "the site's domains have changed"
    return "it expires" if have.linked.end < now + 30 * DAY else None


def _why_issue(site: Site, have: Have, now: float) -> str | None:
    if site.authority is None:
        return None
    if have.issued is None:
        return "there is none"
    if have.issued.names != set(site.domains):
        return "the site's domains have changed"
    if have.server != site.authority.server:
        return f"the one that is there is from {have.server or 'another server'}"
    # The timer renews after two thirds of a certificate's life. When most of the last third has
    # passed as well, that has failed for weeks.
    left = (have.issued.end - now) / (have.issued.end - have.issued.start)
    return "the one that is there was not renewed in time" if left < 0.2 else None


def is_address(domain: str) -> bool:
    """Whether it is an IP address instead of a name."""
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return False
    return True


def openssl_config(site: Site) -> str:
    """The configuration of ``openssl req -x509`` for the site's self-signed certificate."""
    names = ",".join(f"{'IP' if is_address(name) else 'DNS'}:{name}" for name in site.domains)
    return (
        "[req]\nprompt = no\ndistinguished_name = subject\nx509_extensions = extensions\n"
        f"[subject]\nCN = {site.name}\n"
        "[extensions]\nbasicConstraints = critical,CA:FALSE\n"
        "keyUsage = critical,digitalSignature\nextendedKeyUsage = serverAuth\n"
        f"subjectAltName = {names}\n"
    )


def parse_certificate(text: str, fingerprint: str) -> Certificate:
    """A certificate out of ``openssl x509 -noout -dates -ext subjectAltName``.

    Raises ``ValueError`` or ``KeyError`` where the text is something else.
    """
    dates = dict(re.findall(r"^(notBefore|notAfter)=(.+)$", text, re.MULTILINE))
    names = re.findall(r"DNS:([^,\s]+)", text)
    addresses = re.findall(r"IP Address:([^,\s]+)", text)
    return Certificate(
        names=frozenset([*names, *(str(ipaddress.ip_address(one)) for one in addresses)]),
        start=float(ssl.cert_time_to_seconds(dates["notBefore"])),
        end=float(ssl.cert_time_to_seconds(dates["notAfter"])),
        fingerprint=fingerprint,
    )


def parse_server(renewal_conf: str) -> str:
    """The ACME server in certbot's ``renewal/NAME.conf``, or an empty text."""
    found = re.search(r"^server\s*=\s*(\S+)", renewal_conf, re.MULTILINE)
    return found[1] if found else ""


# What to do, by "TYPE: DETAIL" of the ACME error (the types are those of RFC 8555, section 6.7), or
# by ": MESSAGE" of an error of certbot's own.
REMEDIES = [
    ("^rateLimited:", "wait as long as the authority says, then run again"),
    (
        "^dns:|^connection:.*(no such host|resolv|NXDOMAIN)",
        "make a DNS record (A or AAAA) of this name that points to this host, then run again",
    ),
    (
        "^connection:",
        "let port 80 of the address that the name points to reach this host (DNS record, firewall,"
        " port forwarding), then run again",
    ),
    (
        "^unauthorized:",
        "the name leads to another server; let its DNS records (A and AAAA) point to this host,"
        " then run again",
    ),
    ("^caa:", "allow the authority in the domain's CAA record, then run again"),
    ("^rejectedIdentifier:", "the authority signs no such name; take https: selfsigned for it"),
    (
        "^accountDoesNotExist:",
        "the authority has forgotten this host's account; remove the authority's folder in"
        " /etc/letsencrypt/accounts on this host, then run again",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "certbot does not trust the ACME server; give its CA in certbot.ca",
    ),
    (
        "Connection refused|Max retries|timed out|Network is unreachable",
        "this host does not reach the ACME server; check certbot.server and the network, then run"
        " again",
    ),
    ("Another instance of Certbot", "run again in a minute"),
]


def explain(output: str, log: str) -> list[str]:
    """What to do after certbot failed, and why: a line for each domain, or one for all.

    ``output`` is what certbot wrote, ``log`` its log of the run: some versions die of an error of
    their own after a rate limit, and only the log has the authority's answer.
    """
    refused = re.findall(r"Domain:\s*(\S+)\n\s*Type:\s*(\S+)\n\s*Detail:\s*(.+)", output)
    if refused:
        return [
            f"{domain}: {_remedy(kind, detail)}; the authority says: {detail} ({kind})"
            for domain, kind, detail in sorted(refused)
        ]
    kind, detail = _last_acme_error(log)
    if kind:
        return [f"the authority says: {detail} ({kind}); {_remedy(kind, detail)}"]
    words = _last_words(output)
    return [f"certbot says: {words}; {_remedy('', words)}"]


def _last_acme_error(log: str) -> tuple[str, str]:
    """The type and the detail, with how long to wait, of the last error that the log has."""
    pattern = r'"type":\s*"urn:ietf:params:acme:error:(\w+)",\s*"detail":\s*"((?:[^"\\]|\\.)*)"'
    found = list(re.finditer(pattern, log))
    if not found:
        return "", ""
    response = log[: found[-1].start()].rpartition("Received response:")[2]
    wait = re.search(r"^Retry-After:\s*(.+?)\s*$", response, re.MULTILINE | re.IGNORECASE)
    after = f"; retry after {wait[1]}{' seconds' if wait[1].isdigit() else ''}" if wait else ""
    return found[-1][1], f"{found[-1][2]}{after}"


def _last_words(output: str) -> str:
    """What certbot said, in one line and without what it always says."""
    always = ("Saving debug log", "Ask for help", "An unexpected error occurred", "Requesting a")
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith(always)]
    return " ".join(" ".join(lines[-3:]).split()) or "nothing"


def _remedy(kind: str, detail: str) -> str:
    for pattern, remedy in REMEDIES:
        if re.search(pattern, f"{kind}: {detail}"):
            return remedy
    return "see /var/log/letsencrypt/letsencrypt.log on this host"

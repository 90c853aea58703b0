# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import stat
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._certificate import (
    certbot as certificate_certbot,
)
from ansible_collections.pyhost.flask.plugins.module_utils._certificate import (
    certbot_errors,
    inspect,
    nginx,
    plan,
)
from ansible_collections.pyhost.flask.plugins.module_utils._certificate import (
    host as certificate_host,
)
from ansible_collections.pyhost.flask.plugins.module_utils._certificate.plan import (
    DAY,
    Authority,
    DeleteLineage,
    Dns,
    Files,
    Have,
    Issue,
    Lineage,
    Link,
    Provide,
    Reload,
    RemovePath,
    Rest,
    Revoke,
    SelfSign,
    Site,
    StartTimer,
    Step,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core import openssl
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.openssl import Certificate
from ansible_collections.pyhost.flask.tests.unit import examples

NOW = 1_000 * DAY
ACME = Authority("https://acme.example/dir", "a@example.org")
NOTES = Site("notes", ("notes.example.org",), ACME)
SHOP = Site("shop", ("shop.example.org",), files=Files("/chain.pem", "/key.pem", "chain", "key"))
INTRANET = Site("intranet", ("intranet.example.org", "192.0.2.7"))


def cert(
    site: Site, fingerprint: str, left: float = 60 * DAY, life: float = 90 * DAY
) -> Certificate:
    return Certificate(frozenset(site.domains), NOW + left - life, NOW + left, fingerprint)


OWN = cert(NOTES, "own", 3000 * DAY, 3650 * DAY)
ISSUED = cert(NOTES, "issued")
HTTP = ACME.lineage
GOOD = Have(ISSUED, "certbot", False, ISSUED, HTTP, "issued")
OWN_GOOD = Have(linked=OWN, source="selfsigned", served="own")
GIVEN = cert(SHOP, "given")
GIVEN_GOOD = Have(GIVEN, "provided", True, served="given")
SIGNED = cert(INTRANET, "signed", 3000 * DAY, 3650 * DAY)
SIGNED_GOOD = Have(linked=SIGNED, source="selfsigned", served="signed")


def after(have: Have, site: Site, steps: list[Step]) -> Have:
    """The state after the steps, all of which succeed."""
    for step in steps:
        if isinstance(step, SelfSign):
            new = cert(site, "new own", 3650 * DAY, 3650 * DAY)
            have = replace(have, linked=new, source="selfsigned", unserved=True)
        elif isinstance(step, Provide):
            new = cert(site, "new given")
            have = replace(have, linked=new, source="provided", up_to_date=True, unserved=True)
        elif isinstance(step, Issue):
            new = cert(site, "new issued", 90 * DAY)
            way = site.authority.lineage if site.authority else Lineage()
            have = replace(have, linked=new, source="certbot", issued=new, lineage=way)
        elif isinstance(step, Link):
            have = replace(have, linked=have.issued, source="certbot")
        elif isinstance(step, Reload):
            fingerprint = have.linked.fingerprint if have.linked else None
            have = replace(have, served=fingerprint, unserved=False)
    return have


def kinds(steps: list[Step]) -> list[str]:
    return [type(step).__name__ for step in steps]


MOVED = replace(NOTES, authority=replace(ACME, server="https://other.example/dir"))
RSA = replace(NOTES, authority=replace(ACME, key_type="rsa"))
RECORDS = replace(NOTES, authority=replace(ACME, dns=Dns("rfc2136", "/dns/notes", "30")))
BY_DNS = Lineage(ACME.server, "dns-rfc2136", "ecdsa", "30")
WIDER = replace(NOTES, domains=("notes.example.org", "www.notes.example.org"))
ALL = replace(NOTES, domains=("notes.example.org", "*.notes.example.org"))
LATE = cert(NOTES, "issued", 17 * DAY)
DUE = cert(NOTES, "issued", 29 * DAY)
SHORT = cert(NOTES, "issued", 1 * DAY, 6 * DAY)
OLD = cert(NOTES, "own", -1 * DAY, 3650 * DAY)

# what, site, what the host has, steps before nginx has its configuration, steps after
CASES = [
    ("empty host", NOTES, Have(), ["SelfSign"], ["SelfSign", "Issue", "Reload"]),
    ("placeholder", NOTES, OWN_GOOD, [], ["Issue", "Reload"]),
    ("expired placeholder", NOTES, replace(OWN_GOOD, linked=OLD), ["SelfSign"],
     ["SelfSign", "Issue", "Reload"]),
    ("all there", NOTES, GOOD, [], []),
    ("killed before the link", NOTES, Have(OWN, "selfsigned", False, ISSUED, HTTP, "own"),
     ["Link"], ["Link", "Reload"]),
    ("link lost", NOTES, replace(GOOD, linked=None, source=""), ["Link"], ["Link", "Reload"]),
    ("lineage deleted", NOTES, Have(None, "certbot", served="issued"), ["SelfSign"],
     ["SelfSign", "Issue", "Reload"]),
    ("name added", WIDER, GOOD, [], ["Issue", "Reload"]),
    ("name removed", NOTES, replace(GOOD, linked=cert(WIDER, "w"), issued=cert(WIDER, "w")), [],
     ["Issue", "Reload"]),
    ("wildcard added", ALL, GOOD, [], ["Issue", "Reload"]),
    ("other authority", MOVED, GOOD, [], ["Issue", "Reload"]),
    ("other kind of key", RSA, GOOD, [], ["Issue", "Reload"]),
    ("from files to DNS records", RECORDS, GOOD, [], ["Issue", "Reload"]),
    ("by DNS records, all there", RECORDS, replace(GOOD, lineage=BY_DNS), [], []),
    ("by DNS records that take longer", RECORDS,
     replace(GOOD, lineage=replace(BY_DNS, propagation="10")), [], ["Issue", "Reload"]),
    ("due for the timer", NOTES, replace(GOOD, linked=DUE, issued=DUE), [], []),
    ("not renewed in time", NOTES, replace(GOOD, linked=LATE, issued=LATE), [],
     ["Issue", "Reload"]),
    ("six days, one left", NOTES, replace(GOOD, linked=SHORT, issued=SHORT), [],
     ["Issue", "Reload"]),
    ("reload failed", NOTES, replace(GOOD, served="older"), [], ["Reload"]),
    ("nginx does not answer", NOTES, replace(GOOD, served=None), [], ["Reload"]),
    ("self-signed, empty host", INTRANET, Have(), ["SelfSign"], ["SelfSign", "Reload"]),
    ("self-signed, all there", INTRANET, SIGNED_GOOD, [], []),
    ("self-signed, killed before the reload", INTRANET, replace(SIGNED_GOOD, unserved=True), [],
     ["Reload"]),
    ("self-signed, name added", INTRANET, OWN_GOOD, ["SelfSign"], ["SelfSign", "Reload"]),
    ("self-signed, expires", INTRANET,
     replace(SIGNED_GOOD, linked=cert(INTRANET, "signed", 9 * DAY)), ["SelfSign"],
     ["SelfSign", "Reload"]),
    ("provided, empty host", SHOP, Have(), ["Provide"], ["Provide", "Reload"]),
    ("provided, all there", SHOP, GIVEN_GOOD, [], []),
    ("provided, new files", SHOP, replace(GIVEN_GOOD, up_to_date=False), ["Provide"],
     ["Provide", "Reload"]),
    ("from certbot to self-signed", replace(NOTES, authority=None), GOOD, ["SelfSign"],
     ["SelfSign", "Reload"]),
    ("from certbot to provided", replace(SHOP, name="notes"), GOOD, ["Provide"],
     ["Provide", "Reload"]),
    ("from provided to self-signed", replace(SHOP, files=None), GIVEN_GOOD, ["SelfSign"],
     ["SelfSign", "Reload"]),
    ("from provided to certbot", replace(SHOP, files=None, authority=ACME), GIVEN_GOOD, [],
     ["Issue", "Reload"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("site", "have", "before", "then"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_plan(site: Site, have: Have, before: list[str], then: list[str]) -> None:
    first = plan.plan_files([site], {site.name: have}, NOW)
    steps = plan.plan([site], {site.name: have}, Rest(), NOW)
    assert kinds(first) == before
    assert kinds(steps) == then
    assert plan.plan_files([site], {site.name: after(have, site, first)}, NOW) == []
    assert plan.plan([site], {site.name: after(have, site, steps)}, Rest(), NOW) == []


def test_the_timer_is_started_only_for_certificates_of_an_authority() -> None:
    have = {"notes": GOOD, "intranet": SIGNED_GOOD}
    off = Rest(timer_active=False)
    assert plan.plan([NOTES, INTRANET], have, off, NOW) == [StartTimer()]
    assert plan.plan([INTRANET], have, off, NOW) == []


def test_one_reload_for_all_sites_that_need_it() -> None:
    have = {"notes": replace(GOOD, served="older"), "intranet": Have()}
    steps = plan.plan([NOTES, INTRANET], have, Rest(), NOW)
    assert steps[-1] == Reload((NOTES, INTRANET))
    assert kinds(steps) == ["SelfSign", "Reload"]


@pytest.mark.parametrize(
    ("sites", "lineages", "paths", "steps"),
    [
        ([NOTES], {"notes"}, {"notes"}, []),
        ([], {"notes"}, {"notes"}, [DeleteLineage("notes"), RemovePath("notes")]),
        ([], set(), {"intranet"}, [RemovePath("intranet")]),
        ([INTRANET], {"intranet"}, {"intranet"}, [DeleteLineage("intranet")]),
        ([NOTES], {"notes", "old"}, {"notes"}, [DeleteLineage("old")]),
    ],
    ids=["all in use", "app removed", "self-signed app removed", "not of certbot now", "no site"],
)
def test_what_is_of_no_use_is_removed(
    sites: list[Site], lineages: set[str], paths: set[str], steps: list[Step]
) -> None:
    have = {"notes": GOOD, "intranet": SIGNED_GOOD}
    rest = Rest(True, frozenset(lineages), frozenset(paths))
    assert plan.plan(sites, have, rest, NOW) == steps


def test_a_certificate_is_revoked_when_another_one_is_served() -> None:
    steps = plan.plan_revocation(NOTES, GOOD, "superseded")
    assert kinds(steps) == ["Issue", "Reload", "Revoke"]
    assert steps[-1] == Revoke(NOTES, "superseded", "issued")
    killed = replace(GOOD, condemned=frozenset({"issued", "before"}))
    assert plan.plan_revocation(NOTES, killed, "superseded") == [
        Revoke(NOTES, "superseded", "before"),
        *steps,
    ]
    assert plan.plan_revocation(NOTES, OWN_GOOD, "superseded") == []
    assert plan.plan_revocation(INTRANET, SIGNED_GOOD, "superseded") == []


def test_sites_are_asked_for_by_a_name_and_never_by_an_address() -> None:
    assert Site("a", ("192.0.2.7", "a.example.org")).server_name == "a.example.org"
    assert Site("a", ("192.0.2.7", "2001:db8::1")).server_name is None
    assert Site("a", ("*.example.org", "example.org")).server_name == "example.org"


REFUSED = """Saving debug log to /var/log/letsencrypt/letsencrypt.log
Requesting a certificate for a.example.org and 2 more domains

Certbot failed to authenticate some domains (authenticator: webroot). The Certificate Authority reported these problems:
  Domain: b.example.org
  Type:   dns
  Detail: DNS problem: NXDOMAIN looking up A for b.example.org

  Domain: a.example.org
  Type:   connection
  Detail: 192.0.2.7: Fetching http://a.example.org/.well-known/acme-challenge/x: Connection refused

  Domain: c.example.org
  Type:   unauthorized
  Detail: 192.0.2.8: Invalid response from http://c.example.org/.well-known/acme-challenge/x: 404

Hint: The Certificate Authority failed to download the temporary challenge files
"""  # noqa: E501
PEBBLE = """  Domain: b.example.org
  Type:   connection
  Detail: Get "http://b.example.org:80/x": lookup b.example.org on 127.0.0.11:53: no such host
"""
NO_RECORD = """  Domain: a.example.org
  Type:   unauthorized
  Detail: No TXT records found for DNS challenge
"""
PLUGIN_LOG = """2026-11-21 09:00:00,000:DEBUG:certbot._internal.log:Exiting abnormally:
  File "/usr/lib/python3/dist-packages/certbot_dns_rfc2136/_internal/dns_rfc2136.py", line 161
certbot.errors.PluginError: Encountered error when making query: The peer didn't like the signature
"""
UNREACHABLE = """Saving debug log to /var/log/letsencrypt/letsencrypt.log
An unexpected error occurred:
requests.exceptions.ConnectionError: HTTPSConnectionPool(host='acme'): Max retries exceeded \
(Caused by NewConnectionError('Failed to establish a new connection: Name not known'))
Ask for help or search for solutions at https://community.letsencrypt.org.
"""
# What certbot 5.8 wrote, and Debian 12's 2.1.
REFUSED_CONNECTION = (
    "ConnectionError: HTTPSConnectionPool(host='acme.test', port=14000): Max retries exceeded with"
    " url: /dir (Caused by NewConnectionError("
    "\"HTTPSConnection(host='acme.test', port=14000): Failed to establish a new connection:"
    ' [Errno 111] Connection refused"))'
)
UNKNOWN_NAME_12 = (
    "ConnectionError: HTTPSConnectionPool(host='acme.invalid', port=443): Max retries exceeded with"
    " url: /dir (Caused by NewConnectionError('<urllib3.connection.HTTPSConnection"
    " object at 0x7f05ed5617d0>: Failed to establish a new connection:"
    " [Errno -2] Name or service not known'))"
)
UNKNOWN_NAME = (
    "ConnectionError: HTTPSConnectionPool(host='acme.invalid', port=443): Max retries exceeded with"
    " url: /dir (Caused by NameResolutionError(\"HTTPSConnection(host='acme.invalid', port=443):"
    " Failed to resolve 'acme.invalid' ([Errno -2] Name or service not known)\"))"
)
SELF_SIGNED = (
    "SSLError: HTTPSConnectionPool(host='acme.test', port=443): Max retries exceeded with url: /dir"
    " (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate"
    " verify failed: self-signed certificate (_ssl.c:1006)')))"
)
NO_ANSWER = (
    "ReadTimeout: HTTPSConnectionPool(host='acme.test', port=443): Read timed out."
    " (read timeout=45)"
)
UNTRUSTED = "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get"


def connection(words: str) -> str:
    """What certbot writes where it does not come to talk to the ACME server."""
    return f"""Saving debug log to /var/log/letsencrypt/letsencrypt.log
An unexpected error occurred:
requests.exceptions.{words}
Ask for help or search for solutions at https://community.letsencrypt.org. See the logfile
"""


RATE_LOG = """2026-11-21 09:00:00,000:DEBUG:acme.client:Received response:
HTTP 200
Retry-After: 3

{"status": "valid"}
2026-11-21 09:00:01,000:DEBUG:acme.client:Received response:
HTTP 429
Content-Type: application/problem+json
Retry-After: 7200

{
  "type": "urn:ietf:params:acme:error:rateLimited",
  "detail": "too many certificates (5) already issued for this exact set of domains",
  "status": 429
}
2026-11-21 09:00:02,000:ERROR:certbot._internal.log:AttributeError: can't set attribute
"""


@pytest.mark.parametrize(
    ("output", "log", "expected"),
    [
        (
            REFUSED,
            RATE_LOG,
            [
                ["a.example.org: let port 80", "Connection refused (connection)"],
                ["b.example.org: make a DNS record", "NXDOMAIN"],
                ["c.example.org: the name leads to another server", "404 (unauthorized)"],
            ],
        ),
        (PEBBLE, "", [["b.example.org: make a DNS record", "no such host"]]),
        (
            "AttributeError: can't set attribute",
            RATE_LOG,
            [["wait as long as", "too many certificates (5)", "retry after 7200 seconds"]],
        ),
        (UNREACHABLE, "", [["this host does not reach the ACME server", "Max retries"]]),
        (
            connection(REFUSED_CONNECTION),
            "",
            [["certbot says: acme.test:14000: Connection refused; this host does not reach"]],
        ),
        (
            connection(UNKNOWN_NAME_12),
            "",
            [["acme.invalid:443: Name or service not known; this host does not reach"]],
        ),
        (
            "ValueError: Requesting acme.test/dir: Connection refused",  # 2.1 as well
            "",
            [["acme.test/dir: Connection refused; this host does not reach"]],
        ),
        (
            connection(UNKNOWN_NAME),
            "",
            [["acme.invalid:443: Name or service not known; this host does not reach"]],
        ),
        (
            connection(SELF_SIGNED),
            "",
            [["acme.test:443: certificate verify failed: self-signed certificate;", "certbot.ca"]],
        ),
        (
            connection(NO_ANSWER),
            "",
            [["certbot says: acme.test:443: Read timed out; this host does not reach"]],
        ),
        (UNTRUSTED, "", [["certbot.ca", "CERTIFICATE_VERIFY_FAILED"]]),
        ("Another instance of Certbot is already running.", "", [["run again in a minute"]]),
        (NO_RECORD, "", [["a.example.org: the authority did not find the record", "propagation"]]),
        (
            "Encountered error when making query: The peer didn't like the signature we sent",
            PLUGIN_LOG,
            [["didn't like the signature", "check certbot.dns.credentials"]],
        ),
        ("certbot is not installed", "", [["certbot says: certbot is not installed"]]),
    ],
)
def test_failures_are_explained(output: str, log: str, expected: list[list[str]]) -> None:
    lines = certbot_errors.explain(output, log)
    assert len(lines) == len(expected)
    for line, texts in zip(lines, expected, strict=True):
        assert all(text in line for text in texts), line
        assert "\n" not in line


def test_how_certbot_got_a_certificate() -> None:
    text = """archive_dir = /etc/letsencrypt/archive/notes
[renewalparams]
key_type = ecdsa
server = https://a/dir
authenticator = dns-rfc2136
dns_rfc2136_credentials = /etc/letsencrypt/dns/notes
dns_rfc2136_propagation_seconds = 30
"""
    assert plan.parse_lineage(text) == Lineage("https://a/dir", "dns-rfc2136", "ecdsa", "30")
    assert plan.parse_lineage("") == Lineage()


@pytest.fixture(autouse=True)
def no_nginx(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers on this machine's port 443, whatever runs here."""
    monkeypatch.setattr(nginx, "served", lambda _name: None)


class Commands(examples.Module):
    """As much of AnsibleModule as running commands takes."""

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        done = subprocess.run(
            argv, input=options.get("data", ""), capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr


def test_a_self_signed_certificate_has_all_names_and_a_key_for_root_alone(tmp_path: Path) -> None:
    host = certificate_host.Host(Commands(), tmp_path, tmp_path)
    site = Site("intranet", ("intranet.example.org", "192.0.2.7", "2001:db8::1"))
    host.apply(SelfSign(site, "there is none"))
    first = (tmp_path / "intranet").resolve()
    linked = host.observe([site])["intranet"].linked
    assert linked is not None
    assert linked.names == set(site.domains)
    assert linked.end - linked.start == 3650 * DAY
    assert stat.S_IMODE((first / "privkey.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    host.apply(SelfSign(site, "the site's domains have changed"))
    assert (tmp_path / "intranet").resolve() != first
    assert not first.exists()


@pytest.mark.parametrize("broken", ["fullchain.pem", "privkey.pem"])
def test_half_a_certificate_is_none(tmp_path: Path, broken: str) -> None:
    host = certificate_host.Host(Commands(), tmp_path, tmp_path)
    host.apply(SelfSign(INTRANET, "there is none"))
    (tmp_path / "intranet" / broken).unlink()
    assert host.observe([INTRANET])["intranet"].linked is None


def test_what_is_no_certificate_is_none(tmp_path: Path) -> None:
    (tmp_path / "intranet").mkdir()
    (tmp_path / "intranet" / "fullchain.pem").write_text("rubbish")
    (tmp_path / "intranet" / "privkey.pem").write_text("rubbish")
    host = certificate_host.Host(Commands(), tmp_path, tmp_path)
    assert host.observe([INTRANET])["intranet"] == Have()


def test_the_live_certificate_is_linked_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate_certbot, "LETSENCRYPT", tmp_path / "letsencrypt")
    live = tmp_path / "letsencrypt" / "live"
    live.mkdir(parents=True)
    elsewhere = certificate_host.Host(Commands(), live, tmp_path)
    elsewhere.apply(SelfSign(NOTES, "it stands for certbot's"))
    folder = tmp_path / "tls"
    folder.mkdir()
    host = certificate_host.Host(Commands(), folder, tmp_path)
    host.apply(SelfSign(NOTES, "there is none"))
    placeholder = (folder / "notes").resolve()
    host.apply(Link(NOTES))
    have = host.observe([NOTES])["notes"]
    assert have.source == "certbot"
    assert have.linked == have.issued
    assert not placeholder.exists()


def test_only_a_certificate_that_is_replaced_is_kept_in_mind_for_revocation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(certificate_certbot, "CONDEMNED", tmp_path)
    certbot = certificate_certbot.Certbot(inspect.Tools(Commands()), tmp_path)
    with certbot.condemning("notes", "issued"):
        assert certificate_certbot.condemned("notes") == {"issued"}
    assert certificate_certbot.condemned("notes") == {"issued"}
    with (
        pytest.raises(UserError),
        certbot.condemning("notes", "newer"),
    ):
        raise UserError("a rate limit")
    assert certificate_certbot.condemned("notes") == {"issued"}


class Certbot(Commands):
    """Writes where certbot writes: beside what is left of a certificate of that name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        if argv[0] != "certbot":
            return super().run_command(argv, **options)
        taken = any(self.folder.glob("*/notes*"))
        live = self.folder / "live" / ("notes-0001" if taken else "notes")
        live.mkdir(parents=True)
        made = certificate_host.Host(Commands(), self.folder / "made", self.folder)
        made.apply(SelfSign(NOTES, "it stands for certbot's"))
        for file in (self.folder / "made" / "notes").iterdir():
            (live / file.name).write_bytes(file.read_bytes())
        return 0, "", ""


@pytest.mark.parametrize("left", ["live/notes", "archive/notes", "renewal/notes.conf"])
def test_what_a_killed_certbot_left_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    folder = tmp_path / "letsencrypt"
    monkeypatch.setattr(certificate_certbot, "LETSENCRYPT", folder)
    monkeypatch.setattr(certificate_certbot, "RECORD", tmp_path / "record")
    (folder / left).parent.mkdir(parents=True)
    (folder / left).touch() if left.endswith(".conf") else (folder / left).mkdir()
    host = certificate_host.Host(Certbot(folder), tmp_path / "tls", tmp_path)
    host.apply(SelfSign(NOTES, "there is none"))
    host.apply(Issue(NOTES, "there is none"))
    have = host.observe([NOTES])["notes"]
    assert have.source == "certbot"
    assert have.linked is not None


def test_text_of_openssl_is_read() -> None:
    text = (
        "notBefore=Nov 21 09:36:18 2026 GMT\nnotAfter=Feb 19 09:36:17 2027 GMT\n"
        "X509v3 Subject Alternative Name: critical\n"
        "    DNS:a.example.org, IP Address:2001:DB8:0:0:0:0:0:1\n"
    )
    found = openssl.parse_certificate(text, "f")
    assert found.names == {"a.example.org", "2001:db8::1"}
    assert round((found.end - found.start) / DAY) == 90
    with pytest.raises(KeyError):
        openssl.parse_certificate("rubbish", "f")


def test_the_subject_fits_however_long_the_names_are() -> None:
    """A common name has 64 characters at most (RFC 5280, appendix A.1)."""
    assert "CN = notes\n" in openssl.openssl_config("notes", ["a" * 100 + ".example.org"])

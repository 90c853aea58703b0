# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said to ``openssl``, and what it says.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass

BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
DESCRIBE = ("-noout", "-subject", "-issuer", "-dates", "-ext", "subjectAltName", "-pubkey")


@dataclass(frozen=True)
class Certificate:
    """A certificate: its names, from when to when it is valid (Unix time), and its SHA-256.

    ``subject``, ``issuer`` and ``key`` (the public one) are as openssl writes them.
    """

    names: frozenset[str]
    start: float
    end: float
    fingerprint: str
    subject: str = ""
    issuer: str = ""
    key: str = ""


def is_address(domain: str) -> bool:
    """Whether it is an IP address instead of a name."""
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return False
    return True


def openssl_config(name: str, domains: Iterable[str]) -> str:
    """The configuration of ``openssl req -x509`` for a site's self-signed certificate."""
    names = ",".join(f"{'IP' if is_address(domain) else 'DNS'}:{domain}" for domain in domains)
    return (
        "[req]\nprompt = no\ndistinguished_name = subject\nx509_extensions = extensions\n"
        f"[subject]\nCN = {name}\n"
        "[extensions]\nbasicConstraints = critical,CA:FALSE\n"
        "keyUsage = critical,digitalSignature\nextendedKeyUsage = serverAuth\n"
        f"subjectAltName = {names}\n"
    )


def blocks(pem: str, kind: str) -> list[str]:
    """The parts of a PEM text whose label ends so, such as ``CERTIFICATE`` or ``PRIVATE KEY``."""
    return [f"{part[0]}\n" for part in BLOCK.finditer(pem) if part[1].endswith(kind)]


def parse_certificate(text: str, fingerprint: str) -> Certificate:
    """A certificate out of ``openssl x509`` with the arguments ``DESCRIBE``.

    Raises ``ValueError`` or ``KeyError`` where the text is something else.
    """
    fields = dict(re.findall(r"^(notBefore|notAfter|subject|issuer)=(.*)$", text, re.MULTILINE))
    names = re.findall(r"DNS:([^,\s]+)", text)
    addresses = re.findall(r"IP Address:([^,\s]+)", text)
    return Certificate(
        names=frozenset([*names, *(str(ipaddress.ip_address(one)) for one in addresses)]),
        start=float(ssl.cert_time_to_seconds(fields["notBefore"])),
        end=float(ssl.cert_time_to_seconds(fields["notAfter"])),
        fingerprint=fingerprint,
        subject=fields.get("subject", "").strip(),
        issuer=fields.get("issuer", "").strip(),
        key="".join(blocks(text, "PUBLIC KEY")).strip(),
    )

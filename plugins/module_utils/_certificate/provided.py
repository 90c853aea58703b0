# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be right of a certificate that the user provides, before nginx sees it.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.pyhost.flask.plugins.module_utils._core import openssl
from ansible_collections.pyhost.flask.plugins.module_utils._core.openssl import Certificate

from .plan import SOON, Files


@dataclass(frozen=True)
class Read:
    """What openssl has found in the files.

    ``chain`` are the certificates in their order, None for what is none. ``key`` is the public key
    that belongs to the private one, empty where it is none. ``signed`` says for each certificate
    whether the next one's key has signed it. ``trusted`` says whether the host's own list of
    authorities completes the chain.
    """

    chain: Sequence[Certificate | None]
    key: str
    signed: Sequence[bool]
    trusted: bool


def mistakes_in_text(files: Files) -> list[str]:
    """What can be seen without openssl: that the files are what they should be."""
    if files.problem:
        return [files.problem]
    found = []
    if not openssl.blocks(files.chain, "CERTIFICATE"):
        other = "; it holds a key" if openssl.blocks(files.chain, "PRIVATE KEY") else ""
        found.append(
            f"{files.chain_file}: holds no certificate in PEM"
            f" (-----BEGIN CERTIFICATE-----){other}; give the site's certificate, followed by those"
            " of the authorities in between"
        )
    keys = openssl.blocks(files.key, "PRIVATE KEY")
    if len(keys) != 1:
        how_many = "no private key" if not keys else f"{len(keys)} private keys"
        found.append(
            f"{files.key_file}: holds {how_many} in PEM (-----BEGIN PRIVATE KEY-----); give the one"
            " that belongs to the certificate"
        )
    elif "ENCRYPTED" in keys[0]:
        found.append(
            f"{files.key_file}: is protected by a passphrase, and nobody is there to type it when"
            " nginx starts; 'openssl pkey -in FILE -out NEW' removes it"
        )
    return found


def mistakes(files: Files, read: Read, domains: Sequence[str], now: float) -> list[str]:
    """All that is wrong with the files for a site with these domains."""
    whole = [one for one in read.chain if one]
    if len(whole) < len(read.chain):
        number = list(read.chain).index(None) + 1
        return [f"{files.chain_file}: its certificate number {number} is damaged; copy it again"]
    found = [f"{files.key_file}: is not a key that openssl can read"] if not read.key else []
    if read.key and whole[0].key != read.key:
        return [*found, _wrong_key(files, whole, read.key)]
    found += _wrong_order(files, whole, read.signed)
    found += [
        text for number, one in enumerate(whole) for text in _wrong_dates(files, number, one, now)
    ]
    missing = [domain for domain in domains if not covers(whole[0].names, domain)]
    if missing:
        has = ", ".join(sorted(whole[0].names)) or "no name at all"
        found.append(
            f"{files.chain_file}: is not for {', '.join(missing)}; it is for {has}. Get one for all"
            " of the site's domains, or change the domains"
        )
    return found


def warnings(files: Files, read: Read, now: float) -> list[str]:
    """What is not wrong yet, or may be meant so."""
    whole = [one for one in read.chain if one]
    first = min(whole, key=lambda one: one.end)
    found = []
    if now <= first.end < now + SOON:
        found.append(
            f"{files.chain_file}: ends in {(first.end - now) / 86400:.0f} days, on"
            f" {_date(first.end)}; provide the next one before that"
        )
    if not read.trusted and whole[-1].subject != whole[-1].issuer:
        found.append(
            f"{files.chain_file}: this host knows no authority '{whole[-1].issuer}', which signed"
            " the last certificate of the file. If it is not one of your own, the certificates in"
            " between are missing, and browsers will refuse the site"
        )
    return found


def covers(names: frozenset[str], domain: str) -> bool:
    """Whether a certificate for ``names`` is good for the domain (RFC 9525, section 6.3): a
    wildcard stands for one label."""
    if domain in names or openssl.is_address(domain):
        return domain in names
    return f"*.{domain.partition('.')[2]}" in names


def _wrong_key(files: Files, chain: Sequence[Certificate], key: str) -> str:
    place = next((number for number, one in enumerate(chain, 1) if one.key == key), 0)
    if place:
        return (
            f"{files.chain_file}: is in the wrong order: the site's own certificate is number"
            f" {place}, and must come first"
        )
    return (
        f"{files.key_file}: does not belong to the certificate in {files.chain_file}; take the key"
        " that the certificate was asked for with"
    )


def _wrong_order(files: Files, chain: Sequence[Certificate], signed: Sequence[bool]) -> list[str]:
    for number, good in enumerate(signed, 1):
        if not good:
            return [
                f"{files.chain_file}: is in the wrong order, or one is missing: certificate"
                f" {number + 1} ({chain[number].subject}) did not sign certificate {number}"
                f" ({chain[number - 1].subject}), which is signed by '{chain[number - 1].issuer}'"
            ]
    return []


def _wrong_dates(files: Files, number: int, one: Certificate, now: float) -> list[str]:
    which = f"its certificate {number + 1} ({one.subject}) " if number else ""
    if one.end < now:
        return [f"{files.chain_file}: {which}has expired on {_date(one.end)}; provide a new one"]
    if one.start > now:
        return [
            f"{files.chain_file}: {which}is not valid before {_date(one.start)}; is the host's"
            " clock right?"
        ]
    return []


def _date(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(when))

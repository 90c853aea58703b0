# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._certificate import provided
from ansible_collections.pyhost.flask.plugins.module_utils._certificate.plan import DAY, Files
from ansible_collections.pyhost.flask.plugins.module_utils._certificate.provided import Read
from ansible_collections.pyhost.flask.plugins.module_utils._core.openssl import Certificate

NOW = 20_000 * DAY


def certificate(subject: str, issuer: str, left: float = 90, *names: str) -> Certificate:
    end = NOW + left * DAY
    return Certificate(frozenset(names), end - 100 * DAY, end, subject, subject, issuer, subject)


LEAF = certificate("leaf", "middle", 90, "notes.example.org")
MIDDLE = certificate("middle", "root")
ROOT = certificate("root", "root")
GOOD = Read([LEAF, MIDDLE], "leaf", [True], trusted=True)


def wrong(**changes: Any) -> list[str]:
    names = ["notes.example.org"]
    return provided.mistakes(Files("/chain", "/key"), replace(GOOD, **changes), names, NOW)


def test_good_files() -> None:
    assert wrong() == []
    assert provided.warnings(Files("/chain", "/key"), GOOD, NOW) == []


LATE = replace(LEAF, end=NOW - DAY)
EARLY = replace(LEAF, start=NOW + DAY)
OLD = replace(MIDDLE, end=NOW - DAY)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"chain": [LEAF, None]}, "/chain: its certificate number 2 is damaged"),
        ({"key": ""}, "/key: is not a key that openssl can read"),
        ({"key": "other"}, "/key: does not belong to the certificate in /chain"),
        ({"chain": [MIDDLE, LEAF]}, "wrong order: the site's own certificate is number 2"),
        ({"signed": [False]}, "certificate 2 (middle) did not sign certificate 1 (leaf)"),
        ({"chain": [LATE, MIDDLE]}, "/chain: has expired on 2024-10-03"),
        ({"chain": [EARLY, MIDDLE]}, "/chain: is not valid before 2024-10-05"),
        ({"chain": [LEAF, OLD]}, "/chain: its certificate 2 (middle) has expired on 2024-10-03"),
        (
            {"chain": [replace(LEAF, names=frozenset({"b.org", "a.org"})), MIDDLE]},
            "/chain: is not for notes.example.org; it is for a.org, b.org",
        ),
        ({"chain": [replace(LEAF, names=frozenset()), MIDDLE]}, "it is for no name at all"),
    ],
)
def test_a_mistake_names_its_file(changes: dict[str, Any], text: str) -> None:
    (found,) = wrong(**changes)
    assert text in found


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"
KEY = CERTIFICATE.replace("CERTIFICATE", "PRIVATE KEY")
LOCKED = KEY.replace("MII=", "Proc-Type: 4,ENCRYPTED\nMII=")


@pytest.mark.parametrize(
    ("chain", "key", "texts"),
    [
        (CERTIFICATE, KEY, []),
        (CERTIFICATE + KEY, CERTIFICATE + KEY, []),
        (CERTIFICATE, KEY.replace("PRIVATE", "RSA PRIVATE"), []),
        ("", KEY, ["/chain: holds no certificate in PEM"]),
        (KEY, KEY, ["it holds a key"]),
        (CERTIFICATE, CERTIFICATE, ["/key: holds no private key in PEM"]),
        (CERTIFICATE, KEY * 2, ["/key: holds 2 private keys"]),
        (CERTIFICATE, KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"), ["by a passphrase"]),
        (CERTIFICATE, LOCKED, ["by a passphrase"]),
        ("\x00\x01", "\x00", ["/chain: holds no", "/key: holds no"]),
    ],
)
def test_what_is_in_the_files(chain: str, key: str, texts: list[str]) -> None:
    found = provided.mistakes_in_text(Files("/chain", "/key", chain, key))
    assert len(found) == len(texts)
    for line, text in zip(found, texts, strict=True):
        assert text in line


def test_files_that_cannot_be_read() -> None:
    assert provided.mistakes_in_text(Files("/chain", "/key", problem="/key: no")) == ["/key: no"]


SOON = replace(LEAF, end=NOW + 9 * DAY)


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (replace(GOOD, chain=[SOON, MIDDLE]), "/chain: ends in 9 days, on 2024-10-13"),
        (replace(GOOD, trusted=False), "/chain: this host knows no authority 'root'"),
        (Read([ROOT], "root", [], trusted=False), None),
        (replace(GOOD, chain=[LEAF, MIDDLE, ROOT], trusted=False), None),
    ],
    ids=["ends soon", "incomplete, or of one's own", "self-signed", "with its root"],
)
def test_warnings(read: Read, text: str | None) -> None:
    found = provided.warnings(Files("/chain", "/key"), read, NOW)
    assert len(found) == bool(text)
    assert not text or text in found[0]


@pytest.mark.parametrize(
    ("name", "domain", "good"),
    [
        ("a.example.org", "a.example.org", True),
        ("*.example.org", "a.example.org", True),
        ("*.example.org", "*.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", "*.b.example.org", False),
        ("a.example.org", "*.example.org", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("*.0.2.1", "192.0.2.1", False),
    ],
)
def test_a_wildcard_stands_for_one_label(name: str, domain: str, good: bool) -> None:
    assert provided.covers(frozenset({name}), domain) is good

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._release.sources import package_facts
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    Facts,
)

ID = "9f8e7d6c5b4a-6a7b8c9d"
OURS = Facts("flask-notes", "1.2.0-1", "amd64", ("python3 (>= 3.11)", "libpq5"), "notes", ID)
# As `apt-cache show` prints them, newest first.
SHOWN = f"""\
Package: flask-notes
Version: 1:1.3~rc1-1.deb12
Architecture: amd64
Depends: python3 (>= 3.11), python3 (<< 3.12~), libpq5
Description: A pinboard
 Flask-App: no field, for it is a line of the text
Flask-App: notes
Flask-Release: {ID}

Package: flask-notes
Version: 1.2.0-2.deb12
Flask-App: notes
Flask-Release: ../../etc-6a7b8c9d

Package: flask-notes
Version: 1.2.0-1.deb12
"""


def test_what_apt_shows() -> None:
    newest, hostile, old = package_facts.debs(SHOWN)
    depends = ("python3 (>= 3.11)", "python3 (<< 3.12~)", "libpq5")
    assert newest == Facts("flask-notes", "1:1.3~rc1-1.deb12", "amd64", depends, "notes", ID)
    assert (hostile.app, hostile.release) == (old.app, old.release) == ("", "")
    assert old.depends == ()
    assert list(package_facts.debs("")) == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", "1:1.3~rc1-1.deb12"),
        ("1.3~rc1", "1:1.3~rc1-1.deb12"),
        ("1:1.3~rc1-1.deb12", "1:1.3~rc1-1.deb12"),
        ("1.2.0", "1.2.0-2.deb12"),
        ("1.2.0-1.deb12", "1.2.0-1.deb12"),
        ("1.2", ""),
        ("1.2.0-1", ""),
    ],
)
def test_the_version_that_is_asked_for(asked: str, found: str) -> None:
    facts = package_facts.wanted(list(package_facts.debs(SHOWN)), asked)
    assert (facts.version if facts else "") == found


def test_an_rpm_names_its_release_in_what_it_provides() -> None:
    provides = ["flask-notes = 1.2.0-1", package_facts.provides("notes", ID), "config(x) = 1"]
    requires = ["python3 >= 3.11", "rpmlib(CompressedFileNames) <= 3.0.4-1", "/bin/sh", "libpq"]
    found = package_facts.rpm("flask-notes", "1.2.0-1", "x86_64", provides, requires)
    assert (found.app, found.release, found.python) == ("notes", ID, "3.11")
    assert found.depends == ("python3 >= 3.11", "libpq")
    assert package_facts.rpm("curl", "8-1", "x86_64", ["curl = 8-1"], []).app == ""


@pytest.mark.parametrize(
    ("facts", "app", "says"),
    [
        (OURS, "notes", ""),
        (OURS, "blog", "flask-notes is a package of the app 'notes', and not of 'blog'"),
        (Facts("curl", "8-1", "amd64", ()), "notes", "curl is not a package with a release in it"),
    ],
)
def test_a_package_of_something_else(facts: Facts, app: str, says: str) -> None:
    found = package_facts.foreign(facts, app)
    assert says in found
    assert bool(says) == bool(found)


@pytest.mark.parametrize(
    ("arch", "machine", "python", "says"),
    [
        *((arch, "x86_64", "3.11", "") for arch in ("amd64", "x86_64", "all", "noarch")),
        ("arm64", "aarch64", "3.11", ""),
        ("arm64", "x86_64", "3.11", "is built for arm64, and the host is x86_64"),
        ("amd64", "aarch64", "3.11", "is built for amd64, and the host is aarch64"),
        ("amd64", "x86_64", "3.13", "with Python 3.11, and the host has 3.13; build it for the"),
    ],
)
def test_a_package_for_another_host(arch: str, machine: str, python: str, says: str) -> None:
    facts = Facts("flask-notes", "1.2.0-1", arch, OURS.depends, "notes", ID)
    found = package_facts.misfit(facts, machine, python)
    assert says in found
    assert bool(says) == bool(found)


def test_both_kinds_are_told_by_the_same_words() -> None:
    """What is written into a package is what is read from it."""
    for app, release in itertools.product(("notes", "my-app-2"), (ID, "v1.2-0123abcd")):
        text = "".join(f"{k}: {v}\n" for k, v in package_facts.fields(app, release).items())
        (deb,) = package_facts.debs(f"Package: x\n{text}")
        rpm = package_facts.rpm("x", "1", "", [package_facts.provides(app, release)], [])
        assert (deb.app, deb.release) == (rpm.app, rpm.release) == (app, release)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    Facts,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._package_file import read
from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import content

# Made by nfpm, as the role package calls it, with one file in them.
PACKAGES = Path(__file__).parent / "packages"
HELD = ("notes", "9f8e7d6c5b4a-6a7b8c9d")
KNOWN = {
    "notes.deb": Facts(
        "flask-notes",
        "2:1.2.0~rc1-1.deb12",
        "amd64",
        ("python3 (>= 3.11)", "python3 (<< 3.12~)"),
        *HELD,
    ),
    "notes.rpm": Facts(
        "flask-notes",
        "2:1.2.0~rc1-1.deb12",
        "x86_64",
        ("python3 >= 3.11", "python3 < 3.12", "libpq"),
        *HELD,
    ),
}


@pytest.mark.parametrize(("name", "facts"), KNOWN.items())
def test_a_package_says_what_is_in_it(name: str, facts: Facts) -> None:
    assert read(PACKAGES / name) == facts
    assert facts.python == "3.11"


@pytest.mark.parametrize("kind", ["deb", "rpm"])
def test_a_package_is_known_by_its_release(kind: str) -> None:
    path = PACKAGES / f"notes.{kind}"
    found = content({kind: str(path)})
    assert found
    assert (found.checksum, found.version) == (HELD[1], "2:1.2.0~rc1-1.deb12")
    assert found.pack(Path("/nowhere")) == path
    assert content({kind: "flask-notes=1.2.0"}) is None  # the host's part


@pytest.mark.parametrize(("name", "facts"), KNOWN.items())
def test_half_a_package_is_refused(name: str, facts: Facts, tmp_path: Path) -> None:
    whole = (PACKAGES / name).read_bytes()
    for size in (8, 100, 200, 300):
        (tmp_path / name).write_bytes(whole[:size])
        with pytest.raises(AnsibleActionFail, match="is damaged, or no package of ours"):
            read(tmp_path / name)


def test_another_file_is_no_package(tmp_path: Path) -> None:
    file = tmp_path / "notes.deb"
    file.write_text("<html>404</html>")
    with pytest.raises(AnsibleActionFail, match="is neither a deb nor an RPM"):
        read(file)

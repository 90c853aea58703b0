# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller knows of a source before anything is sent."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import content


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    (tmp_path / "notes.tar.gz").write_bytes(b"packed")
    return tmp_path / "notes.tar.gz"


def test_the_host_gets_what_only_the_controller_has(archive: Path) -> None:
    assert content({"git": "/srv/git/notes.git"}) is None
    assert content({"archive": "https://h/x.zip", "checksum": "sha256:1"}) is None
    found = content({"archive": str(archive)})
    assert found
    assert found.checksum == hashlib.sha256(b"packed").hexdigest()
    assert found.version == "notes.tar.gz"
    assert found.pack(Path("/nowhere")) == archive


def test_what_is_not_there_is_named(archive: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r"source\.archive: there is no /none on the con"):
        content({"archive": "/none"})
    with pytest.raises(AnsibleActionFail, match=r"is no file; a folder is a source\.path"):
        content({"archive": str(archive.parent)})


def test_a_checksum_is_compared(archive: Path) -> None:
    good = hashlib.sha256(b"packed").hexdigest()
    assert content({"archive": str(archive), "checksum": f"sha256:{good}"})
    with pytest.raises(
        AnsibleActionFail, match=f"has the checksum sha256:{good}, and not sha256:0"
    ):
        content({"archive": str(archive), "checksum": "sha256:0"})

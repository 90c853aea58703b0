# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import NotSent
from ansible_collections.pyhost.flask.plugins.module_utils._release.python.wheelhouse import (
    Wheelhouse,
)
from ansible_collections.pyhost.flask.plugins.plugin_utils._wheels import Wheels


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A wheelhouse of the controller."""
    folder = tmp_path / "controller"
    folder.mkdir()
    for name in ("a-1-py3-none-any.whl", "b-1.tar.gz", "README"):
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_only_what_the_host_has_not_got_is_sent(tmp_path: Path, mine: Path) -> None:
    wheels, there = Wheels(str(mine)), tmp_path / "host"
    with pytest.raises(NotSent) as needed:
        Wheelhouse(there, wheels.files).require()
    assert needed.value.wheels == ["a-1-py3-none-any.whl", "b-1.tar.gz"]
    packed = wheels.pack(needed.value.wheels, tmp_path)
    Wheelhouse(there, wheels.files, str(packed)).fill()
    Wheelhouse(there, wheels.files).require()

    (mine / "a-1-py3-none-any.whl").write_text("built anew", encoding="utf-8")
    (mine / "b-1.tar.gz").rename(mine / "b-2.tar.gz")
    linked = tmp_path / "of-check-mode"
    linked.hardlink_to(there / "a-1-py3-none-any.whl")
    wheels = Wheels(str(mine))
    found = Wheelhouse(there, wheels.files)
    assert found.lacking() == ["a-1-py3-none-any.whl", "b-2.tar.gz"]
    Wheelhouse(there, wheels.files, str(wheels.pack(found.lacking(), tmp_path))).fill()
    assert {path.name for path in there.iterdir()} == {"a-1-py3-none-any.whl", "b-2.tar.gz"}
    assert (there / "a-1-py3-none-any.whl").read_text(encoding="utf-8") == "built anew"
    assert linked.read_text(encoding="utf-8") == "a-1-py3-none-any.whl"


def test_what_was_sent_is_what_was_listed(tmp_path: Path, mine: Path) -> None:
    wheels = Wheels(str(mine))
    (mine / "b-1.tar.gz").write_text("built anew", encoding="utf-8")
    packed = wheels.pack(list(wheels.files), tmp_path)
    with pytest.raises(UserError, match=r"b-1.tar.gz has changed while it was sent"):
        Wheelhouse(tmp_path / "host", wheels.files, str(packed)).fill()


def test_a_wheelhouse_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no folder .*/none on the host"):
        Wheelhouse(tmp_path / "none").require()
    with pytest.raises(AnsibleActionFail, match=r"there is no folder .*/none on the controller"):
        Wheels(str(tmp_path / "none"))
    with pytest.raises(AnsibleActionFail, match="there is neither a wheel nor an sdist in"):
        Wheels(str(tmp_path))


def test_a_folder_of_the_host_is_only_read(tmp_path: Path) -> None:
    (tmp_path / "old.txt").touch()
    own = Wheelhouse(tmp_path)
    own.require()
    own.fill()
    assert (tmp_path / "old.txt").exists()
    assert own.variables() == {"UV_FIND_LINKS": str(tmp_path), "PIP_FIND_LINKS": str(tmp_path)}

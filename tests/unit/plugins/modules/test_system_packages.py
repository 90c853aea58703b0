# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.modules.system_packages import (
    COMPLETE,
    check,
    incomplete,
    missing,
    parse,
)

LISTING = """\
nginx 1.26.3-3+deb13u1 installed
git 1:2.47.3-0+deb13u1 installed
certbot 4.0.0-2 half-configured
vim 2:9.1.1230-2 config-files
"""


def test_only_what_is_whole_is_installed() -> None:
    assert parse(LISTING) == {"nginx": "1.26.3-3+deb13u1", "git": "1:2.47.3-0+deb13u1"}
    assert parse("") == {}


@pytest.mark.parametrize(
    ("names", "lacking"),
    [
        ([], []),
        (["nginx", "git"], []),
        (["nginx", "certbot", "vim"], ["certbot", "vim"]),
        (["unknown", "unknown"], ["unknown"]),
        (["nginx=1.26.3-3+deb13u1"], []),
        (["nginx=1.22"], ["nginx=1.22"]),
    ],
)
def test_missing(names: list[str], lacking: list[str]) -> None:
    installed = parse(LISTING)
    assert missing(names, installed) == lacking
    after = {**installed, **{name.split("=")[0]: name.partition("=")[2] for name in lacking}}
    assert missing(names, after) == []


def test_a_venv_is_incomplete_until_it_says_what_it_holds(tmp_path: Path) -> None:
    venvs = {str(tmp_path): "uv==2"}
    assert incomplete(venvs) == venvs
    (tmp_path / COMPLETE).write_text("uv==1")
    assert incomplete(venvs) == venvs
    (tmp_path / COMPLETE).write_text("uv==2")
    assert incomplete(venvs) == {}


@pytest.mark.parametrize(
    "params",
    [
        {"name": ["--purge"]},
        {"services": [" "]},
        {"venvs": {"/opt/uv": "uv"}},
        {"venvs": {"/opt/uv": "uv==1 --index-url=x"}},
        {"venvs": {"opt/uv": "uv==1"}},
    ],
)
def test_what_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        check({"name": [], "services": [], "without_systemd": [], "venvs": {}, **params})

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.modules.secret import keep, make, read


def test_a_secret_is_random_and_only_root_reads_it(tmp_path: Path) -> None:
    one, two = make(tmp_path, "one"), make(tmp_path, "two")
    assert re.fullmatch(r"[0-9a-f]{64}", one)
    assert one != two
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one", "two"]


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    assert read(tmp_path, "one") is None
    first = make(tmp_path, "one")
    assert make(tmp_path, "one") == read(tmp_path, "one") == first


def test_hosts_that_ask_at_the_same_moment_get_the_same_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: make(tmp_path, "one"), range(64)))
    assert len(found) == 1


def test_a_given_secret_replaces_what_was_kept(tmp_path: Path) -> None:
    make(tmp_path, "one")
    keep(tmp_path, "one", "given")
    assert read(tmp_path, "one") == "given"
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["one"]

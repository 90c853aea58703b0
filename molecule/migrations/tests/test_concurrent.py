"""Two migrations of one database at the same moment, as from two hosts of an app."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.molecule.migrations.tests.conftest import Source


testinfra_hosts = ["ansible://flask"]

CONCURRENT = str(Path(__file__).parents[1] / "concurrent.yml")


@pytest.mark.parametrize("name", ["notes", "notes-sqlite", "notes-pg"])
def test_each_migration_runs_once(
    play: Callable[..., tuple[int, str]], name: str, source: Source
) -> None:
    # Before the two migrations that test_behind has deployed, of which the first takes a while.
    before = f"{int(source.head) - 2:04}"
    status, said = play(CONCURRENT, app=name, to=before)
    assert status == 0, said

"""Two migrations of one database at the same moment, as from two hosts of an app."""

from pathlib import Path

import pytest

testinfra_hosts = ["ansible://flask"]

TOGETHER = str(Path(__file__).parents[1] / "together.yml")


@pytest.mark.parametrize("name", ["notes", "notes-sqlite", "notes-pg"])
def test_each_migration_runs_once(play, host, name, source):
    before = f"{int(source.head) - 2:04}"
    status, said = play(TOGETHER, app=name, to=before)
    assert status == 0, said

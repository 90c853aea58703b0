"""What is refused, and what a migration that fails half-way leaves behind and says."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.host import Host

if TYPE_CHECKING:
    from ansible_collections.pyhost.flask.molecule.migrations.tests.conftest import Source


testinfra_hosts = ["ansible://flask"]

COLUMNS = {
    "notes": "mariadb notes -Ne 'SHOW COLUMNS FROM notes' | cut -f1",
    "notes-sqlite": "python3 -c 'import sqlite3; db = sqlite3.connect("
    '"file:/srv/notes-sqlite/shared/notes-sqlite.db?mode=ro", uri=True); '
    'print(*[row[1] for row in db.execute("PRAGMA table_info(notes)")], sep="\\n")\'',
    "notes-pg": "runuser -u postgres -- psql -tA notes -c"
    " \"SELECT column_name FROM information_schema.columns WHERE table_name = 'notes'\"",
}
LEFT_BEHIND = [
    ("notes", True, "MySQL and MariaDB cannot take back a change of tables"),
    ("notes-sqlite", True, "SQLite cannot take back a change of tables"),
    ("notes-pg", False, "The database took it back as a whole"),
]


def add(name: str) -> str:
    return f'op.add_column("notes", sa.Column("{name}", sa.Integer()))'


def columns(host: Host, name: str) -> list[str]:
    return host.check_output(COLUMNS[name]).split()


@pytest.fixture(scope="module")
def forked(source: Source) -> str:
    """Publish two migrations that both follow the newest one."""
    parent = source.head
    for side in ("left", "right"):
        name = f"{side}_{parent}"
        source.migrate(f"Add {side}", add(name), f'op.drop_column("notes", "{name}")', parent)
    source.publish()
    return source.head


@pytest.fixture(scope="module")
def broken(source: Source, forked: str) -> str:
    """Publish a migration that joins them, and fails after it has added a column."""
    parents = (f"{int(forked) - 1:04}", forked)
    column = f"half_{forked}"
    up = f'{add(column)}\nop.execute("SELECT nonsense")'
    source.migrate("Join them", up, f'op.drop_column("notes", "{column}")', *parents)
    source.publish()
    return source.head


@pytest.mark.parametrize("options", [["--check"], []])
def test_several_heads_are_refused(
    forked: str,
    play: Callable[..., tuple[int, str]],
    app_of: Callable[[str], App],
    options: list[str],
) -> None:
    live = app_of("notes").release
    status, said = play("pyhost.flask.deploy", *options, only=["notes"])
    said = " ".join(said.split())
    assert status != 0
    assert "migrations have 2 heads" in said
    assert "`flask db merge heads`" in said
    assert app_of("notes").release == live


@pytest.mark.parametrize(("name", "half_applied", "words"), LEFT_BEHIND)
def test_failure_is_explained_and_its_dump_helps(
    broken: str,
    play: Callable[..., tuple[int, str]],
    host: Host,
    app_of: Callable[[str], App],
    name: str,
    half_applied: bool,
    words: str,
) -> None:
    before = columns(host, name)
    status, said = play("pyhost.flask.deploy", only=[name])
    assert status != 0
    assert f"failed at {broken} (Join them)" in " ".join(said.split())
    assert words in " ".join(said.split())
    assert any(column.startswith("half_") for column in columns(host, name)) == half_applied
    command = re.search(r"stop the app, and run\n +(.+)", said)
    assert command, said
    unit = app_of(name).unit
    host.check_output("systemctl stop %s", unit)
    host.check_output(command[1])
    host.check_output("systemctl start %s", unit)
    assert columns(host, name) == before


def test_corrected_migration_is_deployed(
    broken: str, source: Source, play: Callable[..., tuple[int, str]], host: Host
) -> None:
    file = source.folder / f"migrations/versions/{broken}_new.py"
    file.write_text(file.read_text().replace('op.execute("SELECT nonsense")', "pass"))
    source.publish()
    status, said = play("pyhost.flask.deploy")
    assert status == 0, said
    for name in COLUMNS:
        assert f"half_{int(broken) - 1:04}" in columns(host, name)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import plan
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.plan import Have, Revision

LINE = (Revision("a1"), Revision("b2", needs=("a1",)), Revision("c3", needs=("b2",)))
FORK = (*LINE, Revision("d4", needs=("b2",)))
JOIN = (*FORK, Revision("e5", needs=("c3", "d4")))
NOTHING = Have((), ())


def line(*current: str) -> Have:
    return Have(LINE, ("c3",), current)


def fork(*current: str) -> Have:
    return Have(FORK, ("c3", "d4"), current)


def join(*current: str) -> Have:
    return Have(JOIN, ("e5",), current)


# have, revision wanted, downgrade allowed, direction, steps, the database's revisions after them
PLANS = [
    (NOTHING, "heads", False, "upgrade", "", ()),
    (line(), "heads", False, "upgrade", "a1 b2 c3", ("c3",)),
    (line("a1"), "heads", False, "upgrade", "b2 c3", ("c3",)),
    (line("c3"), "heads", False, "upgrade", "", ("c3",)),
    (line("c3"), "heads", True, "upgrade", "", ("c3",)),
    (line(), "b2", False, "upgrade", "a1 b2", ("b2",)),
    (line("a1"), "b", False, "upgrade", "b2", ("b2",)),
    (line("b2"), "b2", False, "upgrade", "", ("b2",)),
    (line("a1"), "b2", True, "upgrade", "b2", ("b2",)),
    (line("c3"), "a1", True, "downgrade", "c3 b2", ("a1",)),
    (line("c3"), "base", True, "downgrade", "c3 b2 a1", ()),
    (line(), "base", False, "upgrade", "", ()),
    (line(), "base", True, "upgrade", "", ()),
    (fork("b2"), "d4", False, "upgrade", "d4", ("d4",)),
    (fork("c3"), "d4", False, "upgrade", "d4", ("c3", "d4")),
    (fork("c3", "d4"), "d4", True, "upgrade", "", ("c3", "d4")),
    (join("b2"), "heads", False, "upgrade", "c3 d4 e5", ("e5",)),
    (join("c3", "d4"), "heads", False, "upgrade", "e5", ("e5",)),
    (join("e5"), "b2", True, "downgrade", "e5 d4 c3", ("b2",)),
]


@pytest.mark.parametrize(("have", "wanted", "downgrade", "direction", "steps", "after"), PLANS)
def test_plan(
    have: Have, wanted: str, downgrade: bool, direction: str, steps: str, after: tuple[str, ...]
) -> None:
    todo = plan.plan(have, wanted, downgrade)
    assert [step.revision for step in todo.steps] == steps.split()
    assert todo.direction == direction
    assert plan.plan(replace(have, current=after), wanted, downgrade).steps == ()


REFUSED = [
    (line("zz"), "heads", False, "revision zz, which this release does not know"),
    (line("zz"), "heads", True, "Deploy a release that has it"),
    (line("c3"), "a1", False, "going back to a1 reverts c3, b2"),
    (line("c3"), "base", False, "downgrade: true"),
    (fork("a1"), "heads", False, r"2 heads \(c3, d4\).*flask db merge heads"),
    (line("a1"), "zz", False, "'zz' is none of this release's"),
    (replace(line(), revisions=(*LINE, Revision("bb"))), "b", False, "'b' stands for b2, bb"),
]


@pytest.mark.parametrize(("have", "wanted", "downgrade", "message"), REFUSED)
def test_what_the_user_has_to_decide_is_refused(
    have: Have, wanted: str, downgrade: bool, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        plan.plan(have, wanted, downgrade)


def test_what_is_done_is_what_the_database_says() -> None:
    up, down = plan.plan(line(), "heads", False), plan.plan(line("c3"), "base", True)
    assert plan.done(line(), up, ["b2"]) == ["a1", "b2"]
    assert plan.done(line(), up, []) == []
    assert plan.done(line("c3"), down, ["b2"]) == ["c3"]
    assert plan.done(line("c3"), down, ["c3"]) == []


def test_a_failure_says_whether_the_database_is_half_changed() -> None:
    half = replace(line(), transactional=False, databases=({"kind": "mysql"},))
    assert "b2 went well before" in plan.aftermath(half, ["a1", "b2"])
    assert "MySQL and MariaDB cannot take back" in plan.aftermath(half, [])
    assert "took it back as a whole" in plan.aftermath(line(), [])


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["migrations/env.py", "migrations/script.py.mako"], True),
        (["migrations/env.py", "migrations/versions/1.py"], True),
        (["src/notes/migrations/env.py", "src/notes/migrations/script.py.mako"], True),
        (["app.py", "env.py"], False),
        ([".venv/lib/flask/env.py", ".venv/lib/flask/script.py.mako"], False),
        ([], False),
    ],
)
def test_migrations_are_found_by_their_files(
    tmp_path_factory: pytest.TempPathFactory, files: list[str], found: bool
) -> None:
    folder = tmp_path_factory.mktemp("app")
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    assert plan.has_scripts(str(folder)) is found


@pytest.mark.parametrize("file", ["db/env.py", "db/alembic.ini"])
def test_a_folder_without_migrations_is_refused(tmp_path: Path, file: str) -> None:
    with pytest.raises(UserError, match=r"no migrations in .*/db: .*migrations\.folder"):
        plan.has_scripts(str(tmp_path), "db")
    (tmp_path / file).parent.mkdir()
    (tmp_path / file).touch()
    assert plan.has_scripts(str(tmp_path), "db")

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may import whom. docs/architecture.md has the same table, and says what is in each room."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.tests.unit import imports

UTILS = imports.PLUGINS / "module_utils"
APP = "plugin_utils/_app"
RELEASE = {"_release/base", "_release/python", "_release/sources"}
BELOW_PACKAGE = {
    *("_core", "_dump", "_deploy_lock", "_migrate", "_reload", "_release", "_backup"),
    *("_config_set", "_certificate", "_database"),
    *RELEASE,
}
MAY_IMPORT: dict[str, set[str]] = {
    "_core": set(),
    "_config_set": {"_core"},
    "_certificate": {"_core"},
    "_database": {"_core"},
    "_deploy_lock": {"_core"},
    "_dump": {"_core", "_database"},
    "_migrate": {"_core", "_dump", "_deploy_lock"},
    "_reload": {"_core", "_deploy_lock"},
    "_release/base": {"_core"},
    "_release/python": {"_core", "_release/base"},
    "_release/sources": {"_core", "_release/base", "_release/python"},
    "_release": {"_core", "_deploy_lock", "_migrate", *RELEASE},
    "_backup": {"_core", "_dump", "_deploy_lock", "_migrate", "_reload", "_release/base"},
    "_package": BELOW_PACKAGE,
    APP: {"_core", "_deploy_lock", "_release/python", "_release/sources"},
}


def room(file: Path) -> str:
    """The room that a file is in."""
    folder = file.parent.relative_to(imports.PLUGINS).as_posix()
    return folder.removeprefix("module_utils/")


def files() -> list[Path]:
    return sorted([*UTILS.rglob("*.py"), *(imports.PLUGINS / APP).rglob("*.py")])


def forbidden(file: Path) -> Iterator[str]:
    """The imports of a file that the table does not allow."""
    own = room(file)
    for other in sorted(imports.imported_by(file)):
        if room(other) != own and room(other) not in MAY_IMPORT[own]:
            yield f"{own}/{file.name} imports {room(other)}/{other.name}"


def test_each_room_is_in_the_table() -> None:
    assert {room(file) for file in files()} == set(MAY_IMPORT)


def test_no_file_imports_what_its_room_may_not() -> None:
    assert [line for file in files() for line in forbidden(file)] == []


@pytest.mark.parametrize(
    "line",
    [
        "from ansible_collections.pyhost.flask.plugins.module_utils._reload import plan",
        "from ansible_collections.pyhost.flask.plugins.module_utils._reload.plan import Want",
        "import ansible_collections.pyhost.flask.plugins.module_utils._reload.plan",
        "def lazy():\n    from .._reload import plan",
        "if TYPE_CHECKING:\n    from .._reload.plan import Want",
    ],
)
def test_a_forbidden_import_is_found_however_it_is_written(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module_utils/_core").mkdir(parents=True)
    (tmp_path / "module_utils/_reload").mkdir()
    (tmp_path / "module_utils/_reload/plan.py").touch()
    file = tmp_path / "module_utils/_core/new.py"
    file.write_text(line)
    monkeypatch.setattr(imports, "PLUGINS", tmp_path)
    assert list(forbidden(file)) == ["_core/new.py imports _reload/plan.py"]


def test_no_circle() -> None:
    graph = {str(file): {str(other) for other in imports.imported_by(file)} for file in files()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(Path(file).name for file in error.args[1]))


def test_all_shared_code_is_in_a_room() -> None:
    assert list(UTILS.glob("*.py")) == []

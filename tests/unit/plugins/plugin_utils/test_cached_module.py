"""Modules that run from code that a host keeps: both halves, by the files that Ansible sends."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible.executor import module_common
from ansible.module_utils.common.parameters import PASS_VARS
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.pyhost.flask.plugins.plugin_utils import _cached_module
from ansible_collections.pyhost.flask.tests.unit import examples

STUB = _cached_module.PLUGINS / "modules/run_cached.py"
FILES = _cached_module.read()
DIGEST = _cached_module.digest(FILES)
PACKED = _cached_module.packed(FILES)
ODD = r"""''' "" \ \" { ü 🍅 {{ x }}""" + '"""\n'


def sent(tmp_path: Path, folder: Path, code: str = "", **arguments: Any) -> dict[str, Any]:
    """What a host without any release answers to release_info; it may be sent the code first."""
    request = {"module": "release_info", "folder": str(folder), "_ansible_check_mode": True}
    migration = {**examples.app()["migration"], "root": "/nowhere"}
    request["arguments"] = {"migration": migration, **arguments}
    if "inject_invocation" in PASS_VARS:  # since ansible-core 2.21 modules return it on demand
        request["_ansible_inject_invocation"] = True
    packed = STUB.read_bytes().replace(
        module_common.REPLACER_JSONARGS, json.dumps({**request, "code": code}).encode()
    )
    (tmp_path / "sent.py").write_bytes(packed)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "sent.py")], capture_output=True, text=True, check=False
    )
    assert not done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_ansible_packs_nothing_with_it() -> None:
    """Else Ansible would take it for a module of the usual kind."""
    content = STUB.read_bytes()
    assert content.count(module_common.REPLACER_JSONARGS) == 1
    assert not module_common.NEW_STYLE_PYTHON_MODULE_RE.search(content)


def test_code_is_sent_once_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "run/code" / DIGEST
    assert sent(tmp_path, folder) == {"code_missing": True}
    first = sent(tmp_path, folder, PACKED)
    assert "no release was live" in first["msg"]
    assert sent(tmp_path, folder) == first
    for parent in (tmp_path / "run", tmp_path / "run/code"):
        assert parent.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "run/code").iterdir()) == [folder]
    assert list(folder.rglob("store.*.pyc")), "the host would compile it in each task"


def test_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "code" / DIGEST
    found = sent(tmp_path, folder, PACKED, release=ODD)
    assert found["invocation"]["module_args"]["release"] == ODD


def test_code_that_another_play_has_brought_meanwhile_serves(tmp_path: Path) -> None:
    folder = tmp_path / "code" / DIGEST
    sent(tmp_path, folder, PACKED)
    assert "no release was live" in sent(tmp_path, folder, PACKED)["msg"]
    assert list((tmp_path / "code").iterdir()) == [folder]


def test_code_that_is_not_used_any_more_goes(tmp_path: Path) -> None:
    old, used = tmp_path / "code/old", tmp_path / "code/used"
    for folder in (old, used):
        folder.mkdir(parents=True)
    yesterday = time.time() - 25 * 3600
    os.utime(old, (yesterday, yesterday))
    folder = tmp_path / "code" / DIGEST
    sent(tmp_path, folder, PACKED)
    assert set((tmp_path / "code").iterdir()) == {used, folder}
    os.utime(folder, (yesterday, yesterday))
    sent(tmp_path, folder)
    assert folder.stat().st_mtime > yesterday


def test_where_nothing_can_be_kept_nothing_is_done(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert sent(tmp_path, tmp_path / "file" / DIGEST, PACKED) == {"code_missing": True}


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files.pop("ansible/module_utils/basic.py"),
        lambda files: files.update({"new.py": b""}),
        lambda files: files.update({"ansible/__init__.py": b"#"}),
    ],
)
def test_other_code_has_another_digest(change: Any) -> None:
    files = dict(FILES)
    change(files)
    assert _cached_module.digest(files) != DIGEST


def test_digest_is_the_same_everywhere() -> None:
    assert _cached_module.digest(dict(reversed(FILES.items()))) == DIGEST
    assert not [place for place in FILES if re.search(r"__pycache__|^/|\.\.", place)]


@pytest.mark.parametrize(
    ("answers", "check_mode", "run"),
    [
        ([{"changed": False}], False, ["run_cached"]),
        (
            [{"code_missing": True}, {"changed": True}],
            False,
            ["run_cached", "run_cached with code"],
        ),
        (
            [{"code_missing": True}] * 2 + [{}],
            False,
            ["run_cached", "run_cached with code", "packages"],
        ),
        # Check mode leaves nothing on the host.
        ([{"code_missing": True}, {}], True, ["run_cached", "packages"]),
        ([{"changed": False}], True, ["run_cached"]),
    ],
)
def test_what_is_run(answers: list[dict[str, Any]], check_mode: bool, run: list[str]) -> None:
    class Packages(_cached_module.CachedModule):
        name = "packages"

    action = Packages(MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock(), MagicMock())
    action._task.check_mode = check_mode
    action._task.args = {"name": ["nginx"]}
    action._execute_module = MagicMock(side_effect=answers)
    assert action._act({}) == answers[-1]
    seen = []
    for call in action._execute_module.call_args_list:
        arguments = call.kwargs["module_args"]
        assert arguments.get("arguments", arguments) == {"name": ["nginx"]}
        name = call.kwargs["module_name"].removeprefix("pyhost.flask.")
        seen.append(name + (" with code" if "code" in arguments else ""))
    assert seen == run


@pytest.mark.parametrize(
    ("way", "variables", "pipelines"),
    [
        ("ssh", {}, True),
        ("ssh", {"ansible_pipelining": False}, False),
        ("ssh", {"ansible_ssh_pipelining": True}, True),
        ("local", {}, True),
        ("local", {"ansible_pipelining": False}, False),
    ],
)
def test_who_says_nothing_gets_pipelining(
    way: str, variables: dict[str, Any], pipelines: bool
) -> None:
    connection = connection_loader.get(way, PlayContext(), None)
    connection.set_options(var_options=variables)
    mocks = [MagicMock() for _number in range(4)]
    action = _cached_module.CachedModule(MagicMock(), connection, *mocks)
    action._pipeline(variables)
    assert connection.get_option("pipelining") is pipelines

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller renders, and what it sends."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.pyhost.flask.plugins.action.config_set import ActionModule
from ansible_collections.pyhost.flask.plugins.module_utils._config_set import fingerprint
from ansible_collections.pyhost.flask.plugins.module_utils._core import payload


def made(base: Path, *files: dict[str, Any], **variables: Any) -> tuple[Any, dict[str, Any]]:
    """The action for these entries, and the variables for its run."""
    loader = DataLoader()
    loader.set_basedir(str(base))
    task_vars = {"ansible_search_path": [str(base)], **variables}
    task = MagicMock(async_val=0, args={"name": "test", "files": list(files)})
    task.get_search_path.return_value = [str(base)]
    templar = Templar(loader, variables=task_vars)
    action: Any = ActionModule(task, MagicMock(), MagicMock(), loader, templar, MagicMock())
    action._load_name = "pyhost.flask.config_set"
    action._pipeline = MagicMock()
    action._run_module = MagicMock()
    action._low_level_execute_command = MagicMock(return_value={"stdout": ""})
    return action, task_vars


def sent(base: Path, *files: dict[str, Any], **variables: Any) -> dict[str, Any]:
    """The arguments that the module gets for these entries."""
    action, task_vars = made(base, *files, **variables)
    action.run(task_vars=task_vars)
    action._run_module.assert_called_once()
    return action._run_module.call_args.args[0]


def content(base: Path, entry: dict[str, Any], **variables: Any) -> str:
    args = sent(base, {"dest": "/etc/a", **entry}, **variables)
    return payload.unpack(args["_contents"])["/etc/a"].decode()


def rendered(base: Path, template: str, entry: dict[str, Any], **variables: Any) -> str:
    (base / "templates").mkdir(exist_ok=True)
    (base / "templates" / "a.j2").write_text(template)
    return content(base, {"template": "a.j2", **entry}, **variables)


@pytest.mark.parametrize(
    ("template", "entry", "variables", "expected"),
    [
        ("{{ x }}\n", {}, {"x": "task"}, "task\n"),
        ("{{ x }}\n", {"vars": {"x": "entry"}}, {"x": "task"}, "entry\n"),
        ("{{ app.domains[0] }}\n", {"vars": {"app": {"domains": ["a.b"]}}}, {}, "a.b\n"),
        ("{% if true %}\nx\n{% endif %}\n\n", {}, {}, "x\n\n"),
        ("{{ ansible_managed }}", {}, {}, "Ansible managed"),
        ("{{ ansible_managed }}", {}, {"ansible_managed": "mine"}, "mine"),
        ('{"a": {{ x }}}\n', {}, {"x": 1}, '{"a": 1}\n'),
        ("{{ x }}\n", {"vars": {"x": "{{ 6 * 7 }}"}}, {}, "{{ 6 * 7 }}\n"),
        ("{% include 'part.j2' %}", {"vars": {"x": "deep"}}, {}, "part deep"),
        ("", {}, {}, ""),
    ],
)
def test_templates_are_rendered_as_by_template(
    tmp_path: Path, template: str, entry: dict[str, Any], variables: dict[str, Any], expected: str
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "part.j2").write_text("part {{ x }}")
    assert rendered(tmp_path, template, entry, **variables) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [("text ü\n", "text ü\n"), ("", ""), ({"a": [1]}, '{"a": [1]}'), (5, "5")],
)
def test_contents_are_sent_as_they_are(tmp_path: Path, given: Any, expected: str) -> None:
    assert content(tmp_path, {"content": given}) == expected


def test_files_are_sent_byte_by_byte(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a").write_bytes(bytes(range(256)))
    args = sent(tmp_path, {"dest": "/etc/a", "src": "a"})
    assert payload.unpack(args["_contents"]) == {"/etc/a": bytes(range(256))}


def test_no_argument_but_the_hidden_one_holds_a_content(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.j2").write_text("{{ key }}")
    args = sent(
        tmp_path,
        {"dest": "/etc/a", "template": "a.j2", "vars": {"key": "hunter2"}},
        {"dest": "/etc/b", "content": "hunter2"},
    )
    packed = args.pop("_contents")
    assert "hunter2" not in str(args)
    assert payload.unpack(packed) == {"/etc/a": b"hunter2", "/etc/b": b"hunter2"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"template": "none.j2"}, "/etc/a: none.j2: "),
        ({"src": "none"}, "/etc/a: none: "),
        ({"contnt": "x"}, "files.contnt"),
        ({"state": "fil"}, "state"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleActionFail, match=message):
        sent(tmp_path, {"dest": "/etc/a", **entry})


def test_an_undefined_variable_is_named_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail, match=r"/etc/a: a\.j2: .*'nothing' is undefined"):
        rendered(tmp_path, "{{ nothing }}", {})


def test_what_has_not_changed_needs_no_module(tmp_path: Path) -> None:
    action, task_vars = made(tmp_path, {"dest": "/etc/a", "content": "hunter2"})
    action._low_level_execute_command.return_value = {"stdout": "same\n"}
    result = action.run(task_vars=task_vars)
    action._run_module.assert_not_called()
    assert not result["changed"]
    assert not result["applied"]
    assert result["unwanted"] == []
    # What is derived from contents is sent as input, which is shown nowhere.
    assert action._low_level_execute_command.call_args.args == ("sh -s",)


def test_without_pipelining_the_module_runs(tmp_path: Path) -> None:
    action, task_vars = made(tmp_path, {"dest": "/etc/a", "content": "x"})
    action._is_pipelining_enabled = MagicMock(return_value=False)
    action._low_level_execute_command.return_value = {"stdout": "same\n"}
    action.run(task_vars=task_vars)
    action._run_module.assert_called_once()


def rewrite(path: Path) -> None:
    """Another content of the same size, in place, with the old times."""
    times = path.stat()
    path.write_text("tex!")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def renew(path: Path) -> None:
    content = path.read_text()
    path.unlink()
    path.write_text(content)


def relink(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


@pytest.mark.parametrize(
    ("meddle", "seen"),
    [
        (lambda base: None, False),
        (lambda base: (base / "folder" / "another").touch(), False),
        (lambda base: (base / "file").read_text(), False),
        (lambda base: rewrite(base / "file"), True),
        (lambda base: renew(base / "file"), True),
        (lambda base: (base / "file").chmod(0o600), True),
        (lambda base: (base / "file").unlink(), True),
        (lambda base: relink(base / "link"), True),
        (lambda base: (base / "folder").chmod(0o700), True),
        (lambda base: (base / "folder").rmdir(), True),
        (lambda base: (base / "absent").touch(), True),
        (lambda base: (base / "test.json").write_text("{}"), True),
    ],
)
def test_whoever_meddles_with_a_set_leaves_a_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meddle: Callable[[Path], Any], seen: bool
) -> None:
    monkeypatch.setattr(fingerprint, "FOLDER", str(tmp_path))
    (tmp_path / "test.json").touch()
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "folder").mkdir()
    states = {"file": "file", "link": "link", "folder": "directory", "absent": "absent"}
    files = [{"dest": f"{tmp_path}/{name}", "state": state} for name, state in states.items()]
    args = {"name": "test", "files": files, "services": [], "users": [{"name": "root"}]}
    before = shown(fingerprint.function(args, {}, "code"))
    meddle(tmp_path)
    assert (shown(fingerprint.function(args, {}, "code")) != before) == seen


def test_other_options_and_contents_have_another_fingerprint() -> None:
    args = {"name": "test", "files": [], "services": [], "users": []}
    texts = [
        fingerprint.function(args, {}, "code"),
        fingerprint.function({**args, "apply": [["true"]]}, {}, "code"),
        fingerprint.function(args, {"/etc/a": b"a"}, "code"),
        fingerprint.function(args, {"/etc/a": b"b"}, "code"),
        fingerprint.function(args, {"/etc/b": b"b"}, "code"),
    ]
    assert len({shown(text) for text in texts}) == len(texts)
    assert fingerprint.function({**args, "needs_site": True}, {}, "code") == texts[0]


def shown(written: str) -> str:
    """What a shell prints for it."""
    return subprocess.run(
        ["sh", "-s"], input=f"{written}fingerprint", text=True, capture_output=True, check=False
    ).stdout

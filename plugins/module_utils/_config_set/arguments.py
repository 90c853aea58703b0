# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of config_set, and the files that they ask for."""

from __future__ import annotations

import os
import re
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from .plan import Node

SPEC: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "files": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "dest": {"type": "path", "required": True},
            "state": {
                "type": "str",
                "choices": ["file", "directory", "link", "absent"],
                "default": "file",
            },
            "template": {"type": "path"},
            "vars": {"type": "dict", "default": {}},
            "content": {"type": "raw"},
            "src": {"type": "path"},
            "target": {"type": "str"},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "mode": {"type": "raw"},
            "secret": {"type": "bool", "default": False},
            "systemd": {"type": "bool"},
        },
    },
    "remove": {"type": "bool", "default": True},
    "backup": {"type": "bool", "default": False},
    "validate": {"type": "list", "elements": "list", "default": []},
    "apply": {"type": "list", "elements": "list", "default": []},
    "services": {"type": "list", "elements": "str", "default": []},
    "needs_systemd": {"type": "list", "elements": "str", "default": []},
    "needs_site": {"type": "bool", "default": False},
    "users": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "home": {"type": "path", "required": True},
            "comment": {"type": "str", "default": ""},
        },
    },
}

LARGEST = 16 * 1024 * 1024  # bytes of a file that is still configuration
MODE = re.compile(r"0?[0-7]{3,4}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
SOURCES = ("template", "content", "src")


def wanted(
    files: list[dict[str, Any]], contents: dict[str, bytes]
) -> tuple[dict[str, Node], frozenset[str]]:
    """The nodes that the entries of ``files`` ask for, by path, and the paths that are secret.

    ``contents`` are the files' contents by ``dest`` as it was given. Raises ``UserError`` with
    all mistakes.
    """
    nodes: dict[str, Node] = {}
    mistakes: list[str] = []
    for entry in files:
        path = os.path.normpath(entry["dest"])
        mistakes += [f"{entry['dest']}: {text}" for text in _mistakes(entry)]
        if len(contents.get(entry["dest"], b"")) > LARGEST:
            mistakes.append(f"{path}: is larger than {LARGEST} bytes; copy it in a task of its own")
        if path in nodes:
            mistakes.append(f"{path}: is in the set twice; leave one of the entries out")
        elif not mistakes:
            nodes[path] = _node(entry, contents)
        else:
            nodes[path] = Node()
    if mistakes:
        raise UserError("\n".join(mistakes))
    return nodes, frozenset(os.path.normpath(entry["dest"]) for entry in files if entry["secret"])


def _mistakes(entry: dict[str, Any]) -> list[str]:
    """What is wrong with one entry beyond the types of its options."""
    state, found = entry["state"], []
    given = {key for key, value in entry.items() if value not in (None, {}, False)}
    takes = {
        "file": {*SOURCES, "vars", "owner", "group", "mode", "secret"},
        "directory": {"owner", "group", "mode"},
        "link": {"target"},
        "absent": set(),
    }[state]
    if not entry["dest"].startswith("/"):
        found.append("dest must be an absolute path")
    extra = sorted(given - takes - {"dest", "state", "systemd"})
    if extra:
        found.append(f"state {state} does not take {', '.join(extra)}; leave it out")
    sources = [key for key in SOURCES if key in given]
    if state == "file" and len(sources) != 1:
        found.append("needs exactly one of template, content and src")
    if state == "link" and "target" not in given:
        found.append("needs target, the path that the link points to")
    mode = entry["mode"]
    if mode is not None and not (isinstance(mode, str) and MODE.fullmatch(mode)):
        found.append(f'mode is {mode!r}; it must be octal digits in quotes, such as "0644"')
    return found


def _node(entry: dict[str, Any], contents: dict[str, bytes]) -> Node:
    state = entry["state"]
    if state == "absent":
        return Node()
    if state == "link":
        return Node("link", target=entry["target"])
    default = "0755" if state == "directory" else "0600" if entry["secret"] else "0644"
    return Node(
        kind=state,
        owner=entry["owner"] or "root",
        group=entry["group"] or "root",
        mode=int(entry["mode"] or default, 8),
        content=contents[entry["dest"]] if state == "file" else None,
    )


def commands(params: dict[str, Any], option: str) -> list[list[str]]:
    """The commands of an option, each at least the name of a program."""
    for command in params[option]:
        if not (command and all(isinstance(word, (str, int, float)) for word in command)):
            raise UserError(f"{option}: {command!r} is not a valid command, such as [nginx, -t]")
    return [[str(word) for word in command] for command in params[option]]

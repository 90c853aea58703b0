# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From entries to nodes, and from nodes to changes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._config_set import arguments, plan
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.plan import (
    Change,
    Host,
    Node,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

ABSENT = Node()


def file(content: str = "text", mode: int = 0o644, owner: str = "root") -> Node:
    return Node("file", owner, "root", mode, content.encode())


def folder(*children: str, mode: int = 0o755) -> Node:
    return Node("directory", "root", "root", mode, children=frozenset(children))


def link(target: str) -> Node:
    return Node("link", target=target)


def host(nodes: dict[str, Node], want: dict[str, Node], managed: set[str]) -> Host:
    """The host with these nodes; /etc is a folder that always exists."""
    relevant = {path: nodes.get(path, ABSENT) for path in {*want, *managed}}
    folders = {path for path, node in nodes.items() if node.kind == "directory"} | {"/etc"}
    return Host(relevant, frozenset(folders), frozenset(managed))


def changed(nodes: dict[str, Node], changes: list[Change]) -> dict[str, Node]:
    """The nodes after the changes, made one by one as the host would allow them."""
    found = {**nodes}
    for change in changes:
        parent = os.path.dirname(change.path)
        assert parent == "/etc" or parent not in found or found[parent].kind == "directory"
        if change.before.kind == "directory" and change.after == ABSENT:
            assert not [path for path in found if path.startswith(change.path + "/")]
        if change.after == ABSENT:
            found.pop(change.path)
        else:
            found[change.path] = change.after
    return found


PLANS: list[tuple[str, dict[str, Node], dict[str, Node], set[str], list[str]]] = [
    # what is tested, want, have, managed before, the changes in their order;
    # and the plan on the state after them is empty, always
    ("nothing at all", {}, {}, set(), []),
    ("a new file", {"/etc/a": file()}, {}, set(), ["/etc/a: absent > file root:root 0644"]),
    ("the same file", {"/etc/a": file()}, {"/etc/a": file()}, set(), []),
    (
        "a new content",
        {"/etc/a": file("new")},
        {"/etc/a": file("old")},
        set(),
        ["/etc/a: file root:root 0644 > file root:root 0644"],
    ),
    (
        "a new mode and owner",
        {"/etc/a": file(mode=0o600, owner="notes")},
        {"/etc/a": file()},
        set(),
        ["/etc/a: file root:root 0644 > file notes:root 0600"],
    ),
    (
        "a file too large to be read",
        {"/etc/a": file()},
        {"/etc/a": replace(file(), content=None)},
        set(),
        ["/etc/a: file root:root 0644 > file root:root 0644"],
    ),
    (
        "folders before what is in them, whatever the order of the entries",
        {"/etc/n/sub/a": file(), "/etc/n/sub": folder(), "/etc/n": folder()},
        {},
        set(),
        [
            "/etc/n: absent > directory root:root 0755",
            "/etc/n/sub: absent > directory root:root 0755",
            "/etc/n/sub/a: absent > file root:root 0644",
        ],
    ),
    (
        "a folder's mode, and not what is in it",
        {"/etc/n": folder(mode=0o750)},
        {"/etc/n": folder("/etc/n/other"), "/etc/n/other": file()},
        set(),
        ["/etc/n: directory root:root 0755 > directory root:root 0750"],
    ),
    ("a new link", {"/etc/l": link("/x")}, {}, set(), ["/etc/l: absent > link to /x"]),
    ("the same link", {"/etc/l": link("/x")}, {"/etc/l": link("/x")}, set(), []),
    (
        "a link in place of a file, and a file in place of a link",
        {"/etc/l": link("/x"), "/etc/a": file()},
        {"/etc/l": file(), "/etc/a": link("/y")},
        set(),
        [
            "/etc/l: file root:root 0644 > link to /x",
            "/etc/a: link to /y > file root:root 0644",
        ],
    ),
    ("absent, and it is", {"/etc/a": ABSENT}, {}, set(), []),
    (
        "absent, and there is a link",
        {"/etc/a": ABSENT},
        {"/etc/a": link("/x")},
        set(),
        ["/etc/a: link to /x > absent"],
    ),
    (
        "absent, and there is an empty folder",
        {"/etc/n": ABSENT},
        {"/etc/n": folder()},
        set(),
        ["/etc/n: directory root:root 0755 > absent"],
    ),
    (
        "absent, and the folder's only file is absent as well",
        {"/etc/n": ABSENT, "/etc/n/a": ABSENT},
        {"/etc/n": folder("/etc/n/a"), "/etc/n/a": file()},
        set(),
        [
            "/etc/n/a: file root:root 0644 > absent",
            "/etc/n: directory root:root 0755 > absent",
        ],
    ),
    (
        "no longer wanted: new before old",
        {"/etc/b": file()},
        {"/etc/a": file()},
        {"/etc/a"},
        [
            "/etc/b: absent > file root:root 0644",
            "/etc/a: file root:root 0644 > absent",
        ],
    ),
    ("no longer wanted, and gone already", {}, {}, {"/etc/a"}, []),
    ("no longer wanted, and somebody made it a device", {}, {"/etc/a": Node("other")}, set(), []),
    (
        "no longer wanted: a tree, from its leaves",
        {},
        {
            "/etc/n": folder("/etc/n/sub"),
            "/etc/n/sub": folder("/etc/n/sub/a"),
            "/etc/n/sub/a": file(),
        },
        {"/etc/n", "/etc/n/sub", "/etc/n/sub/a"},
        [
            "/etc/n/sub/a: file root:root 0644 > absent",
            "/etc/n/sub: directory root:root 0755 > absent",
            "/etc/n: directory root:root 0755 > absent",
        ],
    ),
    (
        "no longer wanted: a folder with something of somebody else's stays",
        {},
        {"/etc/n": folder("/etc/n/a", "/etc/n/b"), "/etc/n/a": file(), "/etc/n/b": file()},
        {"/etc/n", "/etc/n/a"},
        ["/etc/n/a: file root:root 0644 > absent"],
    ),
    (
        "no longer wanted: a folder that a file of the set needs stays",
        {"/etc/n/new": file()},
        {"/etc/n": folder("/etc/n/old"), "/etc/n/old": file()},
        {"/etc/n", "/etc/n/old"},
        [
            "/etc/n/new: absent > file root:root 0644",
            "/etc/n/old: file root:root 0644 > absent",
        ],
    ),
]


@pytest.mark.parametrize(
    ("want", "have", "managed", "expected"), [case[1:] for case in PLANS], ids=[c[0] for c in PLANS]
)
def test_plan(
    want: dict[str, Node], have: dict[str, Node], managed: set[str], expected: list[str]
) -> None:
    changes = plan.plan(want, host(have, want, managed))
    assert [f"{c.path}: {c.before} > {c.after}" for c in changes] == expected
    after = changed(have, changes)
    assert plan.plan(want, host(after, want, managed)) == []
    assert plan.plan(want, host(after, want, set())) == []


def test_split_leaves_what_the_set_no_longer_wants() -> None:
    want = {"/etc/a": file(), "/etc/gone": ABSENT}
    have = {"/etc/old": folder("/etc/old/b"), "/etc/old/b": file(), "/etc/gone": file()}
    managed = {"/etc/old", "/etc/old/b", "/etc/gone"}
    changes = plan.plan(want, host(have, want, managed))
    assert plan.split(changes, want, remove=True) == (changes, [])
    now, unwanted = plan.split(changes, want, remove=False)
    assert [change.path for change in now] == ["/etc/a", "/etc/gone"]
    assert unwanted == ["/etc/old", "/etc/old/b"]
    after = changed(have, now)
    left = plan.plan(want, host(after, want, {"/etc/a", *unwanted}))
    assert plan.split(left, want, remove=False) == ([], unwanted)
    assert changed(after, left) == {"/etc/a": file()}


@pytest.mark.parametrize(
    ("want", "have", "message"),
    [
        ({"/etc/a": file()}, {"/etc/a": folder()}, "/etc/a: is a folder on the host, and should"),
        ({"/etc/a": folder()}, {"/etc/a": file()}, "/etc/a: is a file on the host, and should be"),
        ({"/etc/a": file()}, {"/etc/a": Node("other")}, "/etc/a: is a device, a socket"),
        ({"/etc/a": ABSENT}, {"/etc/a": folder("/etc/a/b")}, "/etc/a: is a folder that is not emp"),
        ({"/etc/n/a": file()}, {}, "/etc/n/a: the folder /etc/n does not exist; add it"),
        ({"/etc/n/s": folder()}, {}, "/etc/n/s: the folder /etc/n does not exist; add it"),
    ],
)
def test_what_stands_in_the_way(want: dict[str, Node], have: dict[str, Node], message: str) -> None:
    with pytest.raises(UserError, match=message):
        plan.plan(want, host(have, want, set()))


def test_in_check_mode_an_earlier_task_would_have_made_the_folder() -> None:
    want = {"/etc/n/a": file()}
    assert [c.path for c in plan.plan(want, host({}, want, set()), strict=False)] == ["/etc/n/a"]


def entry(dest: str, **given: Any) -> dict[str, Any]:
    options = ("template", "content", "src", "target", "owner", "group", "mode")
    empty: dict[str, Any] = {**dict.fromkeys(options), "vars": {}, "secret": False, "state": "file"}
    return {**empty, "dest": dest, **given}


def test_entries_become_nodes() -> None:
    entries = [
        entry("/etc/a", content="x"),
        entry("/etc/b", template="b.j2", vars={"x": 1}, owner="notes", group="adm", mode="0640"),
        entry("/etc/c", src="c", secret=True),
        entry("/etc//d/", state="directory", mode="750"),
        entry("/etc/e", state="link", target="../x"),
        entry("/etc/f", state="absent"),
    ]
    nodes, secrets = arguments.wanted(entries, {"/etc/a": b"1", "/etc/b": b"2", "/etc/c": b"3"})
    assert nodes == {
        "/etc/a": Node("file", "root", "root", 0o644, b"1"),
        "/etc/b": Node("file", "notes", "adm", 0o640, b"2"),
        "/etc/c": Node("file", "root", "root", 0o600, b"3"),
        "/etc/d": Node("directory", "root", "root", 0o750),
        "/etc/e": Node("link", target="../x"),
        "/etc/f": Node(),
    }
    assert secrets == {"/etc/c"}


def test_all_mistakes_are_named_at_once() -> None:
    entries = [
        entry("etc/a", content="x"),
        entry("/etc/b"),
        entry("/etc/c", content="x", src="c"),
        entry("/etc/d", state="directory", content="x"),
        entry("/etc/e", state="link", owner="root"),
        entry("/etc/f", content="x", mode=0o644),
        entry("/etc/g", content="x", mode="u=rw"),
        entry("/etc/h", state="absent"),
        entry("/etc/h/", state="absent"),
    ]
    with pytest.raises(UserError) as raised:
        arguments.wanted(entries, {})
    assert str(raised.value).split("\n") == [
        "etc/a: dest must be an absolute path",
        "/etc/b: needs exactly one of template, content and src",
        "/etc/c: needs exactly one of template, content and src",
        "/etc/d: state directory does not take content; leave it out",
        "/etc/e: state link does not take owner; leave it out",
        "/etc/e: needs target, the path that the link points to",
        '/etc/f: mode is 420; it must be octal digits in quotes, such as "0644"',
        "/etc/g: mode is 'u=rw'; it must be octal digits in quotes, such as \"0644\"",
        "/etc/h: is in the set twice; leave one of the entries out",
    ]


def test_an_empty_content_is_a_content() -> None:
    nodes, _secrets = arguments.wanted([entry("/etc/a", content="")], {"/etc/a": b""})
    assert nodes["/etc/a"].content == b""


def test_commands_are_lists_of_words() -> None:
    assert arguments.commands({"apply": [["sleep", 1]]}, "apply") == [["sleep", "1"]]
    with pytest.raises(UserError, match=r"apply: \[\] is not a valid command"):
        arguments.commands({"apply": [[]]}, "apply")


def shown(before: Node, after: Node, secret: bool = False) -> list[tuple[str, str, str]]:
    secrets = frozenset({"/etc/a"}) if secret else frozenset()
    found = plan.diff([Change("/etc/a", before, after)], secrets)
    return [(each["after_header"], each["before"], each["after"]) for each in found]


def test_the_diff_shows_rights_and_content() -> None:
    assert shown(file("old\n"), file("new\n")) == [("/etc/a (content)", "old\n", "new\n")]
    assert shown(file(), file(mode=0o600)) == [
        ("/etc/a", "file root:root 0644\n", "file root:root 0600\n")
    ]
    assert shown(ABSENT, file("new\n")) == [
        ("/etc/a", "absent\n", "file root:root 0644\n"),
        ("/etc/a (content)", "", "new\n"),
    ]
    assert shown(link("/x"), ABSENT) == [("/etc/a", "link to /x\n", "absent\n")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (file("hunter2-old"), file("hunter2-new")),
        (ABSENT, file("hunter2-new")),
        (file("hunter2-old"), ABSENT),
        (file("hunter2-old"), link("/x")),
    ],
)
def test_the_diff_says_that_a_secret_changes_and_not_how(before: Node, after: Node) -> None:
    found = shown(before, after, secret=True)
    assert "hunter2" not in str(found)
    assert [old != new for header, old, new in found if "(content)" in header] == [True]


def test_the_diff_of_a_binary_file_tells_its_hash() -> None:
    before, after = (replace(file(), content=content) for content in (b"\xff", b"\xfe"))
    [(_header, old, new)] = shown(before, after)
    assert "binary, 1 bytes, SHA-256" in old
    assert old != new


def test_a_program_cannot_give_secrets_away() -> None:
    contents = [b"A=correct horse\nB='battery=staple'\nC=1\nbare-token x\n"]
    said = "line 1: correct horse; battery=staple; bare-token; 1 is no B"
    assert plan.hide(said, contents) == "line 1: (hidden); (hidden); (hidden); 1 is no B"

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole transactions in a temporary folder: done, refused, and killed at every step."""

from __future__ import annotations

import grp
import os
import pwd
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._config_set import (
    filesystem,
    plan,
    preview,
    transaction,
)
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.journal import State, Store
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.plan import Node
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.transaction import (
    Transaction,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

ME = pwd.getpwuid(os.getuid()).pw_name
MINE = grp.getgrgid(os.getgid()).gr_name
VALIDATE, APPLY = ["validate"], ["apply"]
# All that a transaction does to the disk goes through these.
CALLS = ["chmod", "chown", "fchmod", "fchown", "fsync", "link", "mkdir", "mknod"]
CALLS += ["open", "rename", "replace", "rmdir", "symlink", "unlink"]


def file(content: str, mode: int = 0o644) -> Node:
    return Node("file", ME, MINE, mode, content.encode())


def folder(mode: int = 0o755) -> Node:
    return Node("directory", ME, MINE, mode)


class Place:
    """A host of its own in a folder: its files, the store, and a program that reads the files."""

    def __init__(self, base: Path, monkeypatch: pytest.MonkeyPatch, aside: bool = False) -> None:
        self.root, self.store, self.log = base / "etc", base / "store", base / "applied"
        self.root.mkdir()
        self.log.touch()
        self.broken: list[str] = []  # the commands that fail
        self.live: list[dict[str, str]] = []  # the files as the validating program saw them
        (base / "run").mkdir()
        # Power is never cut here, and waiting for the disk is most of the time otherwise.
        monkeypatch.setattr(os, "fsync", lambda _: None)
        monkeypatch.setattr(transaction, "SCRATCH", str(base / "run"))
        # A namespace that shows the new files needs root; here the program just runs.
        words = ["aside"] if aside else None
        monkeypatch.setattr(preview, "prepare", lambda *_: words)

    def run(self, command: list[str]) -> tuple[int, str, str]:
        if command[-1:] == VALIDATE:
            self.live.append(self.tree())
        else:
            with self.log.open("a") as log:
                log.write(f"{self.tree()}\n")
        return (1, "", f"no {command[-1]}") if command[-1] in self.broken else (0, "", "")

    def make(self, want: dict[str, Node], remove: bool = True) -> bool:
        """What the module does with a set of files; whether it did something."""
        want = filesystem.resolved(
            {f"{self.root}/{name}": node for name, node in want.items()}, strict=True
        )
        store = Store(str(self.store), "test")
        with store.locked():
            state = transaction.recover(store)
            changes = plan.plan(want, filesystem.observe(want, set(state.managed) - set(want)))
            changes, unwanted = plan.split(changes, want, remove)
            after = State.of(want, frozenset(), unwanted)
            if changes or state.due:
                Transaction(store, state, changes, [VALIDATE], [APPLY], self.run).commit(after)
        return bool(changes or state.due)

    def tree(self) -> dict[str, str]:
        """All files of the place that a program would read, with their contents and modes."""
        paths = sorted(path for path in self.root.rglob("*") if not path.name.startswith("."))
        return {str(path.relative_to(self.root)): _shown(path) for path in paths}

    def applied(self) -> list[str]:
        return self.log.read_text().splitlines()

    def rest(self) -> list[str]:
        """What a transaction has left on the host beside its result."""
        scratch = (self.root.parent / "run").iterdir()
        return [str(path) for path in (*self.root.rglob(".*config_set*"), *scratch)]


def _shown(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    content = path.read_text() if path.is_file() else "folder"
    return f"{content} {path.lstat().st_mode & 0o7777:o}"


OLD = {
    "nginx.conf": file("old"),
    "mode": file("same"),
    "sites": folder(),
    "sites/gone": file("gone"),
    "sites/link": Node("link", target="gone"),
    "attic": folder(),
    "attic/last": file("last", 0o600),
}
NEW = {
    "nginx.conf": file("new"),
    "mode": file("same", 0o640),
    "sites": folder(0o750),
    "sites/link": Node("link", target="fresh"),
    "sites/fresh": file("fresh"),
    "rooms": folder(0o700),
    "rooms/inner": folder(),
    "rooms/inner/key": file("key", 0o600),
}


COMPLETE = {
    "mode": "same 640",
    "nginx.conf": "new 644",
    "rooms": "folder 700",
    "rooms/inner": "folder 755",
    "rooms/inner/key": "key 600",
    "sites": "folder 750",
    "sites/fresh": "fresh 644",
    "sites/link": "link to fresh",
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A place with the old set."""
    found = Place(tmp_path, monkeypatch)
    assert found.make(OLD)
    return found


def test_a_set_replaces_another_and_leaves_nothing_behind(place: Place) -> None:
    assert place.make(NEW)
    assert place.tree() == COMPLETE
    assert place.applied()[-1] == str(place.tree())
    assert place.rest() == []
    assert not place.make(NEW)
    assert len(place.applied()) == 2


def test_what_is_no_longer_wanted_stays_until_it_may_go(place: Place) -> None:
    before = place.tree()
    assert place.make(NEW, remove=False)
    assert place.tree() == {**before, **COMPLETE}
    assert not place.make(NEW, remove=False)
    assert place.make(NEW)
    assert place.tree() == COMPLETE
    assert place.rest() == []


def test_what_changes_or_goes_can_be_kept(place: Place, tmp_path: Path) -> None:
    want = {f"{place.root}/nginx.conf": file("new"), f"{place.root}/added": file("added")}
    host = filesystem.observe(want, {f"{place.root}/attic/last", f"{place.root}/attic"})
    assert filesystem.keep(plan.plan(want, host), f"{tmp_path}/kept")
    files = [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]
    copies = {str(path.relative_to(f"{tmp_path}/kept{place.root}")): _shown(path) for path in files}
    assert copies == {"nginx.conf": "old 644", "attic/last": "last 600"}
    assert _shown(tmp_path / "kept") == "folder 700"
    assert not filesystem.keep([], f"{tmp_path}/nothing")
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("aside", [True, False])
def test_a_set_that_the_program_rejects_never_stays(
    place: Place, aside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, inodes = place.tree(), _inodes(place.root)
    monkeypatch.setattr(preview, "prepare", lambda *_: ["aside"] if aside else None)
    place.broken = ["validate"]
    with pytest.raises(UserError) as raised:
        place.make(NEW)
    assert "validate rejects the new files (exit status 1)" in str(raised.value)
    assert "no validate" in str(raised.value)
    assert "etc/nginx.conf" in str(raised.value)
    assert (place.live[-1] == before) is aside
    assert place.tree() == before
    assert _inodes(place.root) == inodes
    assert len(place.applied()) == 1
    assert place.rest() == []


def _inodes(root: Path) -> dict[Path, int]:
    return {path: path.lstat().st_ino for path in root.rglob("*") if not path.is_dir()}


def test_where_applying_fails_the_old_set_is_back_and_applied(place: Place) -> None:
    before = place.tree()
    place.broken = ["apply"]
    with pytest.raises(UserError) as raised:
        place.make(NEW)
    assert "apply failed with the new files (exit status 1)" in str(raised.value)
    assert "apply failed with the old files as well" in str(raised.value)
    assert place.tree() == before
    assert place.applied()[-1] == str(before)
    assert place.rest() == []
    place.broken = []
    assert place.make(OLD), "apply is still due, though no file differs"
    assert not place.make(OLD)


def test_a_user_that_does_not_exist_is_named_with_the_file() -> None:
    with pytest.raises(UserError, match="/etc/a: the user no-such-user does not exist"):
        filesystem.resolved(
            {"/etc/a": Node("file", "no-such-user", "root", 0o644, b"")}, strict=True
        )
    found = filesystem.resolved(
        {"/etc/a": Node("file", "no-such-user", "0", 0o644, b"")}, strict=False
    )
    assert (found["/etc/a"].owner, found["/etc/a"].group) == ("no-such-user", "root")


def test_a_large_file_is_replaced_and_not_read(place: Place) -> None:
    with open(place.root / "nginx.conf", "wb") as large:
        large.truncate(20 * 1024 * 1024)
    assert place.make(OLD)
    assert place.tree()["nginx.conf"] == "old 644"


def test_what_another_set_manages_is_known(tmp_path: Path) -> None:
    one, two = (Store(str(tmp_path), name) for name in ("one", "two"))
    one.save(State(("/etc/a", "/etc/b")))
    two.save(State(("/etc/b",)))
    assert (one.elsewhere(), two.elsewhere()) == ({"/etc/b"}, {"/etc/a", "/etc/b"})


def test_the_journal_holds_no_content(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[str] = []
    replace = os.replace

    def watched(source: str, destination: str) -> None:
        saved.append(Path(source).read_text())
        replace(source, destination)

    monkeypatch.setattr(os, "replace", watched)
    place.make({"key": file("hunter2")})
    assert "swapping" in str(saved)
    assert "hunter2" not in str(saved)


# Killed between any two steps


def killed(action: Callable[[], Any], step: int) -> bool:
    """Do that in a process of its own, killed before its ``step``th change to the disk.

    Returns whether it was killed; it ended by itself otherwise.
    """
    child = os.fork()
    if child == 0:
        left = step

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*args, **kwargs)

            return wrapper

        try:
            for name in CALLS:
                setattr(os, name, counted(getattr(os, name)))
            action()
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize(
    ("aside", "again"), [(False, OLD), (True, NEW)], ids=["in place, then old", "aside, then new"]
)
def test_killed_at_any_step_the_next_run_finds_the_old_or_the_new_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aside: bool, again: dict[str, Node]
) -> None:
    outcomes = []
    for step in range(500):
        place = fresh(tmp_path / str(step), monkeypatch, aside)
        old = place.tree()
        was_killed = killed(partial(place.make, NEW), step)
        transaction.recover(Store(str(place.store), "test"))
        found = place.tree()
        assert found in (old, COMPLETE), f"a mixture at step {step}"
        outcomes.append(found == old)
        place.make(again)
        assert place.tree() == (old if again is OLD else COMPLETE)
        assert place.applied()[-1] == str(place.tree()), f"not applied, at step {step}"
        assert place.rest() == []
        assert not place.make(again)
        if not was_killed:
            break
    assert not was_killed
    assert step > 60, "the steps are counted"
    assert outcomes == sorted(outcomes, reverse=True), "old until one moment, new from then on"


def test_killed_while_it_recovers_it_recovers_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in range(0, 500, 11):
        for second in range(0, 500, 3):
            place = fresh(tmp_path / f"{first}-{second}", monkeypatch, aside=False)
            done = not killed(partial(place.make, NEW), first)
            over = not killed(partial(transaction.recover, Store(str(place.store), "test")), second)
            place.make(NEW)
            assert place.tree() == COMPLETE
            assert place.applied()[-1] == str(place.tree())
            assert place.rest() == []
            if over:
                break
        if done:
            break
    assert done


def fresh(base: Path, monkeypatch: pytest.MonkeyPatch, aside: bool) -> Place:
    base.mkdir()
    place = Place(base, monkeypatch, aside)
    place.make(OLD)
    return place

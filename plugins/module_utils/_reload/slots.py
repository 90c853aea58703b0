# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The slots of an app on the host: their folders, sockets and links, and what runs in them."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Service
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import plan
from .plan import PENDING, SLOTS, Have, Slot, Want

MANAGERS = ("systemd", "supervisor")
UNITS = "units"  # the folder of a slot with copies of the manager's files


@dataclass(frozen=True)
class Process:
    """What a manager knows of a slot: its main process (0 for none), and why it ended badly.

    ``running``: it serves or is booting. ``stopped``: nothing of it is there or about to be.
    ``files`` are those that the manager starts it by. ``outdated``: the manager has not read them.
    ``restarts`` counts how often it ended by itself and was started again; supervisor does not say.
    ``behind`` are the slot's background processes, by their units.
    """

    running: bool = False
    stopped: bool = True
    pid: int = 0
    problem: str = ""
    files: tuple[str, ...] = ()
    outdated: bool = False
    restarts: int = 0
    behind: Mapping[str, Process] = field(default_factory=dict)


class Manager(Protocol):
    """What starts the slots. ``start``, ``start_workers`` and ``stop`` wait for their end, and
    raise UserError; a slot that is killed is not given the time to finish its requests.

    ``start_workers`` starts a slot's background processes, and ``stop`` stops them with the slot.
    ``log`` is that of the slot, or of one of its background processes."""

    def observe(self) -> dict[str, Process]: ...

    def start(self, slot: str) -> None: ...

    def start_workers(self, slot: str) -> None: ...

    def stop(self, slot: str, kill: bool = False) -> None: ...

    def log(self, slot: str, since: float, process: str = "") -> list[str]: ...

    def log_command(self, slot: str, process: str = "") -> str: ...


@dataclass(frozen=True)
class Layout:
    """Where the parts of an app are."""

    root: Path
    etc: Path
    run: Path

    @property
    def live_socket(self) -> Path:
        return self.root / "live.sock"

    @property
    def current(self) -> Path:
        return self.root / "current"

    @property
    def previous(self) -> Path:
        """A link to the release that was live before, for a way back."""
        return self.root / "previous"

    def release(self, release: str) -> Path:
        return self.root / "releases" / release

    def slot(self, slot: str) -> Path:
        return self.root / "slots" / slot

    def socket(self, slot: str) -> Path:
        return self.run / slot / "gunicorn.sock"

    def marker(self, slot: str) -> Path:
        """What lets the slot start while the other one has the traffic; /run forgets it."""
        return self.run / f"{slot}.starting"

    def claim(self, slot: str, manager: str) -> Path:
        """What lets this manager start the slot, and no other, also after a reboot."""
        return self.slot(slot) / f"started-by-{manager}"


def layout(app: Service) -> Layout:
    """Where the parts of an app are."""
    return Layout(Path(app["root"]), Path(app["etc"]), Path(app["run"]))


def lock(layout: Layout) -> int:
    """Wait until no other process moves the traffic of the app, and keep others from it.

    The lock is the kernel's: it goes with the process, however that ends.
    """
    if not layout.root.is_dir():
        raise UserError(f"there is no folder {layout.root}; make it and build a release first")
    folder = os.open(layout.root, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    return folder


def observe(layout: Layout, processes: dict[str, Process]) -> Have:
    """The state of the app's slots."""
    target = _link(layout.live_socket)
    live = [slot for slot in SLOTS if target == str(layout.socket(slot))]
    slots = {}
    for slot, found in processes.items():
        record = read_record(layout, slot)
        slots[slot] = Slot(
            release=record.get("release", ""),
            files=record.get("files", {}),
            running=found.running,
            stopped=found.stopped and all(process.stopped for process in found.behind.values()),
            marked=layout.marker(slot).exists(),
            working=frozenset(unit for unit, process in found.behind.items() if process.running),
            manager=manager_of(layout, slot),
        )
    return Have("".join(live), os.path.basename(_link(layout.current)), slots)


def wanted(
    layout: Layout,
    release: str,
    units: set[str],
    pending: list[str],
    processes: frozenset[str] = frozenset(),
    manager: str = "",
) -> Want:
    """The release with the fingerprints of the files as they are now, and its processes.

    ``units`` are the manager's files. ``pending`` are files that an earlier task would change.
    """
    files = {path: plan.fingerprint(Path(path).read_bytes()) for path in units}
    for path in _files(layout.etc):
        files[str(path)] = plan.fingerprint(path.read_bytes())
    files.update(dict.fromkeys(pending, PENDING))
    return Want(release, files, processes, manager)


def fill(layout: Layout, slot: str, want: Want, owner: int) -> None:
    """Give a stopped slot its release, its copy of the settings, and the record of both.

    ``owner`` is the group of the app's user. The old slot keeps its own copy: when it crashes in
    the middle of a switch, it comes back as it was. All of it is on the disk at the end, since
    ``live.sock`` is going to lead to it for good; the record last, since it vouches for the rest.
    """
    folder = layout.slot(slot)
    clear(layout, slot)
    for parent in (folder.parent, folder):
        parent.mkdir(exist_ok=True)
        os.chown(parent, 0, owner)
        parent.chmod(0o750)
    _copy(layout.etc, folder / "etc", owner)
    _keep_units(layout, slot, want)
    environment = folder / "etc" / "environment"
    if not environment.exists():
        environment.touch(0o640)
        os.chown(environment, 0, owner)
    text = environment.read_text(encoding="utf-8")
    end = "" if not text or text.endswith("\n") else "\n"
    environment.write_text(f"{text}{end}APP_RELEASE='{want.release}'\n", encoding="utf-8")
    layout.claim(slot, want.manager).touch(0o644)
    (folder / "release").symlink_to(f"../../releases/{want.release}")
    for parent in (folder.parent, layout.root):
        durable.sync(parent)
    durable.sync_tree(folder)
    record = {"release": want.release, "files": dict(want.files)}
    new = folder / ".slot.json.new"
    new.touch(0o600)
    new.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    durable.replace(new, folder / "slot.json")


def clear(layout: Layout, slot: str) -> None:
    """Empty a stopped slot. The record goes first: without it, nothing in the slot counts."""
    folder = layout.slot(slot)
    (folder / "slot.json").unlink(missing_ok=True)
    for manager in MANAGERS:
        layout.claim(slot, manager).unlink(missing_ok=True)
    (folder / "release").unlink(missing_ok=True)
    for name in ("etc", UNITS):
        if (folder / name).exists():
            shutil.rmtree(folder / name)


def restore(layout: Layout, slot: str, settings: bool = True) -> list[str]:
    """Put back the files that a slot was started with, where they have changed since; their paths.

    Only what is known to be what it was: a file whose copy is gone stays as it is. Without
    ``settings``, those in the settings' folder do as well.
    """
    restored = []
    for name, known in read_record(layout, slot).get("files", {}).items():
        path = Path(name)
        if layout.etc in path.parents and not settings:
            continue
        content = _kept(layout, slot, path)
        if plan.fingerprint(content) != known or not path.is_file() or path.read_bytes() == content:
            continue
        status, new = path.stat(), path.with_name(f".{path.name}.old")
        new.touch(0o600)
        new.write_bytes(content)
        os.chown(new, status.st_uid, status.st_gid)
        new.chmod(status.st_mode & 0o7777)
        durable.replace(new, path)
        restored.append(name)
    return restored


def _keep_units(layout: Layout, slot: str, want: Want) -> None:
    """Copy the manager's files, which are those outside of the settings' folder."""
    folder = layout.slot(slot) / UNITS
    folder.mkdir(mode=0o700)
    for name in want.files:
        if layout.etc not in Path(name).parents:
            shutil.copyfile(name, folder / Path(name).name)


def _kept(layout: Layout, slot: str, path: Path) -> bytes:
    """A file as the slot was started with it; empty where there is no copy."""
    folder = layout.slot(slot)
    settings = layout.etc in path.parents
    copy = folder / "etc" / path.relative_to(layout.etc) if settings else folder / UNITS / path.name
    if not copy.is_file():
        return b""
    content = copy.read_bytes()
    # What fill has added.
    head, added, _release = content.rpartition(b"APP_RELEASE=")
    return head if settings and path.name == "environment" and added else content


def read_record(layout: Layout, slot: str) -> dict[str, Any]:
    """What a slot was filled with; empty where that is unknown."""
    try:
        record = json.loads((layout.slot(slot) / "slot.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def manager_of(layout: Layout, slot: str) -> str:
    """The manager that a slot was started by, or ""."""
    return next((name for name in MANAGERS if layout.claim(slot, name).exists()), "")


def point(link: Path, target: str) -> str:
    """Let a link name ``target``, atomically and for good, and return what it named before.

    With an empty target the link is removed.
    """
    before = _link(link)
    if target:
        temporary = link.with_name(f".{link.name}.new")
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        durable.replace(temporary, link)
    else:
        link.unlink(missing_ok=True)
        durable.sync(link.parent)
    return before


def children(pid: int) -> list[int]:
    """The processes that ``pid`` has started; for gunicorn, its workers."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _copy(source: Path, target: Path, owner: int) -> None:
    """Copy the settings for the app's group to read, and for nobody else."""
    target.mkdir(mode=0o750)
    os.chown(target, 0, owner)
    for path in _files(source):
        copy = target / path.relative_to(source)
        for parent in reversed(copy.relative_to(target).parents[:-1]):
            (target / parent).mkdir(mode=0o750, exist_ok=True)
            os.chown(target / parent, 0, owner)
        copy.touch(0o600)
        copy.write_bytes(path.read_bytes())
        status = path.stat()
        os.chown(copy, status.st_uid, status.st_gid)
        copy.chmod(status.st_mode & 0o7777)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release as the content of a package, and the packages made of it by nfpm.

The same input makes the same package, byte by byte: every file gets the time of the commit, and
what is compiled depends on its source alone.
"""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import process
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from . import plan
from .plan import Python

SYSTEM_PYTHON = "/usr/bin/python3"
CONFFILES = "/etc/"
USUAL = (0, 0, 0o755)  # owner, group and mode of a folder that no package has to bring
# What installers leave behind of the moment at which they ran.
MOMENTS = ("uv_cache.json", ".lock")
MEMORY = "/dev/shm"


def payload(module: Module, release: Path, target: Path, when: int) -> None:
    """Copy a release to where its package keeps it, without what differs from build to build."""
    refuse_foreign_python(release)
    shutil.rmtree(target, ignore_errors=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(release, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for folder, _folders, names in os.walk(target):
        for name in names:
            if name in MOMENTS:
                forget(Path(folder) / name)
    keep_links(release, target)
    record = target / "release.json"
    known = json.loads(record.read_text(encoding="utf-8"))
    known["built"] = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(when))
    record.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    set_times(target, when)
    # By the paths that the files will have. Not by their times: nothing ever changes them.
    compiling = [f"{release}/.venv/bin/python", "-m", "compileall", "-qq", "-s", str(target)]
    compiling += ["-p", str(release), "--invalidation-mode", "unchecked-hash", str(target)]
    process.run(module, compiling, env={"PYTHONHASHSEED": "0"})


def keep_links(release: Path, target: Path) -> None:
    """Have links to folders, such as the shared ones, lead from where the release will be.

    nfpm puts an empty folder in the place of a link whose goal is a folder on this machine, as that
    of an absolute one is.
    """
    for place, folders, _names in os.walk(target):
        for path in (Path(place, name) for name in folders if Path(place, name).is_symlink()):
            goal = os.readlink(path)
            if os.path.isabs(goal):
                there = release / path.parent.relative_to(target)
                path.unlink()
                path.symlink_to(os.path.relpath(goal, there))


def forget(file: Path) -> None:
    """Remove a file of an installed package, and its line in the package's list of files."""
    file.unlink()
    listing = file.with_name("RECORD")
    if listing.is_file():
        lines = listing.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if f"/{file.name}," not in line]
        listing.write_text("".join(kept), encoding="utf-8")


def refuse_foreign_python(release: Path) -> None:
    """A package depends on the distribution's Python, and so must be built with it."""
    found = (release / ".venv/bin/python").resolve()
    if found != Path(SYSTEM_PYTHON).resolve():
        raise UserError(
            f"its venv has the interpreter {found}, which no package depends on; leave out"
            " python.version, and build for a distribution that has the Python that you need"
        )


def first_content(shared: Path, target: Path) -> None:
    """Copy what the code has for the shared folders at first."""
    shutil.rmtree(target, ignore_errors=True)
    if shared.is_dir():
        shutil.copytree(shared, target, symlinks=True)
        # The app's user copies it on the host, and here it belongs to root.
        for folder, _folders, names in os.walk(target):
            os.chmod(folder, 0o755)
            for path in (Path(folder, name) for name in names):
                if not path.is_symlink():
                    path.chmod(0o644)


def set_times(folder: Path, when: int) -> None:
    """Give all that is in a folder the same time."""
    for place, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            os.utime(os.path.join(place, name), (when, when), follow_symlinks=False)


def entries(stage: Path, beside: Path) -> Iterator[dict[str, Any]]:
    """nfpm's entries for what was staged, but for the folder ``beside``, with their owners."""
    for place, folders, names in os.walk(stage):
        folders[:] = sorted(name for name in folders if Path(place, name) != beside)
        for path in (Path(place, name) for name in [*folders, *sorted(names)]):
            entry = _entry(path, f"/{path.relative_to(stage)}")
            if entry:
                yield entry


def _entry(path: Path, there: str) -> dict[str, Any] | None:
    if path.is_symlink():
        return {"src": os.readlink(path), "dst": there, "type": "symlink"}
    status = path.stat()
    mode = status.st_mode & 0o7777
    if path.is_dir() and (status.st_uid, status.st_gid, mode) == USUAL:
        return None
    owner, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid).gr_name
    info = {"owner": owner, "group": group, "mode": mode}
    if path.is_dir():
        return {"dst": there, "type": "dir", "file_info": info}
    kind = "config|noreplace" if there.startswith(CONFFILES) else ""
    return {"src": str(path), "dst": there, "type": kind, "file_info": info}


def build(
    module: Module,
    about: Mapping[str, Any],
    python: Python,
    stage: Path,
    signing: Mapping[str, str],
) -> list[dict[str, str]]:
    """Make the packages; return their kinds, paths and checksums."""
    package, output = about["package"], Path(about["output"])
    set_times(stage, about["when"])
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=MEMORY) as scratch:
        texts = {}
        for name, text in about["scripts"].items():
            texts[name] = str(Path(scratch) / name)
            Path(texts[name]).write_text(text, encoding="utf-8")
        contents = list(entries(stage, stage / "usr/lib" / package))
        told = plan.description(package, {**about, "scripts": texts}, python, str(stage), contents)
        if signing["key"]:
            key = Path(scratch) / "key"
            key.touch(0o600)
            key.write_text(signing["key"], encoding="utf-8")
            for kind in ("deb", "rpm"):
                told[kind] = {**told.get(kind, {}), "signature": {"key_file": str(key)}}
        file = Path(scratch) / "nfpm.yaml"
        file.write_text(json.dumps(told, indent=2), encoding="utf-8")  # JSON is YAML
        return [
            _packed(module, about, kind, file, signing["passphrase"]) for kind in about["kinds"]
        ]


def _packed(
    module: Module, about: Mapping[str, Any], kind: str, file: Path, passphrase: str
) -> dict[str, str]:
    """One package."""
    variables = {"SOURCE_DATE_EPOCH": str(about["when"]), "NFPM_PASSPHRASE": passphrase}
    argv = [about["nfpm"], "package", "--config", str(file), "--packager", kind]
    target = Path(about["output"]) / kind
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    rc, out, err = process.run(module, [*argv, "--target", str(target)], env=variables)
    if rc:
        raise UserError(f"nfpm could not make the {kind}: {(err or out).strip()}")
    (made,) = target.iterdir()
    return {
        "kind": kind,
        "path": str(made),
        "sha256": hashlib.sha256(made.read_bytes()).hexdigest(),
    }

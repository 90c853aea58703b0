# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A wheelhouse of the controller, and what of it a host gets."""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from pathlib import Path

from ansible.errors import AnsibleActionFail

from ansible_collections.pyhost.flask.plugins.plugin_utils._sources import sha256

ENDINGS = (".whl", ".tar.gz", ".zip")


class Wheels:
    """The wheels and sdists in a folder; ``files`` are their names, with their SHA-256."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder).expanduser()
        if not self._folder.is_dir():
            raise AnsibleActionFail(
                f"python.wheelhouse: there is no folder {self._folder} on the controller"
            )
        packages = [path for path in sorted(self._folder.iterdir()) if path.name.endswith(ENDINGS)]
        self.files = {path.name: sha256(path) for path in packages}
        if not packages:
            raise AnsibleActionFail(
                f"python.wheelhouse: there is neither a wheel nor an sdist in {self._folder};"
                " pip download --dest puts them there"
            )

    def pack(self, names: Sequence[str], folder: Path) -> Path:
        """Some of the files as one, made in a folder. They are packed already, each by itself."""
        packed = folder / "wheels.tar"
        with tarfile.open(packed, "w") as archive:
            for name in names:
                archive.add(self._folder / name, arcname=name)
        return packed

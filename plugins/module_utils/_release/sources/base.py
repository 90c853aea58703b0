# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an app's code comes from: what a release asks of it, whatever kind it is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from ansible_collections.pyhost.flask.plugins.module_utils._release.base.model import Revision


class Source(Protocol):
    """The steps are ``resolve``, ``obtain`` and ``write``, in this order; the first is all that a
    run with nothing to do takes. What goes wrong is a ``UserError``."""

    @property
    def built(self) -> bool:
        """Whether it brings a release that was built elsewhere, and whose ID is the revision's."""

    @property
    def secrets(self) -> set[str]:
        """What must not be shown."""

    def __str__(self) -> str:
        """What it is, for messages; without secrets."""

    def package(self, revision: str) -> str:
        """What is installed into the venv in place of the code's requirements, of a revision at
        hand; empty where the code is in the folder."""

    def missing(self) -> str:
        """What the host lacks to know anything of the source, as a sentence; empty for nothing."""

    def resolve(self) -> Revision:
        """The revision that is asked for, found without fetching it where that is possible."""

    def obtain(self, revision: str) -> None:
        """Have a revision at hand, on the host. ``NotSent`` where the controller is to send it."""

    def write(self, revision: str, folder: Path) -> list[str]:
        """Write the files of a revision that is at hand into an empty folder; return warnings."""

    def subject(self, revision: str) -> str:
        """A revision at hand in one line, as its author put it; empty where there is no such."""

    def commits(self, old: str, new: str) -> list[str]:
        """What is in ``new`` and not in ``old``, newest first, as far as the source knows it."""

    def scratch(self) -> AbstractContextManager[Source]:
        """The same source, which leaves nothing behind on the host after the block."""

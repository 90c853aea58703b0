# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What our code needs of the module that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Module(Protocol):
    """``AnsibleModule``, one app's ``apps.Worker``, or what a package has in its place."""

    @property
    def check_mode(self) -> bool:
        """Whether nothing is to be changed."""

    @property
    def _diff(self) -> bool:
        """Whether changes are to be shown."""

    @property
    def no_log_values(self) -> set[str]:
        """What is hidden wherever it stands in the result."""

    def run_command(self, args: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
        """Run a program without a shell; its exit status, its output and its errors."""

    def warn(self, warning: str, /) -> None:
        """Show a warning at the end of the task."""


class AnsibleHost(Module, Protocol):
    """The same where Ansible runs it, which also finds programs."""

    def get_bin_path(
        self, arg: str, /, required: bool = False, opt_dirs: Sequence[str] = ()
    ) -> str | None:
        """The full path of a program; None if it is not there."""

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands for AnsibleModule in tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Module:
    """As much of AnsibleModule as our code may use, by ``_core/module.py``. It runs nothing; a test
    says in a class of its own what it expects."""

    check_mode = False
    _diff = False

    @property
    def no_log_values(self) -> set[str]:
        return set()

    def run_command(self, args: Sequence[str], **options: Any) -> tuple[int, str, str]:
        raise AssertionError(f"nobody expected this command: {args}")

    def warn(self, warning: str) -> None:
        raise AssertionError(f"nobody expected this warning: {warning}")

    def get_bin_path(
        self, arg: str, required: bool = False, opt_dirs: Sequence[str] = ()
    ) -> str | None:
        raise AssertionError(f"nobody expected a search for {arg}")

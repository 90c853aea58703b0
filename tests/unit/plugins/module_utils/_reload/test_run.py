# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of a switch that fails: what it means for the site, why, and what to do."""

from __future__ import annotations

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._reload import run
from ansible_collections.pyhost.flask.plugins.module_utils._reload.plan import (
    Have,
    Slot,
    Step,
    Want,
)

FIRST = Have()
BLUE = Have(live="blue", slots={"blue": Slot(release="old"), "green": Slot()})
GREEN = Have(live="green", slots={"blue": Slot(), "green": Slot(release="new")})


@pytest.mark.parametrize(
    ("have", "step", "effect"),
    [
        (BLUE, "start", "did not come up and got no traffic; release old in slot blue has it, as"),
        (FIRST, "start", "did not come up and got no traffic; no release has it, as before."),
        (BLUE, "switch", "failed as soon as it had the traffic; release old in slot blue has it"),
        (BLUE, "start_workers", "failed in the background once it had the traffic; release old in"),
        # The release itself has the traffic already: there is nothing to go back to.
        (GREEN, "start_workers", "keeps the traffic, but not all of its background processes run."),
    ],
)
def test_a_failure_says_who_has_the_traffic(have: Have, step: str, effect: str) -> None:
    text = run._failed(Step(step, "green"), Want(release="new"), have, "the reason")
    assert text.startswith(f"release new {effect}")
    assert "\nReason: the reason\n" in text
    assert text.endswith("deploy again.")


@pytest.mark.parametrize("step", ["finalize", "stop_old"])
def test_what_is_left_over_is_no_failure_of_the_release(step: str) -> None:
    text = run._failed(Step(step, "blue"), Want(release="new"), BLUE, "the reason")
    assert text == "release new has the traffic, but slot blue is left over: the reason"

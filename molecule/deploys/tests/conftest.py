"""The fixtures of this scenario's tests; what they are made of is in scenario.py."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.deploys.tests.scenario import HOST, Hold, Source
from ansible_collections.pyhost.flask.molecule.shared.visitors import Site, Visitors


@pytest.fixture(scope="session")
def diary() -> Source:
    return Source("diary")


@pytest.fixture(scope="session")
def plain() -> Source:
    return Source("plain")


@pytest.fixture
def visitors() -> Iterator[Visitors]:
    """Visitors of the diary. None of their requests may be lost."""
    with Visitors(Site.of(HOST, "diary.deb13.test", tls=False)) as found:
        yield found
    found.check()


@pytest.fixture
def hold(host: Any) -> Iterator[Hold]:
    """Lets a migration wait; in the end none does."""
    found = Hold(host)
    yield found
    found.go_on()

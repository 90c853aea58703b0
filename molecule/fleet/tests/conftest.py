"""Visitors who must not notice what the tests do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from ansible_collections.pyhost.flask.molecule.fleet.tests.fleet import APPS, site_of
from ansible_collections.pyhost.flask.molecule.shared.visitors import Visitors


@pytest.fixture
def visitors() -> Iterator[None]:
    found = [Visitors(site_of(host)) for host in APPS]
    with contextlib.ExitStack() as all_of_them:
        for each in found:
            all_of_them.enter_context(each)
        yield
    for each in found:
        each.check()

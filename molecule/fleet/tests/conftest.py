"""Visitors who must not notice what the tests do."""

import contextlib

import pytest
from fleet import APPS, site_of
from visitors import Visitors


@pytest.fixture
def visitors():
    found = [Visitors(site_of(host)) for host in APPS]
    with contextlib.ExitStack() as all_of_them:
        for each in found:
            all_of_them.enter_context(each)
        yield
    for each in found:
        each.check()

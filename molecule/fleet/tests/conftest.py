"""Visitors who must not notice what the tests do."""

import pytest
from fleet import Visitors


@pytest.fixture
def visitors():
    with Visitors() as found:
        yield found
    assert found.lost == []
    assert min(found.answered.values()) > 20
    print(f"  counted {sum(found.answered.values())} requests, 0 lost")

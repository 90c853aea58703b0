"""The visitors are there as long as the tests run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.pyhost.flask.molecule.certificates.tests.story import Story


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    story = Story(tmp_path_factory.mktemp("files"))
    yield story
    story.end()

"""The visitors are there as long as the tests run."""

import pytest
from story import Story


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    story = Story(tmp_path_factory.mktemp("files"))
    yield story
    story.end()

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from ansible_collections.pyhost.flask.molecule.packages.tests.hosts import (
    INSTALLED,
    PREFIX,
    REPOSITORY,
    WORK,
    bring,
    build,
)

# 1.0.0 was built by converge.yml.
BUILDS = [("1.1.0", "1"), ("1.1.0", "2")]
LAST = ("1.2.0", "1")


@pytest.fixture(scope="session", autouse=True)
def packages() -> Iterator[None]:
    """All builds but the first one, on a builder that stays; the last makes the repository."""
    name = PREFIX + "builder"
    run = ["docker", "run", "--detach", "--rm", "--name", name, "--entrypoint", "sleep"]
    subprocess.run([*run, "--init", "pyhost-flask/host:12", "7200"], check=True)
    text = f"builders: {{hosts: {{{name}: {{ansible_connection: community.docker.docker}}}}}}\n"
    (WORK / "builders.yml").write_text(text)
    try:
        for version, number in BUILDS:
            build(version, number, "-i", str(WORK / "builders.yml"))
        build(*LAST, *REPOSITORY, "-e", json.dumps({"package_images": [INSTALLED[12]]}))
        bring("apt12", "apt13", "rpm")
        yield
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=True)

"""What the scenarios' tests share."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host


@pytest.fixture(scope="module")
def container(host: Host) -> str:
    """The name of the host's container."""
    return str(host.backend.get_hostname())


@pytest.fixture(scope="module")
def zone(container: str) -> str:
    """The host's domain."""
    return container.rpartition("-")[2] + ".test"


@pytest.fixture
def browser(container: str) -> Browser:
    return Browser(container.rpartition("-")[0] + "-services")


@pytest.fixture
def app_of(host: Host) -> Callable[[str], App]:
    """Gives the host's app of a name."""
    return lambda name: App(host, name)


@pytest.fixture
def rebooted(container: str) -> None:
    """The host has just been restarted."""
    subprocess.run(["docker", "restart", container], check=True, stdout=subprocess.DEVNULL)

"""What the scenarios' tests share: a browser outside of the host, and a few looks at an app.

The browser is curl in the services container, which is another machine on the same network and
trusts nothing but Pebble's root. So a test sees what a visitor sees.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from typing import Any

import pytest
import testinfra

ROOT = "/run/pebble-root.pem"
JAR = "/run/cookies"


@dataclasses.dataclass(frozen=True)
class Page:
    """An answer: its status (0 where there was none), its headers by lower-case name, its text."""

    status: int
    headers: dict[str, str]
    text: str
    error: str


class Browser:
    """curl with cookies, in the container ``name``."""

    def __init__(self, name: str) -> None:
        self.machine = testinfra.get_host(f"docker://{name}")
        self.machine.check_output(f"curl -sSf -o {ROOT} https://localhost:15000/roots/0")
        self.forget()

    def forget(self) -> None:
        """Drop the cookies."""
        self.machine.check_output(f"rm -f {JAR}")

    def get(self, url: str, *options: str) -> Page:
        """Fetch ``url``, with more options of curl. No redirect is followed."""
        command = ["curl", "-sSi", "-m", "60", "--cacert", ROOT, "--capath", "/nowhere"]
        command += ["-b", JAR, "-c", JAR, *options, url]
        done = self.machine.run(shlex.join(command))
        head, text = [*done.stdout.replace("\r\n", "\n").split("\n\n", 1), ""][:2]
        status, *lines = head.split("\n")
        headers = dict(re.split(r":\s*", line, maxsplit=1) for line in lines)
        headers = {name.lower(): value for name, value in headers.items()}
        return Page(int(status.split()[1]) if status else 0, headers, text, done.stderr)

    def submit(self, url: str, *options: str, **fields: str) -> Page:
        """Fill in the form at ``url`` and send it, with its CSRF token where it has one."""
        form = self.get(url, *options)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form.text)
        if token:
            fields["csrf_token"] = token[1]
        data = [part for item in fields.items() for part in ("--form-string", "=".join(item))]
        return self.get(url, "-e", url, *options, *data)

    def wait(self, url: str, *options: str, seconds: float = 60) -> Page:
        """Fetch ``url`` until it answers 200; the last answer in any case."""
        end = time.monotonic() + seconds
        while (page := self.get(url, *options)).status != 200 and time.monotonic() < end:
            time.sleep(0.5)
        return page


@dataclasses.dataclass(frozen=True)
class App:
    """An app on ``host``, as its folder shows it."""

    host: Any
    name: str

    @property
    def release(self) -> str:
        """The ID of the current release."""
        target = self.host.check_output("readlink /srv/%s/current", self.name)
        return str(target.rstrip("/").rpartition("/")[2])

    @property
    def slot(self) -> str:
        """The slot with the traffic."""
        socket = self.host.check_output("readlink /srv/%s/live.sock", self.name)
        found = re.fullmatch(rf"/run/{self.name}/(blue|green)/gunicorn\.sock", socket)
        assert found, f"live.sock leads to {socket}"
        return found[1]

    @property
    def unit(self) -> str:
        """The unit of the live slot."""
        return f"flask-{self.name}@{self.slot}.service"

    def running(self) -> list[str]:
        """The slots that run."""
        units = {slot: f"flask-{self.name}@{slot}.service" for slot in ("blue", "green")}
        return [slot for slot, unit in units.items() if self.host.service(unit).is_running]

    def state_of_idle_slot(self) -> str:
        """What systemd says of the slot without the traffic; it is to be left alone."""
        idle = "green" if self.slot == "blue" else "blue"
        unit = f"flask-{self.name}@{idle}.service"
        return str(self.host.check_output("systemctl show --value -p ActiveState %s", unit))

    def tries(self, command: str) -> Any:
        """Run a command line as the app's user."""
        return self.host.run("runuser -u %s -- sh -c %s", self.name, command)


@pytest.fixture(scope="module")
def container(host: Any) -> str:
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
def app_of(host: Any) -> Callable[[str], App]:
    """Gives the host's app of a name."""
    return lambda name: App(host, name)


@pytest.fixture
def rebooted(container: str) -> None:
    """The host has just been restarted."""
    subprocess.run(["docker", "restart", container], check=True, stdout=subprocess.DEVNULL)

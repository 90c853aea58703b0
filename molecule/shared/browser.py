"""A browser outside of the host: curl in the services container, which is another machine on the
same network and trusts nothing but Pebble's root. So a test sees what a visitor sees.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import time

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

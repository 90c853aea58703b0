"""What the tests use of testinfra's Host, which makes its modules when it is asked for them."""

from __future__ import annotations

from typing import Any, Protocol


class Result(Protocol):
    """What came of a command."""

    rc: int
    stdout: str
    stderr: str
    succeeded: bool


class Host(Protocol):
    """A host, as the fixture ``host`` gives it."""

    ansible: Any
    backend: Any
    file: Any
    service: Any
    user: Any

    def run(self, command: str, *args: str) -> Result: ...

    def check_output(self, command: str, *args: str) -> str: ...

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other end of ``program``: starting it inside of a release, and asking it."""

from __future__ import annotations

import contextlib
import inspect
import json
import pwd
import select
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file, process, redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Migration
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.process import PATH

from . import plan, program
from .plan import Have, Plan

# The first line of its input is the program itself: no file, and no page of text in `ps`.
START = "import json, sys; exec(compile(json.loads(sys.stdin.readline()), 'migrate', 'exec'))"
LOADING = 120  # seconds for importing the app and looking at the database
UNLIMITED = ("lock", "run")
FAILED = {
    "load": "the app cannot be imported",
    "scripts": "the app's migrations cannot be looked at",
    "observe": "the app's migrations and its database cannot be looked at",
    "lock": "the database cannot be locked for migrations",
}
LAST_LINES = 25


def as_user(user: str, venv: str, environment: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """How the venv's Python is started for ``user``, and its variables: the app's, none of root's.

    ``KeyError`` where there is no such user.
    """
    account = pwd.getpwnam(user)
    own = {"HOME": account.pw_dir, "LANG": "C.UTF-8", "LOGNAME": user, "USER": user}
    variables = {**own, **environment, "PATH": f"{venv}/bin:{PATH}", "VIRTUAL_ENV": venv}
    return [*process.become(user), f"{venv}/bin/python"], variables


def of_release(app: Migration, release: Path) -> Session:
    """The session of a release, whose folder it is; ``KeyError`` if the app's user does not exist,
    ``OSError`` or ``ValueError`` if its environment file cannot be read."""
    environment = env_file.parse(Path(app["environment"]).read_text(encoding="utf-8"))
    python, variables = as_user(app["user"], str(release / ".venv"), environment)
    return Session(python, str(release / app["subdir"]), variables)


@contextlib.contextmanager
def reading(app: Migration, release: Path) -> Iterator[Session | None]:
    """The same, with the database open for reading alone; None if the release has no migrations."""
    if not plan.has_scripts(str(release / app["subdir"]), app["folder"]):
        yield None
        return
    options = {"flask_app": app["flask_app"], "folder": app["folder"]}
    with of_release(app, release) as session:
        kind = session.ask("load", read_only=True, **options)["kind"]
        yield None if kind == "none" else session


class Session:
    """The program in a ``with`` block, run by ``python``, in the folder ``code`` and in
    ``environment``. What goes wrong over there is a ``UserError`` here.
    """

    def __init__(self, python: list[str], code: str, environment: dict[str, str]) -> None:
        self.environment = environment
        # Open as long as the session is: what the app prints.
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*python, "-c", START],
            cwd=code,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            encoding="utf-8",
        )

    def __enter__(self) -> Session:
        self._send(inspect.getsource(program))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """End the program, and with it its lock; a migration that is running is finished."""
        if kind is not None and not issubclass(kind, UserError):
            self.process.terminate()
        self.process.communicate()
        self.errors.close()

    def ask(self, command: str, **options: Any) -> dict[str, Any]:
        """The answer to a command, a method of ``Migrations`` over there; a failure raises."""
        answer = self.try_to(command, **options)
        if "error" in answer:
            raise UserError(f"{FAILED[command]}:\n{answer['error']}")
        return answer

    def try_to(self, command: str, **options: Any) -> dict[str, Any]:
        """The answer to a command; a failure is one with an ``error``, without secrets."""
        self._send({"command": command, **options})
        answers = cast(IO[str], self.process.stdout)
        patience = None if command in UNLIMITED else LOADING
        if not select.select([answers], [], [], patience)[0]:
            self.process.kill()
            return {"error": f"No answer for {LOADING} seconds. It said:\n{self.said()}"}
        line = answers.readline()
        if not line:
            status = self.process.wait()
            return {"error": f"Its Python ended with status {status}. It said:\n{self.said()}"}
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            answer["error"] = self.without_secrets(answer["error"])
        return answer

    def said(self) -> str:
        """The end of what the app has printed."""
        self.errors.flush()
        self.errors.seek(0)
        return self.without_secrets(self.errors.read()) or "(nothing)"

    def without_secrets(self, text: str) -> str:
        """The end of a text, which is where tracebacks have their reason."""
        lines = redact.redact(text, self.environment).strip("\n").splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def _send(self, message: Any) -> None:
        commands = cast(IO[str], self.process.stdin)
        with contextlib.suppress(BrokenPipeError):  # its end is seen when it should answer
            commands.write(json.dumps(message) + "\n")
            commands.flush()


def sql(app: Session, have: Have, plan: Plan) -> str:
    """The SQL of a plan; empty where it depends on the data."""
    if len(have.current) > 1:  # Alembic writes no SQL for several branches at once
        return ""
    way = {"direction": plan.direction, "target": plan.target}
    text = str(app.try_to("sql", **way, start="".join(have.current)).get("sql", ""))
    return f"{text.rstrip()}\n" if text else ""

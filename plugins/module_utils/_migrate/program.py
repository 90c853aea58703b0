# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that runs inside of a release and does with its migrations what it is asked to.

The module ``migrate`` starts it with the release's own Python, as the app's user, in the app's
environment and folder; ``session`` is the other end. It is asked on standard input and
answers on standard output, one JSON object a line. What the app itself prints goes to standard
error. Nothing here decides anything: that is the part of ``_migrate.plan``, on the other end.

It works with Python 3.9, Flask 1.1, Flask-Migrate 2.7, Alembic 1.8 and SQLAlchemy 1.3, and with
all that came after them.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import io
import json
import os
import sys
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

READ_ONLY = {
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
    "sqlite": "PRAGMA query_only = ON",
}
LOCK_NAME = "pyhost.flask.migrate"


class NoDatabase(Exception):
    """There is no SQLite file yet, and looking at it would make one."""


class Migrations:
    """The migrations of the app in the current folder."""

    def __init__(self, flask_app: str, read_only: bool, folder: str = "") -> None:
        self.engine: Any = None  # the database's, known once it was looked at
        self.held = contextlib.ExitStack()  # what holds the lock
        self.offline = False
        if importlib.util.find_spec("alembic") is None:
            self.kind = "none"
            return
        self._watch_connections(read_only)
        self.kind, self.config = find(flask_app, folder)

    def scripts(self) -> dict[str, Any]:
        """What the release's scripts are. Nobody asks the database."""
        from alembic.script import ScriptDirectory

        scripts = ScriptDirectory.from_config(self.config())
        revisions = [
            {
                "revision": script.revision,
                "message": script.doc,
                "needs": list(script._all_down_revisions),
            }
            for script in reversed(list(scripts.walk_revisions()))
        ]
        return {"heads": list(scripts.get_heads()), "revisions": revisions}

    def observe(self) -> dict[str, Any]:
        """What the release's scripts are, and where the database is."""
        from sqlalchemy import inspect

        found: dict[str, Any] = {"current": [], "databases": [], "transactional": True}

        def look(current: tuple[str, ...], context: Any) -> list[Any]:
            # Once for each database: apps with several have one run of it for each.
            self.engine = context.connection.engine
            tables = set(inspect(context.connection).get_table_names())
            found["current"] += [item for item in current if item not in found["current"]]
            found["databases"].append(
                {**location(self.engine.url), "empty": not tables - {"alembic_version"}}
            )
            found["transactional"] &= context.impl.transactional_ddl
            return []

        found.update(self.scripts())
        with contextlib.suppress(NoDatabase):
            self._run_env(look, dont_mutate=True)
        return found

    def lock(self, seconds: float) -> dict[str, Any]:
        """Keep other migrations of this database out, as long as this program runs."""
        try_it = locker(self.engine, self.held)
        deadline = time.monotonic() + seconds
        while not try_it():
            if time.monotonic() > deadline:
                return {"locked": False}
            time.sleep(0.1)
        return {"locked": True}

    def close(self) -> None:
        """Give the lock back, and tell the database that this is the end."""
        self.held.close()
        if self.engine is not None:
            self.engine.dispose()

    def run(self, direction: str, target: str) -> dict[str, Any]:
        """Upgrade or downgrade to ``target``; where that fails, say at which revision."""
        running = ""

        def steps(current: Any, context: Any) -> Any:
            nonlocal running
            for step in moves(context.script, direction, target, current):
                running = step.revision.revision
                yield step

        try:
            self._run_env(steps, destination_rev=target)
        except BaseException as error:
            return {"failed": running, **failure(error)}
        return {}

    def sql(self, direction: str, start: str, target: str) -> dict[str, Any]:
        """The SQL of a way from ``start`` (empty for an empty database) to ``target``."""
        text = io.StringIO()

        def steps(current: Any, context: Any) -> Any:
            return moves(context.script, direction, target, current)

        self.offline = True
        try:
            self._run_env(
                steps, text, as_sql=True, starting_rev=start or None, destination_rev=target
            )
        except BaseException as error:
            return {"sql": "", **failure(error)}
        finally:
            self.offline = False
        return {"sql": text.getvalue()}

    def _run_env(self, function: Any, output: Any = None, **options: Any) -> None:
        """Run the app's ``env.py`` with ``function`` in the place of a command of Alembic's."""
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory

        config = self.config()
        config.output_buffer = output
        scripts = ScriptDirectory.from_config(config)
        with EnvironmentContext(config, scripts, fn=function, **options):
            scripts.run_env()

    def _watch_connections(self, read_only: bool) -> None:
        """See to it that nothing is written where nothing may be, whatever scripts do."""
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        def refuse_offline(*_arguments: Any) -> None:
            if self.offline:
                raise RuntimeError("a migration asks the database while its SQL is written down")

        event.listen(Pool, "checkout", refuse_offline)
        if read_only:
            event.listen(Engine, "do_connect", connect_read_only)


def find(flask_app: str, folder: str) -> tuple[str, Callable[[], Any]]:
    """Which kind of migrations the app has, and what makes Alembic's configuration for them.

    ``folder`` is where the user says that they are, or empty.
    """
    extension = flask_migrate(flask_app)
    directory = folder or (extension.directory if extension else "")
    if extension and os.path.exists(os.path.join(directory, "env.py")):
        return "flask-migrate", lambda: extension.migrate.get_config(directory)
    if os.path.exists(os.path.join(folder, "alembic.ini")):
        return "alembic", lambda: alembic_config(folder)
    return "none", lambda: None


def flask_migrate(flask_app: str) -> Any:
    """The app's Flask-Migrate extension, within the app's context, or None."""
    if importlib.util.find_spec("flask_migrate") is None:
        return None
    from flask.cli import ScriptInfo

    os.environ["FLASK_RUN_FROM_CLI"] = "true"  # app.run() at the end of a script does nothing
    app = ScriptInfo(app_import_path=flask_app).load_app()
    app.app_context().push()
    return app.extensions.get("migrate")


def alembic_config(folder: str) -> Any:
    """Alembic's configuration, for the database that the app is told to use."""
    from alembic.config import Config

    config = Config(os.path.join(folder, "alembic.ini"))
    scripts = config.get_main_option("script_location") or ""
    # As for who runs alembic in the app's folder; or, where that does not fit, beside the file.
    if not os.path.exists(scripts) and os.path.exists(os.path.join(folder, scripts)):
        config.set_main_option("script_location", os.path.join(folder, scripts).replace("%", "%%"))
    url = os.environ.get("DATABASE_URL")
    if url:
        config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def moves(scripts: Any, direction: str, target: str, current: Any) -> Any:
    """The steps as ``alembic upgrade`` and ``alembic downgrade`` take them."""
    if direction == "downgrade":
        return scripts._downgrade_revs(target, current)
    return scripts._upgrade_revs(target, current)


def location(url: Any) -> dict[str, Any]:
    """Where a database is, for those who dump it."""
    return {
        "kind": url.get_backend_name(),
        "name": url.database or "",
        "host": url.host or "",
        "port": url.port or 0,
        "user": url.username or "",
        "password": str(url.password or ""),
        "query": {name: value for name, value in url.query.items() if isinstance(value, str)},
    }


def locker(engine: Any, held: contextlib.ExitStack) -> Callable[[], bool]:
    """What tries once to lock the engine's database, until ``held`` is closed."""
    kind, name = engine.url.get_backend_name(), engine.url.database or ""
    if kind == "sqlite" and name not in ("", ":memory:"):
        # A lock on the folder needs no file that would stay, and is none of SQLite's own.
        folder = os.open(os.path.dirname(os.path.abspath(name)), os.O_RDONLY)
        held.callback(os.close, folder)
        return lambda: flock(folder)
    digest = hashlib.sha256(f"{LOCK_NAME}:{name}".encode()).digest()
    if kind in ("mysql", "mariadb"):  # one lock for the whole server, 64 characters at most
        question = f"SELECT GET_LOCK('{LOCK_NAME}:{digest.hex()[:32]}', 0)"
    elif kind == "postgresql":
        question = f"SELECT pg_try_advisory_lock({int.from_bytes(digest[:8], 'big', signed=True)})"
    else:
        return lambda: True  # a database without such locks
    # A connection of its own, with no transaction that others would wait for.
    connection = held.enter_context(engine.connect())
    connection = connection.execution_options(isolation_level="AUTOCOMMIT")
    return lambda: ask(connection, question)


def flock(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def ask(connection: Any, question: str) -> bool:
    from sqlalchemy import text

    return bool(connection.execute(text(question)).scalar())


def connect_read_only(dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
    """A connection that the database itself lets write nothing."""
    file = arguments[0] if dialect.name == "sqlite" and arguments else ":memory:"
    if file != ":memory:" and not file.startswith("file:") and not os.path.exists(file):
        raise NoDatabase(file)
    connection = dialect.connect(*arguments, **parameters)
    if dialect.name in READ_ONLY:
        cursor = connection.cursor()
        cursor.execute(READ_ONLY[dialect.name])
        cursor.close()
        connection.commit()
    return connection


def failure(error: BaseException) -> dict[str, str]:
    """An error as its text, with the lines of the app's own code that led to it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_own(frame.filename)]
    lines = traceback.format_list(own or frames[-3:])
    return {"error": "".join([*lines, *traceback.format_exception_only(type(error), error)])}


def is_own(file: str) -> bool:
    """Whether a file is the app's, and not of its venv or of Python."""
    path = os.path.abspath(file)
    return (
        os.path.exists(path)
        and path.startswith(os.getcwd() + os.sep)
        and not path.startswith(sys.prefix + os.sep)
    )


def serve(requests: Any, answers: Any) -> None:
    """Answer one request after the other, until there are no more or one cannot be answered."""
    migrations: Any = None
    for line in requests:
        request = json.loads(line)
        command = request.pop("command")
        try:
            if command == "load":
                migrations = Migrations(**request)
                answer = {"kind": migrations.kind}
            else:
                answer = getattr(migrations, command)(**request)
        except BaseException as error:  # an app may end itself by SystemExit
            answer = failure(error)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    if migrations is not None:
        migrations.close()


def main() -> None:
    requests, sys.stdin = sys.stdin, open(os.devnull)  # noqa: SIM115
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(requests, answers)
    sys.stderr.flush()
    os._exit(0)  # whatever threads the app has started


if __name__ == "__main__":
    main()

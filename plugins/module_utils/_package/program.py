# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program of a package, which its scripts and the administrator run:

    flask-NAME configure             migrate, and move the traffic to the package's release
    flask-NAME rollback [RELEASE]    move it to the release before, or to that one
    flask-NAME run COMMAND...        run a command as the app would
    flask-NAME remove                stop the app; what packages remove runs this

It deploys by the code of the modules ``migrate`` and ``reload``.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file, services
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.process import PATH
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.record import INSTALL
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import run as migrate_run
from ansible_collections.pyhost.flask.plugins.module_utils._migrate.run import Target
from ansible_collections.pyhost.flask.plugins.module_utils._release import preflight
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import model, store
from ansible_collections.pyhost.flask.plugins.module_utils._release.sources.package_facts import (
    MANAGED,
)
from ansible_collections.pyhost.flask.plugins.module_utils._reload import managers, slots
from ansible_collections.pyhost.flask.plugins.module_utils._reload import run as reload_run
from ansible_collections.pyhost.flask.plugins.module_utils._reload.plan import SLOTS

from . import host as package_host
from . import schedules
from .host import Host, Package


def configure(package: Package) -> None:
    """Bring the host to the package's release and settings; where that is not all new, no more
    than that. ``UserError`` says why the release got no traffic."""
    app = package.app
    release = package_host.link(package)
    if MANAGED.exists():
        package_host.say(
            f"{package.name}: release {release} is here; {MANAGED} leaves the rest to Ansible"
        )
        return
    package_host.share(package)
    missing = package_host.write_environment(package)
    if missing:
        package_host.say(
            f"{package.name} is installed, and not started yet: it needs {', '.join(missing)}.\n"
            f"Fill that in in {package.defaults}, then run: {package.name} configure"
        )
        return
    if not services.systemd_runs():
        package_host.say(f"{package.name} is installed, and not started: systemd does not run here")
        return
    host = Host()
    host.run_command(["systemctl", "daemon-reload"])
    host.run_command(["systemd-tmpfiles", "--create", f"/usr/lib/tmpfiles.d/{package.name}.conf"])
    deploy(package, release)
    schedules.keep_time(host, app)
    prune(package, release)


def deploy(package: Package, release: str, step: str = INSTALL) -> None:
    """Try a release out, migrate, and move the traffic to it."""
    host = Host()
    with package_host.begin(host, package.app["service"], step) as record:
        record.note(release=release)
        try:
            variables = env_file.parse(package.environment.read_text(encoding="utf-8"))
            folder, app = package.release(release), package.app
            code = folder / app["migration"]["subdir"]
            user = app["service"]["user"]
            preflight.preflight(host, user, folder, code, app["wsgi"], variables)
            migrate(package, release, record)
            if step == INSTALL:
                commands(package, release)
            reload(package, release, record)
        except (UserError, OSError) as error:
            left = record.schema_left()
            raise UserError(f"{record.fail(str(error))}{left}") from error
        record.succeed()


def migrate(package: Package, release: str, record: Deploy) -> None:
    """Bring the database to the release's newest migration, where the app wants that."""
    app = package.app["migration"]
    if app["automatic"]:
        migrate_run.Migration(Host(), app, Target(package.release(release)), record).run()


def commands(package: Package, release: str) -> None:
    """Run the app's commands for a release that is not live: those of the first deploy, unless they
    have succeeded before, and those of each release."""
    live = package.root / "current"
    if live.is_symlink() and Path(os.readlink(live)).name == release:
        return  # only its settings are new
    for command in [] if live.is_symlink() else package.app["once"]:
        words = shlex.split(command)
        # As flask-app notes it. It stays with the data, which a new installation serves again.
        done = package.root / "once" / _digest(words)
        if not done.exists():
            attempt(package, release, words)
            done.parent.mkdir(exist_ok=True)
            done.write_text(f"{' '.join(words)}\n", encoding="utf-8")
    for command in package.app["commands"]:
        attempt(package, release, shlex.split(command))


def _digest(words: Sequence[str]) -> str:
    text = "".join(f"{word}\n" for word in words)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def attempt(package: Package, release: str, argv: Sequence[str]) -> None:
    """Run a command of the app in a release; ``UserError`` where it fails."""
    pid = os.fork()
    if not pid:
        run(package, argv, package.release(release))
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        command = shlex.join(argv)
        raise UserError(f"{command} ended with status {status}; the release got no traffic")


def reload(package: Package, release: str, record: Deploy) -> None:
    """Move the traffic, where the release or its settings are new."""
    reload_run.run(Host(), package.app["service"], release, record, conffiles=True)


def prune(package: Package, release: str) -> None:
    """Remove the oldest releases, as a deploy by Ansible does."""
    have = store.observe(package.root)
    others = {name: found for name, found in have.releases.items() if name != release}
    without = model.Have(others, have.rubbish, have.live, have.previous, have.running)
    plan = model.plan(release, package.app["keep"], without)
    store.prune(package.root, plan.prune)


def rollback(package: Package, release: str = "") -> None:
    """Move the traffic to the release before, or to another one of those on the host. It must know
    the database's revision."""
    have = store.observe(package.root)
    release = release or have.previous
    if release not in have.releases:
        there = ", ".join(sorted(have.releases)) or "none"
        raise UserError(f"there is no release {release!r} to go back to; on the host: {there}")
    deploy(package, release, "go back")
    name = package.app["service"]["name"]
    package_host.say(f"{name}: release {release} has the traffic. The package's own comes back by")
    package_host.say(f"{package.name} configure, and by the next upgrade.")


def remove(package: Package) -> None:
    """Stop the app, and remove its releases; its data and settings stay."""
    if MANAGED.exists():
        return
    app, root = package.app, package.root
    (root / "live.sock").unlink(missing_ok=True)
    if services.systemd_runs():
        host, service = Host(), app["service"]
        schedules.stop(host, app, "timer")
        for slot in SLOTS:
            managers.managed(host, service, slots.layout(service)).stop(slot)
        # What a schedule has begun would be without its files.
        schedules.stop(host, app, "service")
    for name in ("current", "previous"):
        (root / name).unlink(missing_ok=True)
    for name in ("slots", "releases"):
        shutil.rmtree(root / name, ignore_errors=True)


def run(package: Package, argv: Sequence[str], release: Path | None = None) -> None:
    """Become a command of the app: its user, environment, folder and venv."""
    app = package.app
    folder = release or (package.root / "current").resolve(strict=True)
    account = pwd.getpwnam(app["service"]["user"])
    variables = env_file.parse(package.environment.read_text(encoding="utf-8"))
    variables["PATH"] = f"{folder}/.venv/bin:{PATH}"
    variables["APP_RELEASE"] = folder.name
    os.chdir(folder / app["migration"]["subdir"])
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    try:
        os.execvpe(argv[0], list(argv), variables)
    except OSError as error:
        package_host.say(f"{argv[0]}: {error.strerror}")
        os._exit(127)


def main(folder: Path, arguments: Sequence[str]) -> int:
    """Do what the arguments say with the package in a folder; the status to exit with."""
    what, *rest = [*arguments, ""][: len(arguments) or 1]
    actions: dict[str, Any] = {
        "configure": configure,
        "rollback": rollback,
        "remove": remove,
        "run": lambda package, *argv: run(package, argv),
    }
    if what not in actions or (what == "run" and not rest):
        package_host.say(
            "usage: configure | rollback [RELEASE] | run COMMAND [ARGUMENT...] | remove"
        )
        return 2
    if os.geteuid():
        package_host.say("this is for root")
        return 1
    os.umask(0o022)
    try:
        actions[what](package_host.load(folder), *rest)
    except (UserError, OSError) as error:
        package_host.say(f"{folder.name}: {error}")
        return 1
    return 0

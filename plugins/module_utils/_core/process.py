# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running programs on the host: as root, and as an app's user in the app's environment."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence

from .module import Module

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TIMED_OUT = (124, 137)  # what timeout(1) returns: it ended the program, or had to kill it
# A module that is killed takes its programs along: they must not work on beside the next run.
WITH_PARENT = ("setpriv", "--pdeathsig=KILL")
Ran = tuple[int, str, str]  # exit status, standard output, standard error


def run(
    module: Module,
    argv: Sequence[str],
    cwd: str = "/",
    env: dict[str, str] | None = None,
    timeout: int = 0,
) -> Ran:
    """Run a program as it is said: no shell, and no ``~`` or ``$NAME`` replaced.

    ``env`` is added to the module's own environment. After ``timeout`` seconds, if any, the
    program and its children are ended and the status is one of ``TIMED_OUT``. When the module is
    killed, the program is too.
    """
    limit = [*WITH_PARENT, "timeout", "--kill-after=5", str(timeout)] if timeout else []
    # The return value is (int, str, str) as long as the encoding is not switched off.
    rc, out, err = module.run_command(
        [*limit, *WITH_PARENT, *argv],
        cwd=cwd,
        environ_update=env or {},
        expand_user_and_vars=False,
    )
    return int(rc), str(out), str(err)


def run_as(
    module: Module,
    user: str,
    argv: Sequence[str],
    cwd: str,
    env: dict[str, str],
    venv: str = "",
    timeout: int = 0,
) -> Ran:
    """Run a program of an app as its unit would: as ``user``, in ``env`` and nothing of root's.

    ``venv`` is the release's venv; its programs come first on ``PATH``. Values of ``env`` travel
    in the environment alone, where only root and the user can read them. ``KeyError`` where the
    user does not exist.
    """
    account = pwd.getpwnam(user)
    wanted = {
        "HOME": account.pw_dir,
        "LANG": "C.UTF-8",
        "LOGNAME": user,
        "PATH": PATH,
        "SHELL": account.pw_shell,
        "USER": user,
        **env,
    }
    if venv:
        wanted["PATH"] = f"{venv}/bin:{wanted['PATH']}"
        wanted["VIRTUAL_ENV"] = venv
    # run_command can only add variables; env takes root's away again, by name.
    drop = [f"--unset={name}" for name in sorted(os.environ) if name not in wanted]
    become = [*WITH_PARENT, f"--reuid={user}", f"--regid={account.pw_gid}", "--init-groups"]
    return run(module, [*become, "--", "env", *drop, *argv], cwd, wanted, timeout)


def become(user: str) -> list[str]:
    """What makes a program run as ``user``. ``KeyError`` where there is no such user."""
    gid = pwd.getpwnam(user).pw_gid
    return ["setpriv", f"--reuid={user}", f"--regid={gid}", "--init-groups", "--"]

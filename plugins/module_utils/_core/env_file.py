# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment files of apps.

One ``NAME=value`` a line, the value quoted by ``shlex.quote``. The same text means the same to
systemd's ``EnvironmentFile=``, to ``set -a; . file`` in sh, and to ``parse``.
"""

from __future__ import annotations

import json
import re
import shlex

REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def quote(variables: dict[str, str]) -> str:
    """The text of an environment file with ``variables``, in their order."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def parse(text: str) -> dict[str, str]:
    """The variables of an environment file. ``ValueError`` says which line is none."""
    variables = {}
    for word in shlex.split(text, comments=True):
        name, equals, value = word.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise ValueError(f"{shlex.quote(name)} is not NAME=value")
        variables[name] = value
    return variables


def completed(variables: dict[str, str], secret_key: str, previous_key: str = "") -> dict[str, str]:
    """An app's variables with its secret key and with each ``${NAME}`` replaced, in order.

    With a ``previous_key`` also what Flask 3.1 calls the fallbacks: keys that nothing is signed
    with any more, and that what was signed before is still believed by. They are a list, as JSON.
    """
    secret = {"SECRET_KEY": secret_key, "FLASK_SECRET_KEY": secret_key}
    if previous_key:
        fallbacks = json.dumps([previous_key])
        secret.update(SECRET_KEY_FALLBACKS=fallbacks, FLASK_SECRET_KEY_FALLBACKS=fallbacks)
    together = {**secret, **variables}
    return {name: expand(value, together) for name, value in sorted(together.items())}


def expand(text: str, variables: dict[str, str]) -> str:
    """``text`` with each ``${NAME}`` of ``variables`` replaced; any other ``$`` stays as it is."""
    return REFERENCE.sub(lambda found: variables.get(found[1], found[0]), text)

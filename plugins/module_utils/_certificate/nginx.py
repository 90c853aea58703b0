# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates as a host uses them: which one nginx serves, and whether certbot renews its own."""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import services

LETSENCRYPT = Path("/etc/letsencrypt")
TIMER = "certbot.timer"
CRON = Path("/etc/cron.d/certbot")  # of the same package; does nothing where systemd runs


def timer_active(run: Callable[[list[str]], Sequence[Any]]) -> bool:
    """Whether something renews certbot's certificates. ``run`` gives a command's status first."""
    if not services.systemd_runs():
        return CRON.exists()
    return run(["systemctl", "is-active", "--quiet", TIMER])[0] == 0


def served(name: str) -> str | None:
    """The fingerprint of the certificate that nginx answers this name with, or None."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # a self-signed one counts as well
    try:
        with (
            socket.create_connection(("127.0.0.1", 443), timeout=5) as raw,
            context.wrap_socket(raw, server_hostname=name) as tls,
        ):
            der = tls.getpeercert(binary_form=True)
    except OSError:
        return None
    return hashlib.sha256(der).hexdigest() if der else None

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a database server needs for users on other hosts: their addresses, their passwords, and a
certificate by which they know the server."""

from __future__ import annotations

import ipaddress
import re
import shutil
import socket
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable, openssl
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import AnsibleHost
from ansible_collections.pyhost.flask.plugins.module_utils._core.openssl import DESCRIBE

from .flavor import Flavor

FOLDER = Path("/etc/mysql/pyhost-flask")
PUBLIC, PRIVATE = FOLDER / "server.pem", FOLDER / "private.pem"
# Without a date at which all apps would stop: clients believe this one certificate, and no other.
DAYS = "36500"
# All addresses: one that is not there yet when the host boots would keep the server from starting.
# Without names, for the users are known by their addresses, and none waits for a DNS server.
SETTINGS = {
    "bind_address": "*",
    "skip_name_resolve": True,
    "ssl_cert": str(PRIVATE),
    "ssl_key": str(PRIVATE),
}


def known_passwords(
    secret: str, passwords: Mapping[str, str], previous: Mapping[str, str]
) -> list[str]:
    """By what a user logs in: a password, and in the middle of its rotation the previous one too.
    Raises UserError where there is none."""
    known = [each[secret] for each in (passwords, previous) if secret in each]
    if not known:
        raise UserError(f"passwords: there is none of the name {secret!r}")
    return known


def check_version(flavor: Flavor, version: str) -> None:
    """Raises UserError for a server that is too old to have users on other hosts."""
    found = tuple(map(int, re.findall(r"\d+", version)[:3]))
    if found < flavor.serves_since:
        oldest = ".".join(map(str, flavor.serves_since))
        raise UserError(
            f"{flavor.name} {version} is too old for users on other hosts: their passwords could"
            f" not be changed without shutting the apps out. It has to be {oldest} or later"
        )


def addresses(hosts: Iterable[str]) -> dict[str, list[str]]:
    """The addresses of hosts, as this host knows them. Raises UserError."""
    return {host: _addresses(host) for host in hosts}


def _addresses(host: str) -> list[str]:
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise UserError(
            f"{host}: the database's host cannot find its address: {error}. Set flask_address of"
            " that host to the address by which it comes"
        ) from None
    usable = sorted(each for each in found if not _stays_here(each))
    if not usable:
        raise UserError(
            f"{host}: for the database's host that is {', '.join(sorted(found))}, which is the"
            " database's host itself. Set flask_address of that host to the address by which it"
            " comes"
        )
    return usable


def _stays_here(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed.is_loopback or parsed.is_link_local


def certificate(module: AnsibleHost, address: str) -> tuple[bool, str]:
    """The server's certificate for this address, made where there is none; in check mode it would
    be. Whether it is new, and its text."""
    if PUBLIC.exists() and address in _names(module):
        return False, PUBLIC.read_text(encoding="ascii")
    if module.check_mode:
        return True, ""
    FOLDER.mkdir(mode=0o755, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        _make(module, Path(folder), address)
        public, private = Path(folder, "public"), Path(folder, "private")
        # The key and its certificate are one file, which changes in one step.
        private.write_text(private.read_text("ascii") + public.read_text("ascii"), "ascii")
        shutil.chown(private, "root", "mysql")
        private.chmod(0o640)
        public.chmod(0o644)
        durable.replace(private, PRIVATE)
        durable.replace(public, PUBLIC)
    return True, PUBLIC.read_text(encoding="ascii")


def _names(module: AnsibleHost) -> frozenset[str]:
    argv = [
        str(module.get_bin_path("openssl", required=True)),
        "x509",
        "-in",
        str(PUBLIC),
        *DESCRIBE,
    ]
    return openssl.parse_certificate(module.run_command(argv, check_rc=True)[1], "").names


def _make(module: AnsibleHost, folder: Path, address: str) -> None:
    config = folder / "config"
    config.write_text(openssl.openssl_config("pyhost.flask database", [address]), encoding="utf-8")
    argv = [
        str(module.get_bin_path("openssl", required=True)),
        "req",
        "-x509",
        "-config",
        str(config),
    ]
    argv += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", DAYS]
    argv += ["-keyout", str(folder / "private"), "-out", str(folder / "public")]
    module.run_command(argv, check_rc=True)

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an app's domains and its certificate must satisfy, and what to say otherwise.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.pyhost.flask.plugins.module_utils._core import openssl

from . import options
from .app import Options, Values

DOMAIN = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])"
)
CERTIFICATE_FILES = ("chain", "key")
AMBIENT = ("google", "route53")  # these find credentials on the host itself


def check_https(app: Options, path: str, mistakes: list[str]) -> None:
    """The domains, and what a certificate for them takes."""
    certbot = app["certbot"] if app["https"] == "certbot" else None
    if app["domains"] == []:
        mistakes.append(f"{path}.domains: is empty; name at least one, such as notes.example.org")
    for index, domain in enumerate(app["domains"] or []):
        where = f"{path}.domains[{index}] = {options.shown(domain)}"
        remedy = _domain_remedy(domain, index, certbot)
        mistakes += [f"{where}: {remedy}"] if remedy else []
    if certbot:
        _check_certbot(certbot, path, mistakes)
    if app["https"] == "provided":
        _check_certificate(app["certificate"], path, mistakes)


def _domain_remedy(domain: str, index: int, certbot: Values | None) -> str:
    """What to say of a domain, or an empty text."""
    if openssl.is_address(domain):
        remedy = "is not a domain name; for an address set https to selfsigned, provided or none"
        return remedy if certbot else ""
    if not DOMAIN.fullmatch(domain.removeprefix("*.")):
        return "is not a valid domain name, such as notes.example.org"
    if not domain.startswith("*."):
        return ""
    if index == 0:
        return "cannot be the canonical name; put a name without * before it"
    if certbot and certbot["challenge"] == "http":
        return "takes a DNS record to prove; set certbot.challenge to dns, and certbot.dns.plugin"
    return ""


def _check_certbot(certbot: Values, path: str, mistakes: list[str]) -> None:
    if not certbot["email"]:
        remedy = "is missing; certbot needs one (for all apps: flask_defaults.certbot.email)"
        mistakes.append(f"{path}.certbot.email: {remedy}")
    elif not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", certbot["email"]):
        where = f"{path}.certbot.email = {options.shown(certbot['email'])}"
        mistakes.append(f"{where}: is not a valid e-mail address")
    server = certbot["server"] or "staging"
    if server != "staging" and not server.startswith("https://"):
        where = f"{path}.certbot.server = {options.shown(server)}"
        mistakes.append(f"{where}: must start with https://, or be staging")
    if certbot["challenge"] == "dns" and certbot["dns"]:
        remedy = _dns_remedy(certbot["dns"]["plugin"], certbot["dns"]["credentials"] or {})
        mistakes += [f"{path}.certbot.dns.{remedy}"] if remedy else []


def _dns_remedy(plugin: str, credentials: dict[str, str]) -> str:
    """The part of ``certbot.dns`` that is wrong and what to say of it, or an empty text."""
    if not plugin:
        return "plugin: is missing; name one, such as rfc2136"
    if plugin == "route53" and credentials:
        return (
            "credentials: route53 takes none; give the host a role, or write /root/.aws/credentials"
        )
    if plugin not in AMBIENT and not credentials:
        return f"credentials: is missing; the documentation of certbot-dns-{plugin} names them"
    for name, text in credentials.items():
        if plugin != "google" and ("\n" in text or {'"', "'"} <= set(text)):
            return f"credentials.{name}: must be one line, without both kinds of quotes"
    return ""


def _check_certificate(certificate: Values, path: str, mistakes: list[str]) -> None:
    for key, file in certificate.items():
        if key in CERTIFICATE_FILES and not file:
            remedy = "is missing; https: provided takes the file's absolute path"
            mistakes.append(f"{path}.certificate.{key}: {remedy}")
        elif key in CERTIFICATE_FILES and not file.startswith("/"):
            where = f"{path}.certificate.{key} = {options.shown(file)}"
            mistakes.append(f"{where}: must be absolute, such as {{{{ inventory_dir }}}}/{file}")


def files_on_controller(app: Options) -> Iterator[tuple[str, str]]:
    """The files of a certificate that must be on the controller, by the options that name them."""
    if app["https"] == "provided" and app["certificate"]["source"] == "controller":
        for key in CERTIFICATE_FILES:
            yield f"flask_apps[{app['name']}].certificate.{key}", app["certificate"][key]

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""certbot: the certificates that it has, and how it is made to get, revoke and delete them."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

from . import certbot_errors, plan
from .inspect import Tools
from .nginx import LETSENCRYPT
from .plan import Authority, Lineage, Revoke, Site

LOG = Path("/var/log/letsencrypt/letsencrypt.log")
# A file for each certificate that was asked for here, by its name; no other one is ever deleted.
RECORD = Path("/var/lib/pyhost-flask/certificates")
# A folder for each site, with a file for each certificate that is to be revoked.
CONDEMNED = Path("/var/lib/pyhost-flask/revocations")


def live(name: str) -> Path:
    """The folder in which certbot keeps the newest certificate of a name."""
    return LETSENCRYPT / "live" / name


def lineage(name: str) -> Lineage:
    """How certbot has got the certificate of a name."""
    file = LETSENCRYPT / "renewal" / f"{name}.conf"
    return plan.parse_lineage(file.read_text(encoding="utf-8")) if file.exists() else Lineage()


def recorded() -> frozenset[str]:
    """The certificates that this collection had certbot make."""
    return frozenset(os.listdir(RECORD) if RECORD.is_dir() else ())


def condemned(name: str) -> frozenset[str]:
    """The fingerprints of the certificates whose revocation was begun and not finished."""
    folder = CONDEMNED / name
    return frozenset(os.listdir(folder) if folder.is_dir() else ())


class Certbot:
    """certbot on a host, with the webroot of the challenges."""

    def __init__(self, tools: Tools, webroot: Path) -> None:
        self._tools = tools
        self._webroot = webroot

    def issue(self, site: Site, authority: Authority, kept: str) -> None:
        """Get a certificate, as certbot's newest one of the site.

        Raises ``UserError`` where that fails, which says that the site answers with what
        was ``kept``.
        """
        RECORD.mkdir(mode=0o700, parents=True, exist_ok=True)
        (RECORD / site.name).touch()
        logged = LOG.stat().st_size if LOG.exists() else 0
        trust = {"REQUESTS_CA_BUNDLE": authority.ca} if authority.ca else {}
        rc, output = self._tools.run(self._issue_argv(site, authority), trust)
        if rc:
            reasons = "".join(
                f"\n  {line}" for line in certbot_errors.explain(output, _log_since(logged))
            )
            raise UserError(
                f"{site.name}: certbot got no certificate; the site answers with {kept}.{reasons}"
            )
        if self._tools.read(live(site.name)) is None:
            raise UserError(
                f"{site.name}: certbot did not write to {live(site.name)}; see 'certbot"
                " certificates' on this host"
            )

    def _issue_argv(self, site: Site, authority: Authority) -> list[str]:
        # It is certain by now that a new one is needed, so certbot must not decide otherwise.
        argv = ["certbot", "certonly", "--non-interactive", "--agree-tos", "--force-renewal"]
        argv += ["--break-my-certs", "--email", authority.email, "--server", authority.server]
        argv += ["--key-type", authority.key_type, "--cert-name", site.name]
        argv += [part for domain in site.domains for part in ("-d", domain)]
        if authority.dns is None:
            return [*argv, "--webroot", "-w", str(self._webroot)]
        plugin = f"dns-{authority.dns.plugin}"
        argv += ["--authenticator", plugin]
        if authority.dns.credentials:
            argv += [f"--{plugin}-credentials", authority.dns.credentials]
        if authority.dns.propagation:
            argv += [f"--{plugin}-propagation-seconds", authority.dns.propagation]
        return argv

    def is_whole(self, name: str) -> bool:
        """Whether all is there that certbot needs to renew a certificate."""
        needed = (live(name) / "fullchain.pem", live(name) / "privkey.pem", _renewal(name))
        return all(file.exists() for file in needed)

    def clear(self, name: str) -> None:
        """Remove what a killed certbot or a careless hand left of a certificate.

        Certbot would leave it alone and write beside it, to NAME-0001, again at each run.
        """
        for folder in (live(name), LETSENCRYPT / "archive" / name):
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            _renewal(name).unlink()

    def delete(self, name: str) -> None:
        """Delete a certificate, so that it is not renewed any more."""
        if _renewal(name).exists():
            self._tools.must(["certbot", "delete", "--non-interactive", "--cert-name", name])
        self.clear(name)
        shutil.rmtree(CONDEMNED / name, ignore_errors=True)
        (RECORD / name).unlink()

    @contextlib.contextmanager
    def condemning(self, name: str, fingerprint: str) -> Iterator[None]:
        """Keep in mind that a certificate is to be revoked, unless it is not replaced now."""
        if not fingerprint:
            yield
            return
        (CONDEMNED / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        (CONDEMNED / name / fingerprint).touch()
        try:
            yield
        except UserError:
            (CONDEMNED / name / fingerprint).unlink()
            raise

    def revoke(self, step: Revoke, authority: Authority) -> None:
        """Revoke a certificate that is not the newest one any more."""
        name = step.site.name
        newest = self._tools.read(live(name))
        if newest is None or newest.fingerprint == step.fingerprint:
            raise UserError(f"{name}: nothing was revoked, for there is no new certificate")
        file = self._archived(name, step.fingerprint)
        argv = ["certbot", "revoke", "--non-interactive", "--no-delete-after-revoke"]
        argv += ["--server", authority.server, "--reason", step.reason, "--cert-path", str(file)]
        if step.reason == "keycompromise":
            # Signed by the key itself: this also proves to the authority that it is out.
            argv += ["--key-path", str(file.with_name(file.name.replace("cert", "privkey")))]
        logged = LOG.stat().st_size if LOG.exists() else 0
        trust = {"REQUESTS_CA_BUNDLE": authority.ca} if authority.ca else {}
        rc, output = self._tools.run(argv, trust)
        log = _log_since(logged)
        if rc and "alreadyRevoked" not in log:
            raise UserError(
                f"{name}: the site has its new certificate, but the old one, {file}, is NOT revoked"
                f" yet: {certbot_errors.explain(output, log)[0]}. Run the playbook revoke again"
            )
        (CONDEMNED / name / step.fingerprint).unlink()

    def _archived(self, name: str, fingerprint: str) -> Path:
        """The file with an earlier certificate."""
        for file in (LETSENCRYPT / "archive" / name).glob("cert*.pem"):
            found = self._tools.describe(file.read_text(encoding="ascii"))
            if found and found.fingerprint == fingerprint:
                return file
        raise UserError(f"{name}: the certificate to revoke is not in certbot's archive")


def _renewal(name: str) -> Path:
    return LETSENCRYPT / "renewal" / f"{name}.conf"


def _log_since(size: int) -> str:
    """What certbot has logged since its log had this size; Debian's certbot appends to it."""
    if not LOG.exists():
        return ""
    log = LOG.read_bytes()
    return log[size if size <= len(log) else 0 :].decode(errors="replace")

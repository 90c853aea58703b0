# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates on a host: what is there, and the steps that change it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._certificate import (
    SELF_SIGNED_DAYS,
    Certificate,
    Have,
    Issue,
    Link,
    Reload,
    SelfSign,
    Site,
    StartTimer,
    Step,
    explain,
    is_stale,
    openssl_config,
    parse_certificate,
    parse_server,
)
from ansible_collections.pyhost.flask.plugins.module_utils._services import systemd_runs

LETSENCRYPT = Path("/etc/letsencrypt")
LOG = Path("/var/log/letsencrypt/letsencrypt.log")
TIMER = "certbot.timer"
CRON = Path("/etc/cron.d/certbot")  # of the same package; does nothing where systemd runs
SELF_SIGNED = ".selfsigned"  # no app can have this name


class CertificateError(Exception):
    """What a user can cause; the text says what to do."""


class Host:
    """A host, with the folder of the stable paths and the webroot of the challenges."""

    def __init__(self, module: Any, folder: Path, webroot: Path) -> None:
        self._module = module
        self._folder = folder
        self._webroot = webroot

    def observe(self, sites: Iterable[Site]) -> dict[str, Have]:
        """What there is for each site; what nginx serves is None where it gives no answer."""
        return {site.name: self._observe(site) for site in sites}

    def _observe(self, site: Site) -> Have:
        link, live = self._folder / site.name, self._live(site)
        issued = self._read(live) if site.authority else None
        links_to_issued = self._links_to_issued(site)
        linked = issued if issued and links_to_issued else self._read(link)
        name = site.server_name
        # A site that only has addresses cannot be asked for by name.
        served = _served(name) if name else linked and linked.fingerprint
        renewal = LETSENCRYPT / "renewal" / f"{site.name}.conf"
        server = parse_server(renewal.read_text(encoding="utf-8")) if renewal.exists() else ""
        return Have(linked, links_to_issued, issued, server, served or None)

    def timer_active(self) -> bool:
        """Whether something renews the certificates."""
        if not systemd_runs():
            return CRON.exists()
        return self._run(["systemctl", "is-active", "--quiet", TIMER])[0] == 0

    def apply(self, step: Step) -> None:
        """Take one step. Raises ``CertificateError`` where it cannot be taken."""
        if isinstance(step, SelfSign):
            self._self_sign(step.site)
        elif isinstance(step, Link):
            self._link(step.site, str(self._live(step.site)))
        elif isinstance(step, Issue):
            self._issue(step.site)
        elif isinstance(step, StartTimer):
            self._start_timer()
        elif isinstance(step, Reload):
            self._reload(step.sites)

    def _self_sign(self, site: Site) -> None:
        """A new folder with certificate and key, and the link to it; so both change at once."""
        parent = self._folder / SELF_SIGNED
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f"{site.name}.", dir=parent))
        (new / "openssl.cnf").write_text(openssl_config(site), encoding="utf-8")
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        argv += ["-nodes", "-days", str(SELF_SIGNED_DAYS), "-config", str(new / "openssl.cnf")]
        argv += ["-keyout", str(new / "privkey.pem"), "-out", str(new / "fullchain.pem")]
        self._must(argv)
        self._link(site, f"{SELF_SIGNED}/{new.name}")

    def _link(self, site: Site, target: str) -> None:
        """Lead the site's path to another folder, and remove what is no longer led to."""
        new = self._folder / f".{site.name}.new"
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        new.symlink_to(target)
        os.replace(new, self._folder / site.name)
        for old in (self._folder / SELF_SIGNED).glob(f"{site.name}.*"):
            if old != self._folder / target:
                shutil.rmtree(old, ignore_errors=True)

    def _issue(self, site: Site) -> None:
        authority = site.authority
        if authority is None:
            return
        self._clear_remains(site)
        # It is certain by now that a new one is needed, so certbot must not decide otherwise.
        argv = ["certbot", "certonly", "--non-interactive", "--agree-tos", "--force-renewal"]
        argv += ["--email", authority.email, "--server", authority.server, "--key-type", "ecdsa"]
        argv += ["--webroot", "-w", str(self._webroot), "--cert-name", site.name]
        argv += [part for domain in site.domains for part in ("-d", domain)]
        trust = {"REQUESTS_CA_BUNDLE": authority.ca} if authority.ca else {}
        logged = LOG.stat().st_size if LOG.exists() else 0
        rc, output = self._run(argv, trust)
        if rc:
            kept = "the one that it has" if self._read(self._live(site)) else "a self-signed one"
            reasons = "".join(f"\n  {line}" for line in explain(output, _log_since(logged)))
            raise CertificateError(
                f"{site.name}: certbot got no certificate; the site answers with {kept}.{reasons}"
            )
        if self._read(self._live(site)) is None:
            raise CertificateError(
                f"{site.name}: certbot did not write to {self._live(site)}; see 'certbot"
                " certificates' on this host"
            )
        self._link(site, str(self._live(site)))

    def _clear_remains(self, site: Site) -> None:
        """Remove what a killed certbot or a careless hand left of a certificate.

        Certbot would leave it alone and write beside it, to NAME-0001, at each run anew.
        """
        live, archive = self._live(site), LETSENCRYPT / "archive" / site.name
        renewal = LETSENCRYPT / "renewal" / f"{site.name}.conf"
        needed = (live / "fullchain.pem", live / "privkey.pem", renewal)
        if all(file.exists() for file in needed):
            return
        if self._links_to_issued(site):
            self._self_sign(site)  # nginx may be restarted before certbot succeeds
        for folder in (live, archive):
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            renewal.unlink()

    def _links_to_issued(self, site: Site) -> bool:
        link = self._folder / site.name
        return link.is_symlink() and os.readlink(link) == str(self._live(site))

    def _start_timer(self) -> None:
        if not systemd_runs():
            raise CertificateError(
                f"nothing renews certificates: {CRON} of certbot's package is gone"
            )
        self._must(["systemctl", "enable", "--now", TIMER])

    def _reload(self, sites: Iterable[Site]) -> None:
        """Reload nginx where it serves old certificates, and see that it serves the new ones."""
        sites = [site for site in sites if is_stale(self._observe(site))]
        if not sites:
            return
        self._must(["nginx", "-t", "-q"])
        self._must(["service", "nginx", "reload"])
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            sites = [site for site in sites if is_stale(self._observe(site))]
            if not sites:
                return
            time.sleep(0.1)
        names = ", ".join(site.name for site in sites)
        raise CertificateError(
            f"nginx was reloaded and still does not serve the certificates of {names} on port 443;"
            " see /var/log/nginx/error.log on this host"
        )

    def _live(self, site: Site) -> Path:
        return LETSENCRYPT / "live" / site.name

    def _read(self, folder: Path) -> Certificate | None:
        """The certificate in a folder, or None where it or its key is missing or unreadable."""
        file = folder / "fullchain.pem"
        if not (file.exists() and (folder / "privkey.pem").exists()):
            return None
        argv = ["openssl", "x509", "-in", str(file), "-noout", "-dates", "-ext", "subjectAltName"]
        try:
            pem = file.read_text(encoding="ascii").partition("-----END")[0]
            der = ssl.PEM_cert_to_DER_cert(f"{pem}-----END CERTIFICATE-----")
            rc, text = self._run(argv)
            return None if rc else parse_certificate(text, hashlib.sha256(der).hexdigest())
        except (ValueError, KeyError):
            return None

    def _must(self, argv: list[str]) -> None:
        rc, output = self._run(argv)
        if rc:
            raise CertificateError(f"'{' '.join(argv[:3])}' failed: {output.strip()}")

    def _run(self, argv: list[str], environment: dict[str, str] | None = None) -> tuple[int, str]:
        """The command's status and all that it wrote."""
        try:
            rc, out, err = self._module.run_command(
                argv, environ_update=environment or {}, handle_exceptions=False
            )
        except FileNotFoundError:
            return 127, f"{argv[0]} is not installed"
        return rc, f"{out}\n{err}"


def _log_since(size: int) -> str:
    """What certbot has logged since its log had this size; Debian's certbot appends to it."""
    if not LOG.exists():
        return ""
    log = LOG.read_bytes()
    return log[size if size <= len(log) else 0 :].decode(errors="replace")


def _served(name: str) -> str | None:
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

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates on a host: what is there, and the steps that change it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from ansible_collections.pyhost.flask.plugins.module_utils._core import durable, openssl, services
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module

from . import certbot, nginx, plan, provided
from .certbot import Certbot, condemned
from .inspect import Tools
from .nginx import CRON, TIMER
from .plan import (
    SELF_SIGNED_DAYS,
    DeleteLineage,
    Have,
    Issue,
    Link,
    Provide,
    Reload,
    RemovePath,
    Rest,
    Revoke,
    SelfSign,
    Site,
    StartTimer,
    Step,
)

# Where the certificates are that are not certbot's; no app can have such a name.
SELF_SIGNED, PROVIDED = ".selfsigned", ".provided"
SOURCES = {SELF_SIGNED: "selfsigned", PROVIDED: "provided"}
UNSERVED = "unserved"  # lies in a new folder until nginx was reloaded


class Host:
    """A host, with the folder of the stable paths and the webroot of the challenges."""

    def __init__(self, module: Module, folder: Path, webroot: Path) -> None:
        self._tools = Tools(module)
        self._certbot = Certbot(self._tools, webroot)
        self._folder = folder

    def observe(self, sites: Iterable[Site]) -> dict[str, Have]:
        """What there is for each site; what nginx serves is None where it gives no answer."""
        return {site.name: self._observe(site) for site in sites}

    def _observe(self, site: Site) -> Have:
        link, source = self._folder / site.name, self._source(site.name)
        issued = self._tools.read(certbot.live(site.name)) if site.authority else None
        linked = issued if issued and source == "certbot" else self._tools.read(link)
        name = site.server_name
        # A site that only has addresses cannot be asked for by name.
        fingerprint = nginx.served(name) if name else linked and linked.fingerprint
        return Have(
            linked=linked,
            source=source,
            up_to_date=site.files is not None and _written(link) == _contents(site),
            issued=issued,
            lineage=certbot.lineage(site.name) if issued else Have().lineage,
            served=fingerprint or None,
            unserved=(link / UNSERVED).exists(),
            condemned=condemned(site.name),
        )

    def _source(self, name: str) -> str:
        """What the site's path leads to: selfsigned, provided, certbot, or nothing."""
        link = self._folder / name
        target = os.readlink(link) if link.is_symlink() else ""
        return (
            "certbot"
            if target == str(certbot.live(name))
            else SOURCES.get(os.path.dirname(target), "")
        )

    def rest(self, sites: Iterable[Site]) -> Rest:
        """What there is besides. The timer is no matter where nothing is to be renewed."""
        paths = self._folder.iterdir() if self._folder.is_dir() else ()
        return Rest(
            not any(site.authority for site in sites) or nginx.timer_active(self._tools.run),
            certbot.recorded(),
            frozenset(path.name for path in paths if path.is_symlink() and path.name[0] != "."),
        )

    def examine(self, site: Site, now: float) -> tuple[list[str], list[str]]:
        """The mistakes in the files that a user provides, and warnings about them."""
        if site.files is None:
            return [], []
        found = provided.mistakes_in_text(site.files)
        # In check mode, openssl may be what an earlier task would have installed.
        if found or shutil.which("openssl") is None:
            return found, []
        read = self._tools.examine(site.files)
        found = provided.mistakes(site.files, read, site.domains, now)
        return found, [] if found else provided.warnings(site.files, read, now)

    def apply(self, step: Step) -> None:
        """Take one step. Raises ``UserError`` where it cannot be taken."""
        if isinstance(step, SelfSign):
            self._self_sign(step.site)
        elif isinstance(step, Provide):
            self._provide(step.site)
        elif isinstance(step, Link):
            self._link(step.site.name, str(certbot.live(step.site.name)))
        elif isinstance(step, Issue):
            self._issue(step.site, step.condemned)
        elif isinstance(step, Revoke) and step.site.authority:
            self._certbot.revoke(step, step.site.authority)
        elif isinstance(step, StartTimer):
            self._start_timer()
        elif isinstance(step, Reload):
            self._reload(step.sites)
        elif isinstance(step, DeleteLineage):
            self._certbot.delete(step.name)
        elif isinstance(step, RemovePath):
            (self._folder / step.name).unlink()
            self._remove_but(step.name, "")

    def _self_sign(self, site: Site) -> None:
        new = self._new(site.name, SELF_SIGNED)
        config = openssl.openssl_config(site.name, site.domains)
        (new / "openssl.cnf").write_text(config, encoding="utf-8")
        argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        argv += ["-nodes", "-days", str(SELF_SIGNED_DAYS), "-config", str(new / "openssl.cnf")]
        argv += ["-keyout", str(new / "privkey.pem"), "-out", str(new / "fullchain.pem")]
        self._tools.must(argv)
        self._link(site.name, f"{SELF_SIGNED}/{new.name}")

    def _provide(self, site: Site) -> None:
        new = self._new(site.name, PROVIDED)
        chain, key = _contents(site)
        (new / "fullchain.pem").write_text(chain, encoding="ascii")
        (new / "privkey.pem").touch(mode=0o600)
        (new / "privkey.pem").write_text(key, encoding="ascii")
        self._link(site.name, f"{PROVIDED}/{new.name}")

    def _new(self, name: str, kind: str) -> Path:
        """A new folder for certificate and key, so that both change at once."""
        parent = self._folder / kind
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=parent))
        (new / UNSERVED).touch()
        return new

    def _link(self, name: str, target: str) -> None:
        """Lead the site's path to another folder, and remove what is no longer led to."""
        folder = self._folder / target
        if self._folder in folder.parents:  # certbot sees to its own
            durable.sync_tree(folder)
            durable.sync(folder.parent)
        new = self._folder / f".{name}.new"
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        new.symlink_to(target)
        durable.replace(new, self._folder / name)
        self._remove_but(name, target)

    def _remove_but(self, name: str, target: str) -> None:
        for kind in SOURCES:
            for old in (self._folder / kind).glob(f"{name}.*"):
                if old != self._folder / target:
                    shutil.rmtree(old, ignore_errors=True)

    def _issue(self, site: Site, condemned: str) -> None:
        if site.authority is None:
            return
        if not self._certbot.is_whole(site.name):
            if self._source(site.name) == "certbot":
                self._self_sign(site)  # nginx may be restarted before certbot succeeds
            self._certbot.clear(site.name)
        own = self._source(site.name) == "selfsigned"
        kept = "a self-signed one" if own else "the one that it has"
        with self._certbot.condemning(site.name, condemned):
            self._certbot.issue(site, site.authority, kept)
        self._link(site.name, str(certbot.live(site.name)))

    def _start_timer(self) -> None:
        if not services.systemd_runs():
            raise UserError(f"nothing renews certificates: {CRON} of certbot's package is gone")
        self._tools.must(["systemctl", "enable", "--now", TIMER])

    def _reload(self, sites: Iterable[Site]) -> None:
        """Reload nginx where it serves old certificates, and see that it serves the new ones."""
        sites = [site for site in sites if plan.is_stale(self._observe(site))]
        if not sites:
            return
        self._tools.must(["nginx", "-t", "-q"])
        self._tools.must(["service", "nginx", "reload"])
        for site in sites:
            with contextlib.suppress(FileNotFoundError):
                (self._folder / site.name / UNSERVED).unlink()
        give_up = time.monotonic() + 10
        while time.monotonic() < give_up:
            sites = [site for site in sites if plan.is_stale(self._observe(site))]
            if not sites:
                return
            time.sleep(0.1)
        names = ", ".join(site.name for site in sites)
        raise UserError(
            f"nginx was reloaded and still does not serve the certificates of {names} on port 443;"
            " see /var/log/nginx/error.log on this host"
        )


def _contents(site: Site) -> tuple[str, str]:
    """The chain and the key that a user provides, and nothing else that stands in the files."""
    if site.files is None:
        return "", ""
    chain, key = (
        openssl.blocks(site.files.chain, "CERTIFICATE"),
        openssl.blocks(site.files.key, "PRIVATE KEY"),
    )
    return "".join(chain), "".join(key)


def _written(folder: Path) -> tuple[str, str]:
    """The chain and the key in a folder."""
    files = (folder / "fullchain.pem", folder / "privkey.pem")
    if not all(file.exists() for file in files):
        return "", ""
    chain, key = (file.read_text(encoding="ascii", errors="replace") for file in files)
    return chain, key

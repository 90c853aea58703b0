#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate
author: The pyhost.flask developers (@pyhost)
short_description: The certificates of nginx's sites
version_added: 0.1.0
description:
  - Gives each site a certificate and key at a path that never changes, C(/etc/nginx/tls/NAME/) with
    C(fullchain.pem) and C(privkey.pem). It is a link, which leads to certbot's folder, to a copy of
    the files that are provided, or to a self-signed certificate, which is also the placeholder with
    which nginx starts before certbot has one.
  - Runs certbot only when a certificate is missing, its names, its authority or the way to get it
    differ from what is asked for, or its renewal has failed for weeks. Renewing is the work of
    C(certbot.timer), which is started where it is not active, or of C(/etc/cron.d/certbot) where
    systemd does not run.
  - Files that are provided must fit each other and the site; their chain, key, dates and names are
    checked before nginx sees them. Where they do not fit, nothing is changed.
  - Compares the certificate that nginx serves with the one on the disk, in every run, and reloads
    nginx where they differ.
  - Where an authority gives no certificate, the site keeps the one that it has, all other sites get
    theirs, and then the module fails with the reason for each domain and what to do about it.
  - What it made for sites that are no longer in O(sites) is removed, and certbot's certificates of
    sites that get theirs from elsewhere now, so that nothing is renewed for nobody. What others had
    certbot make is left alone.
requirements:
  - openssl
  - certbot, for sites with O(sites[].https=certbot)
attributes:
  check_mode:
    description: Nothing is changed and no authority is asked. Files that are provided are checked.
    support: full
  diff_mode:
    description: Shows the steps.
    support: full
options:
  sites:
    description: All the sites of the host.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The site's name; the certificate is kept under it, also at certbot.
        type: str
        required: true
      domains:
        description: The names, or addresses, that the certificate is for.
        type: list
        elements: str
        required: true
      https:
        description: Where the certificate comes from.
        type: str
        choices: [certbot, selfsigned, provided]
        default: certbot
      server:
        description: The directory of the ACME server.
        type: str
        default: https://acme-v02.api.letsencrypt.org/directory
      email:
        description: Where the authority sends its warnings.
        type: str
      ca:
        description: A file on the host with what certbot trusts when it talks to O(sites[].server).
          By default the system's certificates.
        type: path
      key_type:
        description: The kind of key that certbot makes.
        type: str
        choices: [ecdsa, rsa]
        default: ecdsa
      dns:
        description: How certbot proves by DNS records (the challenge DNS-01) that the domains are
          the host's. By default it does so by files that nginx serves (HTTP-01).
        type: dict
        suboptions:
          plugin:
            description: The name of certbot's plugin, such as V(rfc2136).
            type: str
            required: true
          credentials:
            description: A file on the host with the plugin's credentials, where it needs some.
            type: path
          propagation:
            description: Seconds after which all name servers know a record. The plugin's own
              default without it.
            type: int
      chain:
        description: The file with the site's certificate and, after it, those of the authorities in
          between, for O(sites[].https=provided).
        type: path
      key:
        description: The file with the private key, for O(sites[].https=provided).
        type: path
      source:
        description: Where the files are. On the controller they may be in the vault.
        type: str
        choices: [controller, host]
        default: controller
  issue:
    description:
      - With V(false) certbot and nginx are left alone. Sites that have no certificate get a
        self-signed one. So it can run before nginx has its configuration.
    type: bool
    default: true
  revoke:
    description:
      - Nothing but this, a site gets a new certificate with a new key, and then the authority
        revokes the one before. Where there is no new one, nothing is revoked.
    type: dict
    suboptions:
      name:
        description: The site.
        type: str
        required: true
      reason:
        description: What the authority tells those who ask.
        type: str
        choices: [unspecified, keycompromise, affiliationchanged, superseded, cessationofoperation]
        default: unspecified
  folder:
    description: Where the stable paths are.
    type: path
    default: /etc/nginx/tls
  webroot:
    description: The folder from which nginx answers C(/.well-known/acme-challenge/).
    type: path
    default: /var/www/acme
  _contents:
    description: Internal. The files as the controller has read them; not for playbooks.
    type: str
"""

EXAMPLES = r"""
- name: Give each site a certificate before nginx reads its configuration
  pyhost.flask.certificate:
    sites: &sites
      - name: notes
        domains: [notes.example.org, www.notes.example.org]
        email: admin@example.org
      - name: intranet
        domains: [192.0.2.7]
        https: selfsigned
      - name: shop
        domains: [shop.example.org]
        https: provided
        chain: "{{ inventory_dir }}/tls/shop.pem"
        key: "{{ inventory_dir }}/tls/shop.key"
    issue: false

- name: Get the certificates
  pyhost.flask.certificate:
    sites: *sites

- name: Revoke a certificate whose key is out
  pyhost.flask.certificate:
    sites: *sites
    revoke: {name: notes, reason: keycompromise}
"""

RETURN = r"""
due:
  description: With O(issue=false), whether there is something left to do once nginx answers.
  returned: always
  type: bool
steps:
  description: What was done, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: ["notes: get a certificate for notes.example.org, because there is none"]
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._certificate import plan
from ansible_collections.pyhost.flask.plugins.module_utils._certificate.host import Host
from ansible_collections.pyhost.flask.plugins.module_utils._certificate.plan import (
    Authority,
    Dns,
    Files,
    Site,
    Step,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core import payload
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

Options = dict[str, Any]
REASONS = ("unspecified", "keycompromise", "affiliationchanged", "superseded")
DNS = {
    "plugin": {"type": "str", "required": True},
    "credentials": {"type": "path"},
    "propagation": {"type": "int"},
}
SITE = {
    "name": {"type": "str", "required": True},
    "domains": {"type": "list", "elements": "str", "required": True},
    "https": {
        "type": "str",
        "choices": ["certbot", "selfsigned", "provided"],
        "default": "certbot",
    },
    "server": {"type": "str", "default": "https://acme-v02.api.letsencrypt.org/directory"},
    "email": {"type": "str"},
    "ca": {"type": "path"},
    "key_type": {"type": "str", "choices": ["ecdsa", "rsa"], "default": "ecdsa", "no_log": False},
    "dns": {"type": "dict", "options": DNS},
    "chain": {"type": "path"},
    "key": {"type": "path", "no_log": False},
    "source": {"type": "str", "choices": ["controller", "host"], "default": "controller"},
}
REVOKE = {
    "name": {"type": "str", "required": True},
    "reason": {
        "type": "str",
        "choices": [*REASONS, "cessationofoperation"],
        "default": "unspecified",
    },
}
OPTIONS = {
    "sites": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": SITE,
        "required_if": [("https", "certbot", ["email"]), ("https", "provided", ["chain", "key"])],
    },
    "issue": {"type": "bool", "default": True},
    "revoke": {"type": "dict", "options": REVOKE},
    "folder": {"type": "path", "default": "/etc/nginx/tls"},
    "webroot": {"type": "path", "default": "/var/www/acme"},
    "_contents": {"type": "str", "no_log": True},
}


def site_of(params: Options, contents: dict[str, str]) -> Site:
    """A site out of the module's options, with the files that the controller has sent."""
    authority, files = None, None
    if params["https"] == "certbot":
        authority = Authority(
            params["server"],
            params["email"],
            params["ca"] or "",
            params["key_type"],
            dns_of(params["dns"]) if params["dns"] else None,
        )
    elif params["https"] == "provided":
        files = files_of(params, contents)
    return Site(params["name"], tuple(params["domains"]), authority, files)


def dns_of(params: Options) -> Dns:
    """The DNS plugin that is asked for."""
    seconds = params["propagation"]
    return Dns(params["plugin"], params["credentials"] or "", str(seconds or ""))


def files_of(params: Options, contents: dict[str, str]) -> Files:
    """The files of a certificate that is provided."""
    chain, key = params["chain"], params["key"]
    if params["source"] == "controller":
        return Files(chain, key, contents[chain], contents[key])
    try:
        read = [Path(file).read_text(encoding="ascii", errors="replace") for file in (chain, key)]
    except OSError as error:
        problem = f"{error.filename}: cannot be read on this host: {error.strerror}"
        return Files(chain, key, problem=problem)
    return Files(chain, key, *read)


def contents_of(packed: str | None) -> dict[str, str]:
    """The files as the controller has packed them, by path."""
    sent = payload.unpack(packed) if packed else {}
    return {path: content.decode("ascii", "replace") for path, content in sent.items()}


def examine(host: Host, sites: Sequence[Site], module: AnsibleModule) -> None:
    """Fail where files that are provided do not fit, with all that is wrong of all sites."""
    found = []
    for site in sites:
        mistakes, warnings = host.examine(site, time.time())
        found += [f"{site.name}: {text}" for text in mistakes]
        for text in warnings:
            module.warn(f"{site.name}: {text}")
    if found:
        module.fail_json(msg="\n".join([*found, "No certificate was changed."]))


def steps_for(host: Host, sites: list[Site], params: Options) -> tuple[list[Step], bool]:
    """The steps that this host needs now, and whether it needs others after them."""
    have, now = host.observe(sites), time.time()
    if params["revoke"]:
        asked = params["revoke"]
        chosen = [site for site in sites if site.name == asked["name"]]
        found = [plan.plan_revocation(site, have[site.name], asked["reason"]) for site in chosen]
        return [step for steps in found for step in steps], False
    steps = plan.plan(sites, have, host.rest(sites), now)
    return (steps, False) if params["issue"] else (plan.plan_files(sites, have, now), bool(steps))


def take(host: Host, steps: list[Step]) -> list[str]:
    """Take the steps, each even where another one fails; return the failures."""
    failures = []
    for step in steps:
        try:
            host.apply(step)
        except UserError as error:
            failures.append(str(error))
        except OSError as error:
            failures.append(f"cannot {step}: {error.strerror}: {error.filename}")
    return failures


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    params = module.params
    contents = contents_of(params["_contents"])
    sites = [site_of(site, contents) for site in params["sites"]]
    host = Host(module, Path(params["folder"]), Path(params["webroot"]))
    examine(host, sites, module)
    steps, due = steps_for(host, sites, params)
    if params["revoke"] and not steps:
        module.fail_json(
            msg=f"{params['revoke']['name']}: certbot has no certificate of this site on this host;"
            " there is nothing to revoke"
        )
    failures = [] if module.check_mode else take(host, steps)
    texts = [str(step) for step in steps]
    diff = {"before": "", "after": "".join(f"{text}\n" for text in texts)}
    result: Options = {"changed": bool(steps), "steps": texts, "due": due, "diff": diff}
    if failures:
        module.fail_json(msg="\n".join(failures), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()

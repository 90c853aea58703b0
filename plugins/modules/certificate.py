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
    C(fullchain.pem) and C(privkey.pem). It is a link, first to a self-signed placeholder, so that
    nginx always starts, and to certbot's folder as soon as certbot has a certificate.
  - Runs certbot only when a certificate is missing, its names or its authority differ from what is
    asked for, or its renewal has failed for weeks. Renewing is the work of C(certbot.timer), which
    is started where it is not active, or of C(/etc/cron.d/certbot) where systemd does not run.
  - Compares the certificate that nginx serves with the one on the disk, in every run, and reloads
    nginx where they differ.
  - Where an authority gives no certificate, the site keeps the one that it has, all other sites get
    theirs, and then the module fails with the reason for each domain and what to do about it.
requirements:
  - openssl
  - certbot, for sites with O(sites[].https=certbot)
attributes:
  check_mode:
    description: Nothing is changed and no authority is asked.
    support: full
  diff_mode:
    description: Shows the steps.
    support: full
options:
  sites:
    description: The sites.
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
        choices: [certbot, selfsigned]
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
  issue:
    description:
      - With V(false) certbot and nginx are left alone. Sites that have no certificate get a
        self-signed one. So it can run before nginx has its configuration.
    type: bool
    default: true
  folder:
    description: Where the stable paths are.
    type: path
    default: /etc/nginx/tls
  webroot:
    description: The folder from which nginx answers C(/.well-known/acme-challenge/).
    type: path
    default: /var/www/acme
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
    issue: false

- name: Get the certificates
  pyhost.flask.certificate:
    sites: *sites
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
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._certificate import (
    Authority,
    Site,
    Step,
    plan,
    plan_files,
)
from ansible_collections.pyhost.flask.plugins.module_utils._certificate_host import (
    CertificateError,
    Host,
)

SITE = {
    "name": {"type": "str", "required": True},
    "domains": {"type": "list", "elements": "str", "required": True},
    "https": {"type": "str", "choices": ["certbot", "selfsigned"], "default": "certbot"},
    "server": {"type": "str", "default": "https://acme-v02.api.letsencrypt.org/directory"},
    "email": {"type": "str"},
    "ca": {"type": "path"},
}


def site_of(params: dict[str, Any]) -> Site:
    """A site out of the module's options."""
    authority = Authority(params["server"], params["email"] or "", params["ca"] or "")
    certbot = params["https"] == "certbot"
    return Site(params["name"], tuple(params["domains"]), authority if certbot else None)


def steps_for(host: Host, sites: list[Site], issue: bool) -> tuple[list[Step], bool]:
    """The steps that this host needs now, and whether it needs others after them."""
    have, now = host.observe(sites), time.time()
    needs_timer = any(site.authority for site in sites)
    steps = plan(sites, have, not needs_timer or host.timer_active(), now)
    return (steps, False) if issue else (plan_files(sites, have, now), bool(steps))


def take(host: Host, steps: list[Step]) -> list[str]:
    """Take the steps, each even where another one fails; return the failures."""
    failures = []
    for step in steps:
        try:
            host.apply(step)
        except CertificateError as error:
            failures.append(str(error))
        except OSError as error:
            failures.append(f"cannot {step}: {error.strerror}: {error.filename}")
    return failures


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "sites": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": SITE,
                "required_if": [("https", "certbot", ["email"])],
            },
            "issue": {"type": "bool", "default": True},
            "folder": {"type": "path", "default": "/etc/nginx/tls"},
            "webroot": {"type": "path", "default": "/var/www/acme"},
        },
        supports_check_mode=True,
    )
    sites = [site_of(params) for params in module.params["sites"]]
    host = Host(module, Path(module.params["folder"]), Path(module.params["webroot"]))
    steps, due = steps_for(host, sites, module.params["issue"])
    failures = [] if module.check_mode else take(host, steps)
    texts = [str(step) for step in steps]
    diff = {"before": "", "after": "".join(f"{text}\n" for text in texts)}
    result: dict[str, Any] = {"changed": bool(steps), "steps": texts, "due": due, "diff": diff}
    if failures:
        module.fail_json(msg="\n".join(failures), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()

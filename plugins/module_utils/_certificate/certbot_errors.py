# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What certbot's failures mean, and what to do about them.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import re

# What to do, by "TYPE: DETAIL" of the ACME error (the types are those of RFC 8555, section 6.7), or
# by ": MESSAGE" of an error of certbot's own.
REMEDIES = [
    (
        "TXT record|_acme-challenge.*TXT|TXT.*_acme-challenge",
        "the authority did not find the record that the DNS plugin made; let"
        " certbot.dns.propagation be longer, and see that the zone's public name servers are the"
        " ones that the plugin talks to, then run again",
    ),
    ("^rateLimited:", "wait as long as the authority says, then run again"),
    (
        "^dns:|^connection:.*(no such host|resolv|NXDOMAIN)",
        "make a DNS record (A or AAAA) of this name that points to this host, then run again",
    ),
    (
        "^connection:",
        "let port 80 of the address that the name points to reach this host (DNS record, firewall,"
        " port forwarding), then run again",
    ),
    (
        "^unauthorized:",
        "the name leads to another server; let its DNS records (A and AAAA) point to this host,"
        " then run again",
    ),
    ("^caa:", "allow the authority in the domain's CAA record, then run again"),
    ("^rejectedIdentifier:", "the authority signs no such name; take https: selfsigned for it"),
    (
        "^accountDoesNotExist:",
        "the authority has forgotten this host's account; remove the authority's folder in"
        " /etc/letsencrypt/accounts on this host, then run again",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED",
        "certbot does not trust the ACME server; give its CA in certbot.ca",
    ),
    (
        "Connection refused|Max retries|timed out|Network is unreachable",
        "this host does not reach the ACME server; check certbot.server and the network, then run"
        " again",
    ),
    (
        "^plugin:",
        "the DNS plugin could not make its record; check certbot.dns.credentials, and that this"
        " host reaches what the plugin talks to, then run again",
    ),
    ("Another instance of Certbot", "run again in a minute"),
]
# As the library requests puts it: HTTPSConnectionPool(host='acme', port=443): ... (Caused by ...)
CONNECTION = re.compile(r"\S*HTTPS?ConnectionPool\(host='([^']+)', port=(\d+)\): (.*)")
REASON = re.compile(r"(?:\[(?:Errno -?\d+|SSL: \w+)\] |(?=\w+ timed out))([^'\"()\[\].]+)")


def explain(output: str, log: str) -> list[str]:
    """What to do after certbot failed, and why: a line for each domain, or one for all.

    ``output`` is what certbot wrote, ``log`` its log of the run: some versions die of an error of
    their own after a rate limit, and only the log has the authority's answer.
    """
    refused = re.findall(r"Domain:\s*(\S+)\n\s*Type:\s*(\S+)\n\s*Detail:\s*(.+)", output)
    if refused:
        return [
            f"{domain}: {_remedy(kind, detail)}; the authority says: {detail} ({kind})"
            for domain, kind, detail in sorted(refused)
        ]
    kind, detail = _last_acme_error(log)
    if kind:
        return [f"the authority says: {detail} ({kind}); {_remedy(kind, detail)}"]
    words = _last_words(output)
    plugin = "certbot_dns_" in log and "errors.PluginError" in log
    return [f"certbot says: {_shorter(words)}; {_remedy('plugin' if plugin else '', words)}"]


def _last_acme_error(log: str) -> tuple[str, str]:
    """The type and the detail, with how long to wait, of the last error that the log has."""
    pattern = r'"type":\s*"urn:ietf:params:acme:error:(\w+)",\s*"detail":\s*"((?:[^"\\]|\\.)*)"'
    found = list(re.finditer(pattern, log))
    if not found:
        return "", ""
    response = log[: found[-1].start()].rpartition("Received response:")[2]
    wait = re.search(r"^Retry-After:\s*(.+?)\s*$", response, re.MULTILINE | re.IGNORECASE)
    after = f"; retry after {wait[1]}{' seconds' if wait[1].isdigit() else ''}" if wait else ""
    return found[-1][1], f"{found[-1][2]}{after}"


def _last_words(output: str) -> str:
    """What certbot said, in one line and without what it always says."""
    always = ("Saving debug log", "Ask for help", "An unexpected error occurred", "Requesting a")
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith(always)]
    return " ".join(" ".join(lines[-3:]).split()) or "nothing"


def _shorter(words: str) -> str:
    """Python's words for a connection that failed, as the server and the reason."""
    found = CONNECTION.search(words)
    reason = REASON.search(found[3]) if found else None
    return f"{found[1]}:{found[2]}: {reason[1].strip()}" if found and reason else words


def _remedy(kind: str, detail: str) -> str:
    for pattern, remedy in REMEDIES:
        if re.search(pattern, f"{kind}: {detail}"):
            return remedy
    return "see /var/log/letsencrypt/letsencrypt.log on this host"

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``app_info`` has found, as a block of text for each app and host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import record

Facts = Mapping[str, Any]
SOON = 14  # days before a certificate ends in which that is said aloud
FULL = 1e9  # bytes; less room than that is said aloud


def text(hosts: Mapping[str, Mapping[str, Facts]], now: float) -> str:
    """The blocks of all apps of all hosts. ``hosts`` are the apps' facts by name, by host."""
    blocks = [block(host, name, app, now) for host in hosts for name, app in hosts[host].items()]
    return "\n\n".join(blocks)


def block(host: str, name: str, app: Facts, now: float) -> str:
    """An app on a host: a headline that says how it is, and a line for each of its parts."""
    parts = (
        ("release", release(app, now)),
        ("processes", processes(app.get("process"), now)),
        ("database", database(app.get("database"))),
        ("certificate", certificate(app.get("certificate"))),
        ("disk", disk(app.get("disk"))),
        ("backup", backup(app.get("backup"), now)),
        ("deploying", deploying(app.get("deploying"), now)),
        ("deploys", [deploy(entry, now) for entry in app.get("deploys") or ()]),
    )
    lines = [f"{name} on {host}: {headline(app)}"]
    for label, said in parts:
        for line in [said] if isinstance(said, str) else said:
            if line:
                lines.append(f"  {label:<12}{line}")
                label = ""
    return "\n".join(lines)


def headline(app: Facts) -> str:
    """How the app is, in a line."""
    if app.get("problem"):
        return f"UNKNOWN, {app['problem']}"
    if not app.get("release"):
        return "NEVER DEPLOYED" if not app.get("deploys") else "NOT LIVE, no deploy has succeeded"
    health = app.get("health") or {}
    if health.get("problem"):
        stopped = not (app.get("process") or {}).get("pid")
        return f"{'STOPPED' if stopped else 'BROKEN'}, {health['problem']}"
    answer = f"{health.get('status')} in {health.get('seconds', 0) * 1000:.0f} ms"
    return f"serving, answers {answer}"


def release(app: Facts, now: float) -> list[str]:
    found = app.get("release")
    if not found or "id" not in found:
        return [problem(found)]
    ages = f"live for {ago(found['live_since'], now)}, built {ago(found['built'], now)} ago"
    subject = f'"{found["subject"]}"' if found["subject"] else ""
    return [f"{found['version']}  {found['id']}  {subject}".rstrip(), ages]


def processes(found: Facts | None, now: float) -> list[str]:
    if not found or "slot" not in found:
        return [problem(found)]
    where = f"slot {found['slot']} under {found['manager']}"
    if not found["pid"]:
        return [f"NONE in {where}: {found['problem']}"]
    count = len(found["workers"])
    pids = " ".join(map(str, found["workers"]))
    since = f" for {ago(found['started'], now)}" if found.get("started") else ""
    lines = [f"{where}{since}: {count} worker{'s' * (count != 1)} ({pids}) of {found['pid']}"]
    for unit, running in found["processes"].items():
        name = unit.replace("@.service", "").partition(".")[2]
        count = found["restarts"].get(unit, 0)
        again = f", RESTARTED {count} time{'s' * (count != 1)}" if count else ""
        lines.append(f"{name}: {'runs' if running else 'DOES NOT RUN'}{again}")
    return lines


def database(found: Facts | None) -> str:
    if not found or "current" not in found:
        return problem(found)
    at = "+".join(found["current"]) or "no revision"
    if found.get("problem"):
        return f"at {at}: {found['problem']}"
    if not found["pending"]:
        return f"at {at}, the newest of the release"
    count = len(found["pending"])
    return f"at {at}, {count} BEHIND the release: {', '.join(found['pending'])}"


def certificate(found: Facts | None) -> str:
    if not found or "days" not in found:
        return problem(found)
    issuer = "self-signed" if found["self_signed"] else f"of {found['issuer']}"
    days = found["days"]
    left = f"{'ONLY ' if days < SOON else ''}{days} days left"
    said = [f"EXPIRED {-days} days ago, {issuer}" if days < 0 else f"{left}, {issuer}"]
    if not found.get("served", True):
        said.append("NOT THE ONE THAT NGINX SERVES, which a run of site.yml mends")
    if not found.get("renewed", True):
        said.append("certbot.timer IS OFF, so that nothing renews it; a run of site.yml starts it")
    return "; ".join(said)


def disk(found: Facts | None) -> str:
    if not found or "free" not in found:
        return problem(found)
    count = found["releases"]
    stands = f"{size(found['size'])} in {count} release{'s' * (count != 1)}"
    return f"{'ONLY ' if found['free'] < FULL else ''}{size(found['free'])} free, {stands}"


def backup(found: Facts | None, now: float) -> list[str]:
    """The newest backup and the last drill; what is wrong with them is said aloud."""
    if not found or "id" not in found:
        return [problem(found)]
    late = "OVERDUE, " if found["overdue"] else ""
    newest = "none yet"
    if found["id"]:
        newest = f"{found['id']}, {size(found['size'])}, {ago(found['when'], now)} old"
    lines = [late + newest]
    if found["failed"]:
        lines.append(f"FAILED {ago(found['tried'], now)} ago: {found['failed']}")
    drill = found["drill"]
    if drill:
        result = f"good, {drill['seconds']} s" if drill["ok"] else f"FAILED: {drill['why']}"
        lines.append(f"drill {ago(drill['when'], now)} ago: {result}")
    return lines


def deploying(found: Facts | None, now: float) -> str:
    if not found:
        return ""
    return (
        f"{found['who']} for {ago(found['since'], now)}; last step, begun"
        f" {ago(found['renewed'], now)} ago: {found['step']}"
    )


def deploy(entry: Facts, now: float) -> str:
    """A line of the ledger."""
    ends = [version(entry.get(end)) for end in ("from", "to")]
    result = entry["result"] if entry["result"] == "ok" else entry["result"].upper()
    what = f"{entry['what']} {' -> '.join(end for end in ends if end)}".rstrip()
    if entry["result"] != "ok":
        reason = (entry.get("reason") or "").partition("\n")[0]
        what += f" at {entry['step']}: {reason}"[:160]
    return f"{entry['when']}  {result:<11} {entry['seconds']:>6} s  {entry['who']}  {what}"


def version(found: Facts | None) -> str:
    """A release for people: its version with the beginning of its commit."""
    if not found:
        return ""
    return f"{found.get('version') or ''} {found['id'][:7]}".strip()


def problem(found: Facts | None) -> str:
    return f"UNKNOWN, {found['problem']}" if found and found.get("problem") else ""


def ago(since: float, now: float) -> str:
    return record.duration(now - since)


def size(number: float) -> str:
    """Bytes in the largest unit that suits."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.3g} {unit}"
        number /= 1000
    return f"{number:.3g} TB"

#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: app_info
author: The pyhost.flask developers (@pyhost)
short_description: How apps are
version_added: 0.1.0
description:
  - Tells of each app on a host which release is live, how its processes, its health, its database
    and its certificate are, and what its last deploys were. It changes nothing, and the database is
    opened for reading alone.
  - What cannot be found out is said in the C(problem) of its part, and is no failure.
attributes:
  check_mode:
    description: It only reads, so check mode makes no difference.
    support: full
  diff_mode:
    description: It only reads, so there is nothing to compare.
    support: none
options:
  apps:
    description:
      - The apps, each as its C(info) in what P(pyhost.flask.resolve#filter) returns; its RETURN
        says what is in there.
    type: list
    elements: dict
    required: true
  deploys:
    description: How many of the last deploys are told.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: See how the apps are
  pyhost.flask.app_info:
    apps: "{{ apps | map(attribute='info') }}"
  register: found
  vars:
    apps: "{{ flask_apps | pyhost.flask.resolve(flask_defaults) }}"
"""

RETURN = r"""
apps:
  description:
    - Each app by its name.
    - C(release) (with the commit's C(subject), and C(built) and C(live_since) in seconds since
      1970), C(process) (of the live slot, with its C(workers), its background C(processes), and in
      C(restarts) how often systemd had to start these again), C(health), C(database),
      C(certificate), C(disk), C(backup) (the newest one, whether it is C(overdue), how the last one
      and the last C(drill) went), C(deploys) and C(deploying).
    - C(certificate) says with C(served) whether nginx serves the one that is on the disk, and with
      C(renewed) whether the timer is on that renews it, where there has to be one.
    - A part that the app does not have is null. One that cannot be seen has a C(problem).
  returned: always
  type: dict
"""

import calendar
import http.client
import os
import shutil
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._backup import status
from ansible_collections.pyhost.flask.plugins.module_utils._certificate import nginx
from ansible_collections.pyhost.flask.plugins.module_utils._core import app, openssl, redact
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Info
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import lock
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock import (
    record as deploy_record,
)
from ansible_collections.pyhost.flask.plugins.module_utils._migrate import plan, session
from ansible_collections.pyhost.flask.plugins.module_utils._release.base import store
from ansible_collections.pyhost.flask.plugins.module_utils._reload import health as reload_health
from ansible_collections.pyhost.flask.plugins.module_utils._reload import plan as reload_plan
from ansible_collections.pyhost.flask.plugins.module_utils._reload import slots
from ansible_collections.pyhost.flask.plugins.module_utils._reload.managers import MANAGERS
from ansible_collections.pyhost.flask.plugins.module_utils._reload.slots import Process

Facts = dict[str, Any]
PATIENCE = 5.0  # seconds for an answer of the app
MISSING = (OSError, ValueError, KeyError, http.client.HTTPException)
PROBLEMS = (*MISSING, UserError)
OPTIONS: dict[str, Any] = {
    "apps": {"type": "list", "elements": "dict", "required": True},
    "deploys": {"type": "int", "default": 5},
}


class App:
    """An app, as it is on the host."""

    def __init__(self, module: AnsibleModule, info: Info) -> None:
        self.module = module
        self.service = info["service"]
        self.migration = info["migration"]
        self.certificate_folder = info["certificate"]
        self.root = Path(self.service["root"])
        self.layout = slots.layout(self.service)
        self.have = store.observe(self.root)

    def facts(self, deploys: int) -> Facts:
        """All parts, with the last ``deploys``."""
        record = lock.read(self.service["name"])
        live = self.have.live in self.have.releases
        return {
            "release": self._part(self.release) if live else None,
            "process": self._part(self.process) if live else None,
            "health": self._part(self.health) if live else None,
            "database": self._part(self.database) if live and self.migration["automatic"] else None,
            "certificate": self._part(self.certificate) if self.certificate_folder else None,
            "disk": self._part(self.disk),
            "backup": self._part(lambda: status.facts(self.service["name"], time.time())),
            "deploys": lock.last(self.root, deploys),
            "deploying": deploying(record) if record else None,
        }

    def release(self) -> Facts:
        live = self.have.releases[self.have.live]
        shown = ["git", f"--git-dir={self.root}/repo.git", "log", "-1", "--format=%s"]
        rc, subject, _err = self.module.run_command([*shown, live.revision])
        return {
            "id": live.id,
            "version": live.version,
            "revision": live.revision,
            "subject": subject.strip() if rc == 0 else "",
            "built": calendar.timegm(time.strptime(live.built[:19], "%Y-%m-%dT%H:%M:%S")),
            "live_since": int(self.layout.current.lstat().st_mtime),
        }

    def process(self) -> Facts:
        """The live slot and what runs in it."""
        sockets = {str(self.layout.socket(slot)): slot for slot in reload_plan.SLOTS}
        slot = sockets[os.readlink(self.layout.live_socket)]
        name = slots.manager_of(self.layout, slot) or self.service["manager"]
        manager = MANAGERS[name](self.module, self.service["unit"], self.service["processes"])
        found = manager.observe()[slot]
        behind = {unit: found.behind.get(unit, Process()) for unit in self.service["processes"]}
        return {
            "slot": slot,
            "manager": name,
            "pid": found.pid,
            "workers": slots.children(found.pid) if found.pid else [],
            "started": started(found.pid) if found.pid else None,
            "processes": {unit: one.running for unit, one in behind.items()},
            "restarts": {unit: one.restarts for unit, one in behind.items() if one.restarts},
            "problem": "" if found.running else found.problem or "it does not run",
        }

    def health(self) -> Facts:
        """The answer through the socket that nginx asks."""
        asked = self.service["health"]
        check = reload_health.Check(
            self.service["host"],
            asked["path"],
            tuple(asked["statuses"]),
            PATIENCE,
            self.have.live,
            self._without_secrets,
        )
        begin = time.monotonic()
        try:
            answer = reload_health.ask(str(self.layout.live_socket), check, PATIENCE, lambda: None)
        except TimeoutError:
            return {"status": None, "problem": f"no answer within {PATIENCE:g} seconds"}
        problem = reload_health.complaint(answer, check)
        seconds = round(time.monotonic() - begin, 3)
        return {"status": answer.status, "seconds": seconds, "problem": first_line(problem)}

    def database(self) -> Facts | None:
        """The database's revision and what the live release would do about it."""
        with session.reading(self.migration, self.layout.release(self.have.live)) as app:
            if not app:
                return None
            found = plan.have(app.ask("observe"))
        facts: Facts = {"current": list(found.current), "heads": list(found.heads), "pending": []}
        try:
            steps = plan.plan(found, "heads", False).steps
            facts["pending"] = [step.revision for step in steps]
        except UserError as error:
            facts["problem"] = first_line(str(error))
        return facts

    def certificate(self) -> Facts:
        folder = Path(self.certificate_folder)
        command = ["openssl", "x509", "-noout", "-enddate", "-issuer", "-fingerprint", "-sha256"]
        command += ["-nameopt", "sep_comma_plus"]
        rc, out, err = self.module.run_command([*command, "-in", str(folder / "fullchain.pem")])
        if rc:
            return {"problem": "there is none yet" if not folder.exists() else first_line(err)}
        fields = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        until = ssl.cert_time_to_seconds(fields["notAfter"])
        source = os.path.realpath(folder)
        return {
            "until": until,
            "days": int((until - time.time()) // 86400),
            "issuer": fields["issuer"],
            "self_signed": ".selfsigned" in source,
            "served": self.serves(fields["sha256 Fingerprint"].replace(":", "").lower()),
            "renewed": not source.startswith(str(nginx.LETSENCRYPT))
            or nginx.timer_active(self.module.run_command),
        }

    def serves(self, fingerprint: str) -> bool:
        """Whether nginx serves a certificate. None is asked for an address."""
        name = self.service["host"]
        return openssl.is_address(name) or nginx.served(name) == fingerprint

    def disk(self) -> Facts:
        """Bytes. What several releases share is counted once."""
        folder = self.root if self.root.is_dir() else Path("/srv")
        releases = self.root / "releases"
        _rc, out, _err = self.module.run_command(["du", "-s", "-B1", str(releases)])
        return {
            "free": shutil.disk_usage(folder).free,
            "releases": len(self.have.releases),
            "size": int(out.split()[0]) if out else 0,
        }

    def _part(self, look: Callable[[], Facts | None]) -> Any:
        try:
            return look()
        except PROBLEMS as error:
            return {"problem": first_line(self._without_secrets(str(error)))}

    def _without_secrets(self, text: str) -> str:
        return redact.redact_for(self.layout.etc, text)


def deploying(record: deploy_record.Record) -> Facts:
    """A deploy in progress, or what a play that is gone has left of one."""
    return {
        "who": record.play.who,
        "since": int(record.since),
        "renewed": int(record.renewed),
        "step": record.step,
    }


def started(pid: int) -> int | None:
    """When a process was started, in seconds since 1970: proc(5), starttime and btime."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    boot = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    return boot + int(stat.rpartition(")")[2].split()[19]) // os.sysconf("SC_CLK_TCK")


def first_line(text: str) -> str:
    """A problem for one line: its head, and its last line, which is where errors have theirs."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(dict.fromkeys([*lines[:1], *lines[-1:]]))[:300]


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    try:
        asked = app.read_all(Info, module.params["apps"])
    except UserError as error:
        module.fail_json(msg=str(error))
    deploys = module.params["deploys"]
    found = {info["service"]["name"]: App(module, info).facts(deploys) for info in asked}
    module.exit_json(changed=False, apps=found)


if __name__ == "__main__":
    main()

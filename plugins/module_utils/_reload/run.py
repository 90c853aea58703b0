# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A move of the traffic as a whole, for the module ``reload`` and for packages on the host."""

from __future__ import annotations

import functools
import grp
from collections.abc import Sequence
from typing import Any

from ansible_collections.pyhost.flask.plugins.module_utils._core import redact, services
from ansible_collections.pyhost.flask.plugins.module_utils._core.app import Service
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._core.module import Module
from ansible_collections.pyhost.flask.plugins.module_utils._deploy_lock.lock import Deploy

from . import managers, plan, slots, supervisor


def run(
    module: Module,
    app: Service,
    release: str,
    deploy: Deploy,
    pending: Sequence[str] = (),
    conffiles: bool = False,
) -> dict[str, Any]:
    """Observe, plan, apply; the app's result.

    ``release`` is an ID, or empty for the live release with the settings as they are now.
    ``pending`` are files that check mode would change before. With ``conffiles`` the settings are a
    package manager's, who would take what is put back there for the administrator's own; so after
    a failure they stay.
    """
    layout = slots.layout(app)
    if not module.check_mode:
        # Kept until the process ends. An earlier run that lost its connection may still be at it.
        slots.lock(layout)
    manager = managers.managed(module, app, layout)
    processes = manager.observe()
    have = slots.observe(layout, processes)
    want = wanted(module, app, release, have, processes, pending)
    steps = plan.plan(want, have)
    slot = next((step.slot for step in steps if step.kind == "switch"), have.live)
    result: dict[str, Any] = {
        "changed": bool(steps),
        "slot": slot,
        "release": want.release,
        "previous": previous(have),
        "reasons": plan.reasons(want, have),
        "steps": [f"{step.kind} {step.slot}" for step in steps],
        "diff": {
            "before_header": f"traffic of {app['name']}",
            "after_header": f"traffic of {app['name']}",
            **plan.diff(want, have, steps),
        },
    }
    if not module.check_mode:
        if steps:
            deploy.note(idle=False, release=want.release)
            result.update(apply(module, app, manager, want, have, steps, conffiles))
            processes = manager.observe()
        pid = processes[slot].pid
        result["pids"] = [pid, *slots.children(pid)]
    return result


def wanted(
    module: Module,
    app: Service,
    release: str,
    have: plan.Have,
    processes: dict[str, slots.Process],
    pending: Sequence[str],
) -> plan.Want:
    """The release that is asked for, with the settings as they are, or would be."""
    layout = slots.layout(app)
    release = release or (have.slots[have.live].release if have.live else "")
    if module.check_mode:
        release = release or "(to be built)"
    elif not release:
        raise UserError("no release is live yet; build one, and name it in 'releases'")
    elif not layout.release(release).is_dir():
        folder = layout.release(release).parent
        raise UserError(f"there is no release {release} in {folder}; build it first")
    # A drop-in for one slot alone is no reason to move to the other.
    units = set.intersection(*(set(process.files) for process in processes.values()))
    for unit in app["processes"]:
        instances = [process.behind.get(unit) for process in processes.values()]
        units |= set.intersection(*(set(one.files if one else ()) for one in instances))
    ends = tuple(f"/{unit}" for unit in (app["unit"], *app["processes"]))
    ends += supervisor.files(app["unit"])
    changing = [
        path
        for path in pending
        if module.check_mode and (path.startswith(f"{layout.etc}/") or path.endswith(ends))
    ]
    return slots.wanted(
        layout, release, units, changing, frozenset(app["processes"]), app["manager"]
    )


def apply(
    module: Module,
    app: Service,
    manager: slots.Manager,
    want: plan.Want,
    have: plan.Have,
    steps: list[plan.Step],
    conffiles: bool = False,
) -> dict[str, Any]:
    """Do the steps, and return the evidence."""
    # Imported here, for a run that has nothing to do need not wait for http.client.
    from . import health as reload_health
    from . import steps as reload_steps

    layout, health = slots.layout(app), app["health"]
    check = reload_health.Check(
        host=app["host"],
        path=health["path"],
        statuses=tuple(health["statuses"]),
        timeout=health["timeout"],
        release=want.release,
        hide=functools.partial(redact.redact_for, layout.etc),
    )
    group = grp.getgrnam(app["user"]).gr_gid
    drain = app["graceful_timeout"]
    mover = reload_steps.Mover(module, layout, manager, want, check, group, drain)
    for step in steps:
        try:
            mover.do(step)
        except (UserError, OSError) as error:
            # By the settings that it ran with, which are gone a line later.
            reason = redact.redact_for(layout.etc, str(error))
            if step.kind in ("start", "switch", "start_workers"):
                put_back(module, layout, have, conffiles)
            raise UserError(_failed(step, want, have, reason)) from error
    return mover.evidence


def put_back(
    module: Module, layout: slots.Layout, have: plan.Have, conffiles: bool = False
) -> None:
    """Put back the settings and units that the live slot was started with: it would otherwise come
    back with the new ones when it crashes, or after a reboot."""
    restored = have.live and slots.restore(layout, have.live, not conffiles)
    if restored and services.systemd_runs():
        module.run_command(["systemctl", "daemon-reload"])


def previous(have: plan.Have) -> dict[str, str]:
    return {"slot": have.live, "release": have.slots[have.live].release} if have.live else {}


def _failed(step: plan.Step, want: plan.Want, have: plan.Have, reason: str) -> str:
    """What a failure means for the site, the reason, and what to do."""
    old = previous(have)
    holder = f"release {old['release']} in slot {old['slot']}" if old else "no release"
    if step.kind == "start":
        effect = f"did not come up and got no traffic; {holder} has it, as before."
    elif step.kind == "switch":
        effect = f"failed as soon as it had the traffic; {holder} has it again."
    elif step.kind == "start_workers" and have.live != step.slot:
        effect = f"failed in the background once it had the traffic; {holder} has it again."
    elif step.kind == "start_workers":
        effect = "keeps the traffic, but not all of its background processes run."
    else:
        return (
            f"release {want.release} has the traffic, but slot {step.slot} is left over: {reason}"
        )
    remedy = "Correct the app or its settings, and deploy again."
    return f"release {want.release} {effect}\nReason: {reason}\n{remedy}"

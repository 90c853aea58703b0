#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: config_set
author: The pyhost.flask developers (@pyhost)
short_description: A set of configuration files as one transaction
version_added: 0.1.0
description:
  - Renders templates and files on the controller, sends them in one round trip, has the program
    itself validate the whole new set, swaps it in, and has it applied. Where one of these fails,
    the files are as before, and the program's own message is in the failure.
  - Files, links and folders that the set wrote in an earlier run and that are no longer in O(files)
    are removed in the same transaction, folders only when they are empty. What another set manages
    as well is left alone. With O(remove=false) they stay, for a later run to remove.
  - The commands of O(validate) run in a mount namespace of their own, in which the new files are at
    their places while the rest of the host sees the old ones. Where the host does not allow
    that (unprivileged containers), the new files are put in place, validated, and put back when a
    command fails.
  - Each file is replaced by a rename, so a program reads its old or its new self and never a half.
    The files of a set follow one another within milliseconds. A run that is killed between
    two of them leaves a mixture, which the next run of the same set puts back before anything else;
    it also repeats O(apply) where that had not succeeded.
attributes:
  check_mode:
    description: Nothing is written, and no command runs. Users, groups and folders that an earlier
      task would have made may be missing.
    support: full
  diff_mode:
    description: The contents, and changes of owner, group and mode. Not the contents of files with
      O(files[].secret).
    support: full
options:
  name:
    description:
      - The name of the set. What it manages is kept on the host under this name, in
        C(/var/lib/pyhost-flask/config_set).
    type: str
    required: true
  files:
    description: The whole set.
    type: list
    elements: dict
    required: true
    suboptions:
      dest:
        description:
          - Absolute path on the host. Its folder must exist or be in the set.
          - A link that is there is replaced and not followed, but for a link to a folder where a
            folder should be.
        type: path
        required: true
      state:
        description:
          - What should be at O(files[].dest).
          - With V(absent), a folder must be empty.
        type: str
        choices: [file, directory, link, absent]
        default: file
      template:
        description: A template on the controller, found and rendered as by
          M(ansible.builtin.template).
        type: path
      vars:
        description: Variables for the template, beside those of the task.
        type: dict
        default: {}
      content:
        description: The content itself. Data that is not text is written as JSON.
        type: raw
      src:
        description: A file on the controller, found as by M(ansible.builtin.copy).
        type: path
      target:
        description: What a link points to.
        type: str
      owner:
        description: The owner of a file or folder. Without it V(root).
        type: str
      group:
        description: The group of a file or folder. Without it V(root).
        type: str
      mode:
        description:
          - The mode of a file or folder, as octal digits in quotes.
          - Without it V("0755") for folders, V("0600") for files with O(files[].secret), V("0644")
            for others.
        type: raw
      secret:
        description: Never show the content, neither in the diff nor in messages.
        type: bool
        default: false
      systemd:
        description:
          - V(true) for an entry that is only for hosts on which systemd runs, V(false) for one that
            is only for the others.
        type: bool
  remove:
    description:
      - Whether to remove what the set managed before and no longer wants. With V(false) that stays
        on the host and in the set's care, and RV(unwanted) names it. For files that are still in
        use, such as the unit of a process that runs until a later task has replaced it.
    type: bool
    default: true
  backup:
    description:
      - Whether to keep what the changed and removed files were before, under their whole paths in
        C(/var/backups/pyhost-flask/config_set/NAME-TIME), a folder for each run that only root
        can read. Nothing is kept of a run that failed, and nothing is ever removed there.
    type: bool
    default: false
  validate:
    description: Commands, as lists of arguments, that must succeed with the new set before it is
      live.
    type: list
    elements: list
    default: []
  apply:
    description:
      - Commands, as lists of arguments, that run after the set has changed.
      - Where one fails, the old files are put back and all of these commands run again.
    type: list
    elements: list
    default: []
  services:
    description:
      - Units that read the files. Those that are not enabled or do not run are enabled and started
        in the end, also where no file has changed. Where systemd does not run, these are the
        services of C(/etc/init.d).
    type: list
    elements: str
    default: []
  needs_systemd:
    description:
      - What needs systemd and what to do without it, a line each. Where systemd does not run, the
        module fails with these lines before it changes anything.
    type: list
    elements: str
    default: []
  needs_site:
    description:
      - Whether to fail before anything is changed on a host on which the playbook
        C(pyhost.flask.site) has not run.
    type: bool
    default: false
  users:
    description:
      - System users that the files belong to. Those that do not exist are made before the files,
        each with a group of the same name, and stay where the set fails. A user who exists is left
        as is.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The user's name.
        type: str
        required: true
      home:
        description: The home folder. It is not made; it can be in O(files).
        type: path
        required: true
      comment:
        description: What the user is for.
        type: str
        default: ""
  _contents:
    description: Internal. The contents as the controller rendered them; not for playbooks.
    type: str
  _fingerprint:
    description: Internal. A shell function that prints what tells whether anything has changed.
    type: str
"""

EXAMPLES = r"""
- name: Write the sites
  pyhost.flask.config_set:
    name: nginx
    files:
      - dest: /etc/nginx/sites-enabled/notes
        template: site.conf.j2
        vars: {app: "{{ app }}"}
      - dest: /etc/nginx/sites-enabled/default
        state: absent
    validate: [[nginx, -t]]
    apply: [[systemctl, try-reload-or-restart, nginx]]
    services: [nginx.service]

- name: Write the app's settings
  pyhost.flask.config_set:
    name: notes
    files:
      - {dest: /etc/notes, state: directory, group: notes, mode: "0750"}
      - dest: /etc/notes/environment
        content: "SECRET_KEY={{ secret_key }}\n"
        group: notes
        mode: "0640"
        secret: true
"""

RETURN = r"""
paths:
  description: The paths that were changed (in check mode, that would be).
  returned: success
  type: list
  elements: str
  sample: [/etc/nginx/sites-enabled/notes]
backup:
  description: The folder with the old files; empty where none was kept.
  returned: success
  type: str
  sample: /var/backups/pyhost-flask/config_set/nginx-20261121T153000Z
unwanted:
  description: The paths that O(remove=false) has left, which the set managed and no longer wants.
  returned: success
  type: list
  elements: str
  sample: [/etc/systemd/system/flask-notes.worker@.service]
applied:
  description: Whether the commands of O(apply) ran (in check mode, whether they would).
  returned: success
  type: bool
output:
  description: What the commands of O(apply) printed.
  returned: success
  type: str
"""

import contextlib
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._config_set import (
    arguments,
    filesystem,
    fingerprint,
    plan,
    transaction,
    users,
)
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.arguments import NAME, SPEC
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.journal import (
    FOLDER,
    State,
    Store,
)
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.plan import (
    Change,
    Host,
    Node,
)
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.preview import Run
from ansible_collections.pyhost.flask.plugins.module_utils._config_set.transaction import (
    Transaction,
)
from ansible_collections.pyhost.flask.plugins.module_utils._core import payload, services
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

BACKUPS = "/var/backups/pyhost-flask/config_set"
STOPS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def runner(module: AnsibleModule, secrets: list[bytes]) -> Run:
    """A function that runs a command and hides what is secret from its output."""

    def run(command: list[str]) -> tuple[int, str, str]:
        try:
            status, out, err = module.run_command(command, handle_exceptions=False)
        except OSError as error:
            return 127, "", f"{command[0]}: {error.strerror}"
        return status, plan.hide(out, secrets), plan.hide(err, secrets)

    return run


def keep_fingerprint(module: AnsibleModule, want: dict[str, Node]) -> None:
    """Keep the fingerprint of a set that is as wanted, so that the next run can tell without a
    module.

    It is taken before the files are looked at: whoever changes one in between changes it.
    """
    params = module.params
    if params["services"] and not services.systemd_runs():  # nothing in it tells whether they run
        return
    taken = fingerprint.take(module, params["_fingerprint"])
    stopped = services.stopped(module.run_command, params["services"])
    if filesystem.observe(want, ()).nodes == want and not stopped:
        fingerprint.keep(params["name"], taken)


@contextlib.contextmanager
def kept(changes: list[Change], params: dict[str, Any]) -> Iterator[str]:
    """Have copies of the old files; the folder that holds them. None stay where the set fails."""
    folder = f"{BACKUPS}/{params['name']}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    try:
        yield folder if params["backup"] and filesystem.keep(changes, folder) else ""
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@dataclass(frozen=True)
class Work:
    """What there is to do for a set: observed and planned, and nothing of it done."""

    want: dict[str, Node]
    host: Host
    state: State
    after: State
    changes: list[Change]
    unwanted: list[str]
    secret: frozenset[str]

    @property
    def due(self) -> bool:
        """Whether files are to be changed, or an earlier run did not come to its end."""
        return bool(self.changes or self.state.due)


def observe(params: dict[str, Any], store: Store, check: bool) -> Work:
    """Look at the host, and plan."""
    files = [
        entry for entry in params["files"] if entry["systemd"] in (None, services.systemd_runs())
    ]
    want, secret = arguments.wanted(files, payload.unpack(params["_contents"]))
    want = filesystem.resolved(want, strict=not check)
    state = store.load() if check else transaction.recover(store)
    gone = set(state.managed) - set(want)
    host = filesystem.observe(want, gone - store.elsewhere() if gone else ())
    found = plan.plan(want, host, strict=not check)
    changes, unwanted = plan.split(found, want, params["remove"])
    secret |= frozenset(state.secret)
    after = State.of(want, secret, unwanted)
    return Work(want, host, state, after, changes, unwanted, secret)


def carry_out(module: AnsibleModule, store: Store, work: Work) -> tuple[str, str]:
    """Do it; the folder with copies of the old files, and what the commands printed."""
    params = module.params
    if work.due:
        run = runner(module, _contents([work.want, work.host.nodes], work.secret))
        todo = {option: arguments.commands(params, option) for option in ("validate", "apply")}
        fingerprint.forget(params["name"])
        with kept(work.changes, params) as backup:
            done = Transaction(store, work.state, work.changes, run=run, **todo)
            return backup, done.commit(work.after)
    if work.state != work.after:
        store.save(work.after)
    return "", ""


def start(module: AnsibleModule, idle: list[str]) -> None:
    """Start services that do not run."""
    status, out, err = module.run_command(services.start(idle)) if idle else (0, "", "")
    if status != 0:
        raise UserError(f"{', '.join(idle)} did not start: {(err or out).strip()}")


def change(module: AnsibleModule) -> dict[str, Any]:
    """Bring the set about, unless in check mode; return the result for the user."""
    params, check = module.params, module.check_mode
    refuse(params)
    strangers = users.missing(params["users"])
    if not check:
        users.make(strangers, runner(module, []))
    store = Store(FOLDER, params["name"])
    backup = output = ""
    with contextlib.nullcontext() if check else store.locked():
        work = observe(params, store, check)
        if not check:
            backup, output = carry_out(module, store, work)
    idle = services.stopped(module.run_command, params["services"])
    if not check:
        start(module, idle)
        if not work.unwanted:
            keep_fingerprint(module, work.want)
    diff = [*users.diff(strangers), *plan.diff(work.changes, work.secret)]
    return {
        "changed": bool(strangers or work.due or idle),
        "paths": [change.path for change in work.changes],
        "backup": backup,
        "unwanted": work.unwanted,
        "applied": work.due and bool(params["apply"]),
        "output": output,
        "diff": diff if module._diff else [],
    }


def refuse(params: dict[str, Any]) -> None:
    """Refuse options that are wrong, and hosts that are not for this set."""
    if not NAME.fullmatch(params["name"]):
        raise UserError("is not a valid name for a set; use letters, digits, dots, hyphens and _")
    for option in ("validate", "apply"):
        arguments.commands(params, option)
    refused = services.refusal(params["needs_systemd"])
    refused = refused or services.refusal_before_site(params["needs_site"])
    if refused:
        raise UserError(refused)


def _contents(nodes: list[dict[str, Node]], paths: frozenset[str]) -> list[bytes]:
    return [each[path].content or b"" for each in nodes for path in paths if path in each]


def interrupted(number: int, _frame: object) -> None:
    """Leave by way of the rollback, and let nothing interrupt that."""
    for later in STOPS:
        signal.signal(later, signal.SIG_IGN)
    raise UserError(f"stopped by {signal.Signals(number).name}")


def main() -> None:
    sent = {"type": "str", "no_log": True}
    spec = {**SPEC, "_contents": sent, "_fingerprint": sent}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    for stop in STOPS:
        signal.signal(stop, interrupted)
    try:
        result = change(module)
    except (UserError, OSError) as error:
        module.fail_json(msg=f"{module.params['name']}: {plan.reason(error)}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()

#!/usr/bin/python
# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: system_packages
author: The pyhost.flask developers (@pyhost)
short_description: Debian packages and tools that must be installed, and services that must run
version_added: 0.1.0
description:
  - Installs the packages that are missing, without recommended ones, in one transaction. Where none
    is missing it asks dpkg, and nothing else.
  - M(ansible.builtin.apt) can do far more, but it first installs a library on the host, cannot
    look at a host without it in check mode, and needs a second for a host with nothing to do.
  - Installs tools from PyPI, each in a venv of its own, where it disturbs nothing else.
  - Enables and starts the services that are not enabled or do not run.
  - An installation that was interrupted is finished. Another one that is under way, such as that of
    unattended upgrades, is waited for.
attributes:
  check_mode:
    description: Says what would be installed, on a bare host as well.
    support: full
  diff_mode:
    description: Shows the packages that are missing.
    support: full
options:
  name:
    type: list
    elements: str
    required: true
    description: The packages, each as V(nginx) or with a version as V(nginx=1.26.3-3).
  services:
    type: list
    elements: str
    default: []
    description:
      - Units that must be enabled and run, such as V(mariadb.service). Where systemd does not run,
        these are the services of C(/etc/init.d).
  without_systemd:
    type: list
    elements: str
    default: []
    description:
      - Packages for hosts on which systemd does not run, and on no others. Each has a service of
        its own name that must be enabled and run there, such as V(cron).
  needs_systemd:
    type: list
    elements: str
    default: []
    description:
      - What needs systemd and what to do without it, a line each. Where systemd does not run, the
        module fails with these lines before it changes anything.
  venvs:
    type: dict
    default: {}
    description:
      - Tools from PyPI in exact versions, such as V(uv==0.13.8), by the folders of their venvs.
      - A tool must have a wheel for the host. Debian's package python3-venv must be among O(name),
        or installed.
"""

EXAMPLES = r"""
- name: Install the database server, and start it
  pyhost.flask.system_packages:
    name: [mariadb-server]
    services: [mariadb.service]
"""

RETURN = r"""
missing:
  description: The packages and tools that were missing.
  returned: success
  type: list
  elements: str
versions:
  description:
    - The versions in which those of O(name) are installed. In check mode, those that are missing
      have none.
  returned: success
  type: dict
  sample: {nginx: 1.26.3-3}
stopped:
  description: The services that were not enabled or did not run.
  returned: success
  type: list
  elements: str
"""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pyhost.flask.plugins.module_utils._core import services as core_services
from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l", "LC_ALL": "C.UTF-8"}
QUERY = ["dpkg-query", "--show", "--showformat=${Package} ${Version} ${db:Status-Status}\n"]
# Files of /etc that the administrator has changed stay as they are.
KEEP = ["--option=Dpkg::Options::=--force-confdef", "--option=Dpkg::Options::=--force-confold"]
TOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9._+!-]*")
# Debian keeps this pip for new venvs: to install another one takes longer than the tool.
WHEELS = Path("/usr/share/python-wheels")
COMPLETE = "pyhost-flask"  # the file that says what a venv holds, written last
PATIENT = ["--option=DPkg::Lock::Timeout=600", "--option=Acquire::Retries=3"]


def parse(listing: str) -> dict[str, str]:
    """The versions of the packages that are installed, out of what QUERY prints."""
    lines = (line.split() for line in listing.splitlines())
    return {line[0]: line[1] for line in lines if line[2:] == ["installed"]}


def missing(names: Sequence[str], installed: Mapping[str, str]) -> list[str]:
    """The packages that are not installed, or not in the version that is asked for."""

    def there(name: str) -> bool:
        package, _equals, version = name.partition("=")
        return package in installed and version in ("", installed[package])

    return sorted({name for name in names if not there(name)})


def observe(module: AnsibleModule, *names: str) -> dict[str, str]:
    """What is installed of some packages, or of all."""
    packages = [name.partition("=")[0] for name in names]
    # It fails where it knows one of them not at all, and prints the others.
    return parse(module.run_command([*QUERY, *packages])[1])


def run(module: AnsibleModule, command: list[str], what: str) -> None:
    """Run a command. Raises UserError with the end of what it said."""
    rc, out, err = module.run_command(command, environ_update=QUIET)
    if rc != 0:
        said = "\n".join((err.strip() or out.strip()).splitlines()[-15:])
        raise UserError(f"{' '.join(command[:2])} failed for {what}. It said:\n{said}")


def install(module: AnsibleModule, names: list[str]) -> None:
    """Install packages, after finishing what an interrupted installation has left."""
    flags = ["--quiet", *PATIENT]
    wanted = ["--yes", "--no-install-recommends", *KEEP, *names]
    for command in (
        ["dpkg", "--configure", "--pending"],
        ["apt-get", "update", *flags],
        ["apt-get", "install", *flags, *wanted],
    ):
        run(module, command, ", ".join(names))


def incomplete(venvs: Mapping[str, str]) -> dict[str, str]:
    """The venvs that do not hold their tool in its version."""

    def there(folder: str, tool: str) -> bool:
        complete = Path(folder, COMPLETE)
        return complete.is_file() and complete.read_text() == tool

    return {folder: tool for folder, tool in venvs.items() if not there(folder, tool)}


def make_venv(module: AnsibleModule, folder: str, tool: str) -> None:
    """Make a new venv, with nothing in it but the tool."""
    run(module, ["python3", "-m", "venv", "--clear", "--without-pip", folder], tool)
    pips = sorted(WHEELS.glob("pip-*.whl"))
    if not pips:
        raise UserError(f"{tool}: {WHEELS} has no pip; install the package python3-venv")
    flags = ["--only-binary", ":all:", "--no-compile", "--disable-pip-version-check"]
    pip = ["env", f"PYTHONPATH={pips[-1]}", f"{folder}/bin/python", "-m", "pip"]
    run(module, [*pip, "install", *flags, tool], tool)
    Path(folder, COMPLETE).write_text(tool)


def apply(
    module: AnsibleModule, lacking: list[str], venvs: dict[str, str], services: list[str]
) -> bool:
    """Install what is missing and start what does not run; whether that changed anything."""
    before = observe(module) if lacking else {}
    if lacking:
        install(module, lacking)
    for folder, tool in venvs.items():
        make_venv(module, folder, tool)
    idle = core_services.stopped(module.run_command, services)
    if idle:
        run(module, core_services.start(idle), ", ".join(idle))
    # A name that other packages provide is always missing; it changes nothing.
    return bool(idle or venvs) or bool(lacking and observe(module) != before)


def check(params: Mapping[str, Any]) -> None:
    """Raise UserError for what cannot be a package, a service or a tool."""
    for name in (*params["name"], *params["services"], *params["without_systemd"]):
        if name.startswith("-") or not name.strip():
            raise UserError(f"{name!r} is not a valid name of a package or service")
    for folder, tool in params["venvs"].items():
        if not os.path.isabs(folder) or not TOOL.fullmatch(str(tool)):
            raise UserError(f"venvs: {folder}: {tool} should be as /opt/uv: uv==0.13.8")


def change(module: AnsibleModule) -> dict[str, Any]:
    """Bring all of it about, unless in check mode; the result for the user."""
    check(module.params)
    if refused := core_services.refusal(module.params["needs_systemd"]):
        raise UserError(refused)
    extra = [] if core_services.systemd_runs() else module.params["without_systemd"]
    names = [*module.params["name"], *extra]
    services = [*module.params["services"], *(f"{name}.service" for name in extra)]
    installed = observe(module, *names) if names else {}
    lacking = missing(names, installed)
    venvs = incomplete(module.params["venvs"])
    idle = core_services.stopped(module.run_command, services)
    changed = bool(lacking or venvs or idle)
    if changed and not module.check_mode:
        changed = apply(module, lacking, venvs, services)
        installed = observe(module, *names) if lacking else installed
    absent = [*lacking, *venvs.values()]
    diff = {"before": "", "after": "".join(f"{name}\n" for name in (*absent, *idle))}
    return {
        "changed": changed,
        "missing": absent,
        "stopped": idle,
        "versions": installed,
        "diff": diff,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "list", "elements": "str", "required": True},
            "services": {"type": "list", "elements": "str", "default": []},
            "without_systemd": {"type": "list", "elements": "str", "default": []},
            "needs_systemd": {"type": "list", "elements": "str", "default": []},
            "venvs": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        result = change(module)
    except (UserError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()

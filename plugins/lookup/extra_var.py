# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: extra_var
author: The pyhost.flask developers (@pyhost)
short_description: Variables of the command line alone
version_added: 0.1.0
description:
  - The values of variables that C(ansible-playbook) is given by C(-e). One of the same name in an
    inventory, where it may mean something else, does not count.
options:
  _terms:
    description: The variables' names.
    required: true
"""

EXAMPLES = r"""
- name: Show the version that is asked for
  ansible.builtin.debug:
    msg: "{{ lookup('pyhost.flask.extra_var', 'version') }}"
"""

RETURN = r"""
_raw:
  description: The variables' values as text; empty for those that are not given.
  type: list
  elements: str
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible.utils.vars import load_extra_vars


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[str]:
        given = load_extra_vars(self._loader)
        return [str(self._templar.template(given.get(name, ""))) for name in terms]

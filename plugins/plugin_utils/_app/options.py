# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options as a user wrote them, against an argument spec: all mistakes at once, in plain words.

Ansible's own check stops at the first kind of mistake and fills in no nested defaults; this one
goes through the whole, names each mistake with its path, and suggests the nearest option.
"""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Callable
from typing import Any

Options = dict[str, Any]
Spec = dict[str, dict[str, Any]]
MARKUP = re.compile(r"\b[A-Z]\(([^)]*)\)")


class Mistakes(ValueError):
    """What is wrong with ``flask_apps`` and other options: ``lines``, one mistake each."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        count = "a mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
        of_apps = all(line.startswith(("flask_apps", "flask_defaults")) for line in lines)
        head = f"flask_apps has {count}:" if of_apps else f"The options have {count}:"
        super().__init__("\n".join([head, *(f"- {line}" for line in lines)]))


def merged(common: Options, given: Options) -> Options:
    """``given`` over ``common``, key by key in nested dictionaries; lists are replaced whole."""
    result = copy.deepcopy(common)
    for key, value in given.items():
        both = isinstance(result.get(key), dict) and isinstance(value, dict)
        result[key] = merged(result[key], value) if both else value
    return result


def checked(
    given: Options, spec: Spec, path: str, mistakes: list[str], partly: bool = False
) -> Options:
    """The options of ``spec`` out of ``given``, coerced, and their defaults unless ``partly``."""
    for key in given:
        if key not in spec:
            near = difflib.get_close_matches(str(key), spec, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(sorted(spec))}"
            mistakes.append(f"{path}: unknown option '{key}'; {hint}")
    result: Options = {}
    for key, option in spec.items():
        value = given.get(key)
        if value is not None:
            result[key] = coerced(value, option, f"{path}.{key}", mistakes, partly)
        elif partly:
            continue
        elif option.get("required"):
            what = MARKUP.sub(r"\1", " ".join(option["description"][0].split()))
            mistakes.append(f"{path}.{key}: is missing. {what}")
            result[key] = {} if option["type"] == "dict" else None
        elif option["type"] == "dict" and "options" in option:
            result[key] = checked({}, option["options"], f"{path}.{key}", mistakes)
        else:
            result[key] = copy.deepcopy(option.get("default"))
    return result


def coerced(value: Any, option: Options, path: str, mistakes: list[str], partly: bool) -> Any:
    """A value as its option's type; what is wrong with it is added to ``mistakes``."""
    kind = option.get("type", "str")
    if kind == "list":
        if not isinstance(value, list):
            text = _described(value, option)
            mistakes.append(f"{path} = {text}: must be a list, such as [{text}]")
            return None
        element = {**option, "type": option.get("elements", "raw")}
        return [
            coerced(item, element, f"{path}[{index}]", mistakes, partly=False)
            for index, item in enumerate(value)
        ]
    if kind == "dict":
        if not isinstance(value, dict):
            text = _described(value, option)
            mistakes.append(f"{path} = {text}: must be a dictionary of options")
            return {}
        if "options" in option:
            return checked(value, option["options"], path, mistakes, partly)
        if partly:
            return value
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                mistakes.append(f"{path}.{key}: must be text, a number, true or false")
        return {str(key): _text(item) for key, item in value.items()}
    if kind == "raw":
        return value
    converted, remedy = CONVERTERS[kind](value)
    if not remedy and "choices" in option and converted not in option["choices"]:
        remedy = f"must be one of {', '.join(option['choices'])}"
    if remedy:
        mistakes.append(f"{path} = {_described(value, option)}: {remedy}")
        return None
    return converted


def _described(value: Any, option: Options) -> str:
    return "(hidden)" if option.get("no_log") else shown(value)


def _to_str(value: Any) -> tuple[str, str]:
    if isinstance(value, (bool, float)):
        return str(value), "must be text; put it in quotes, or YAML reads it as something else"
    if isinstance(value, (dict, list)):
        return "", "must be text"
    return str(value), ""


def _to_int(value: Any) -> tuple[int, str]:
    try:
        number = -1 if isinstance(value, (bool, float)) else int(value)
    except (TypeError, ValueError):
        number = -1
    return number, "" if number >= 0 else "must be a whole number, 0 or more"


def _to_bool(value: Any) -> tuple[bool, str]:
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    known = words.get(str(value).lower())
    return bool(known), "" if known is not None else "must be true or false"


def _to_float(value: Any) -> tuple[float, str]:
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = -1.0
    return number, "" if number >= 0 else "must be a number, 0 or more"


CONVERTERS: dict[str, Callable[[Any], tuple[Any, str]]] = {
    "str": _to_str,
    "path": _to_str,
    "int": _to_int,
    "float": _to_float,
    "bool": _to_bool,
}


def _text(value: Any) -> str:
    """An environment variable's value; booleans as Flask's ``from_prefixed_env`` reads them."""
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def shown(value: Any) -> str:
    return repr(str(value)) if isinstance(value, str) else str(value)

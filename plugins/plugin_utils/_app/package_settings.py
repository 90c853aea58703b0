# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of an app in a package: where the roles' files go, and what the package says of the
app. No input, no output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .app import App

# What is the administrator's on a host of Ansible's is the package's here, and may be overridden
# by files in /etc (systemd.unit(5), tmpfiles.d(5)).
PLACES = {
    "/etc/systemd/system/": "/usr/lib/systemd/system/",
    "/etc/tmpfiles.d/": "/usr/lib/tmpfiles.d/",
}
URLS = ("DATABASE_URL", "FLASK_SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_DATABASE_URI")
PASSWORD = "DATABASE_PASSWORD"  # of a database server on another host


def staged(files: Sequence[Mapping[str, Any]], stage: str) -> list[dict[str, Any]]:
    """Entries of ``config_set``, moved to where a package has them, below the folder ``stage``."""
    moved: list[dict[str, Any]] = []
    folders: dict[str, dict[str, Any]] = {}
    # What is for hosts without systemd is in no package, and the builder itself does not run it.
    for entry in (entry for entry in files if entry.get("systemd", True)):
        place = placed(entry["dest"])
        for parent in _parents(place):
            folders[parent] = {"dest": f"{stage}{parent}", "state": "directory"}
        kept = {key: value for key, value in entry.items() if key != "systemd"}
        moved.append({**kept, "dest": f"{stage}{place}"})
    given = {entry["dest"] for entry in moved}
    return [*(entry for entry in folders.values() if entry["dest"] not in given), *moved]


def placed(path: str) -> str:
    """Where a package has a file."""
    for ours, theirs in PLACES.items():
        if path.startswith(ours):
            return theirs + path[len(ours) :]
    return path


def _parents(path: str) -> list[str]:
    parts = path.split("/")[1:-1]
    return ["", *("/" + "/".join(parts[:end]) for end in range(1, len(parts) + 1))]


def variables(app: App) -> dict[str, str]:
    """The app's variables as a package brings them, ``${NAME}`` and all. A database's address with
    a password in it is left out: everybody may read a package."""
    found = dict(app["variables"])
    for name in URLS[1:]:
        if found[name] == found[URLS[0]] and PASSWORD not in found[name]:
            found[name] = f"${{{URLS[0]}}}"
    found.update(dict.fromkeys(required(app), ""))
    return dict(sorted(found.items()))


def required(app: App) -> list[str]:
    """The variables that somebody has to fill in on each host."""
    url = app["variables"][URLS[0]]
    if f"${{{PASSWORD}}}" in url:
        return [PASSWORD]
    return [URLS[0]] if app["connection"]["kind"] == "url" and urlsplit(url).password else []


def settings(app: App, group: str) -> dict[str, Any]:
    """What the package's program has to know of the app (``_package.settings.Settings``)."""
    return {
        "service": app["service"],
        "migration": app["migration"],
        "group": group,
        "log": app["paths"]["log"],
        "timers": [schedule["timer"] for schedule in app["background"]["schedules"]],
        "wsgi": app["wsgi"],
        "shared": list(app["shared"]),
        "keep": app["keep_releases"],
        "once": list(app["commands"]["once"]),
        "commands": list(app["commands"]["release"]),
        "required": required(app),
    }


def mistakes(app: App) -> str:
    """What keeps an app from being packaged, a line each; empty where nothing does."""
    path = f"flask_apps[{app['name']}]"
    found = []
    if app["source"]["deb"] or app["source"]["rpm"]:
        found.append(
            f"{path}.source: is a package already; name where its code comes from in the"
            " inventory that builds it, as source.git"
        )
    if app["service"]["manager"] != "systemd":
        found.append(f"{path}.gunicorn.manager: packages are for systemd; leave it out")
    for index, file in enumerate(app["files"]):
        text = file["content"] or ""
        if file["template"]:
            found.append(f"{path}.files[{index}]: a package takes no template; give its content")
        elif any("${" + name + "}" in text for name in (*app["variables"], "SECRET_KEY")):
            found.append(
                f"{path}.files[{index}]: names a variable, whose value each host has for itself;"
                " let the app read it from its environment"
            )
    return "\n".join(found)


def packaged(app: App, group: str) -> dict[str, Any]:
    """All of that together."""
    return {
        "settings": settings(app, group),
        "variables": variables(app),
        "mistakes": mistakes(app),
    }

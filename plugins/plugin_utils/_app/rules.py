# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the values of an app's options must satisfy beyond their types, and what to say otherwise.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import options
from .app import Options

# Names of system users, and of folders in /etc and /var/log, on Debian with what this collection
# installs; an app of that name would share them.
RESERVED = """
adm alternatives apache2 apt audio avahi backup bin cdrom certbot chrony cron crowdsec daemon
dbus debian default dhcp dialout disk docker dpkg fail2ban floppy fonts games git gnats group
grub gunicorn init irc journal kernel kmem ld letsencrypt list localhost lp mail man mariadb
memcached messagebus modprobe mysql network news nginx nobody nogroup openssl operator pam perl
plugdev polkitd postfix postgres postgresql private profile proxy pyhost-flask python python3
redis root rsyslog sasl security shadow skel snmp src ssh sshd ssl staff sudo sudoers supervisor
supervisord sync sys sysctl syslog systemd tape terminfo tty ubuntu udev ufw users utmp uucp
uuidd uwsgi video voice www-data xdg
""".split()  # noqa: SIM905


def _pattern(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: bool(compiled.fullmatch(value))


def _folder(value: str) -> bool:
    """Whether a folder of the app lies inside of it."""
    return not (value.startswith("/") or ".." in value.split("/") or set(value) & set('"$\\\n'))


def _command(value: str) -> bool:
    try:
        return bool(shlex.split(value))
    except ValueError:
        return False


def _calendar(value: str) -> bool:
    """Whether it looks like a time of systemd.time(7); the host's systemd has the last word."""
    words = value.lower().split()
    first = bool(words) and (not words[0].isalpha() or words[0] in OFTEN or bool(DAYS(words[0])))
    return first and all(map(TIME_WORD, words))


def _database_known(value: str) -> bool:
    return value in ("sqlite", "mysql") or bool(re.match(r"[a-z0-9+]+://", value))


def _statuses(value: str) -> bool:
    """Whether it is a status, or a range of them that has any in it."""
    found = re.fullmatch(r"([1-5]\d\d)(?:-([1-5]\d\d))?", value)
    return bool(found and found[1] <= (found[2] or found[1]))


def _at_least(least: int) -> Callable[[Any], bool]:
    return lambda value: value >= least


FOLDER = (
    _folder,
    "must be a folder inside the app's own, without a slash in front, .., quotes or $",
)
CALENDAR = (
    _calendar,
    "must be a time as systemd's OnCalendar takes it, such as daily or Mon..Fri 03:30",
)
VARIABLE = _pattern(r"[A-Za-z_][A-Za-z0-9_]*")
SECRET = (
    *("database", "env", "nginx.users", "source.key"),
    *("python.index", "python.extra_indexes[]", "python.proxy"),
)
USER_INFO = re.compile(r"(?<=://)[^/\s@]+@")  # in an address such as https://token@...
OFTEN = ("minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly")
DAYS = _pattern(r"(mon|tue|wed|thu|fri|sat|sun)[a-z.,]*")
# A date, a time, or, in letters, days, the words of OFTEN or a time zone; no field of a crontab.
TIME_WORD = _pattern(r"[\d*,./~-]+-[\d*,./~-]+|[\d*,./]+:[\d*,./:]+|[a-z][\w/.,+-]*")
HEADER = _pattern(r"[A-Za-z][A-Za-z0-9-]*")
LOGIN, HASH = _pattern(r"[^\s:]+"), _pattern(r"[$*{]\S+")
PATH, TARGET = _pattern(r"/[^\s\"';{}$]*"), _pattern(r"(/|https?://)[^\s\"';{}$]*")
PRINTABLE = _pattern(r"[^\"$\\\n]*")
SETTING = _pattern(r"[A-Z][A-Za-z0-9]*")
# How a slot starts, is looked after and ends: what no setting of a user's may change.
SLOT = """
BindReadOnlyPaths DynamicUser EnvironmentFile ExecCondition ExecReload ExecStart ExecStop Group
KillMode NotifyAccess RemainAfterExit RootDirectory RootImage TimeoutStartSec TimeoutStopSec Type
User WorkingDirectory
""".split()  # noqa: SIM905
PART = (
    _pattern(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"),
    "is not a valid unit name; use lower-case letters, digits and hyphens, at most 32",
)
NAME = _pattern(r"[a-z]([a-z0-9-]{0,22}[a-z0-9])?")
NO_NAME = "is not a valid system user name; use lower-case letters, digits and hyphens, at most 24"
INDEX, NO_INDEX = (
    _pattern(r"https?://\S+"),
    "is not a valid address, such as https://pypi.org/simple",
)
PACKAGE = _pattern(r"[A-Za-z0-9][\w.-]*")
TAKEN = "belongs to the system; choose another name"
# (option, what is good, what to say otherwise). ``[]`` stands for each element of a list. The types
# have been checked before: a number is 0 or more.
RULES: list[tuple[str, Callable[[Any], bool], str]] = [
    ("name", NAME, NO_NAME),
    ("name", lambda value: value not in RESERVED, TAKEN),
    ("user", NAME, NO_NAME),
    ("user", lambda value: value not in RESERVED, TAKEN),
    (
        "source.git",
        _pattern(r"(https?|ssh|git|file)://\S+|[\w.-]+@[\w.-]+:\S+|/\S+"),
        "is not a valid repository address, such as https://git.example.org/notes.git",
    ),
    (
        "source.version",
        _pattern(r"(?!-)(?!.*\.\.)[^\s~^:?*\[\\]+"),
        "is not a valid branch, tag or commit; latest-tag is the newest tag",
    ),
    (
        "source.key",
        _pattern(r"~?/[^\n]+|\s*-----BEGIN (?s:.+)"),
        "must be an absolute path on the controller, or the text of a private key",
    ),
    (
        "source.known_hosts[]",
        _pattern(r"(@cert-authority )?\S+ (ssh|ecdsa|sk)-\S+ [\w+/=]+( .*)?"),
        "is not a line as ssh-keyscan prints them: git.example.org ssh-ed25519 AAAA...",
    ),
    (
        "source.path",
        _pattern(r"~?/[^\n]+"),
        "must be an absolute path on the controller, such as {{ inventory_dir }}/../notes",
    ),
    (
        "source.archive",
        _pattern(r"(https?:/|~)?/[^\n]+"),
        "must be a web address, or an absolute path on the controller, such as"
        " {{ inventory_dir }}/notes.tar.gz",
    ),
    (
        "source.dist",
        _pattern(r"~?/[^\n]+"),
        "must be an absolute path on the controller: a wheel, an sdist, or a project's folder",
    ),
    (
        "source.package",
        _pattern(r"[A-Za-z0-9][\w.-]*(\[[\w,.-]+\])?([=<>!~]{1,3}[\w.!+*, <>=~-]+)?"),
        "is not a valid package of an index, such as notes==1.2.3 or notes[prod]>=1.2",
    ),
    (
        "source.deb",
        _pattern(r"~?/[^\n]+\.deb|(?!.*\.deb$)[a-z0-9][a-z0-9.+-]+(=[\w.+:~-]+)?"),
        "must be the absolute path of a .deb on the controller, or a package of the host's"
        " repositories, as flask-notes or flask-notes=1.2.3",
    ),
    (
        "source.rpm",
        _pattern(r"~?/[^\n]+\.rpm|(?!.*\.rpm$)[\w][\w.+-]+(=[\w.+:~-]+)?"),
        "must be the absolute path of an .rpm on the controller, or a package of the host's"
        " repositories, as flask-notes or flask-notes=1.2.3",
    ),
    (
        "source.checksum",
        _pattern(r"sha256:[0-9a-f]{64}"),
        "must be sha256: and 64 digits of 0-9a-f",
    ),
    ("source.subdir", *FOLDER),
    (
        "wsgi",
        _pattern(r"\w+(\.\w+)*:\w+(\.\w+)*(\(.*\))?"),
        "must be module:app or module:create_app()",
    ),
    (
        "python.dependencies",
        _pattern(
            r"(?!.*\.\.)([\w.-]+/)*(uv\.lock|pylock\.toml|poetry\.lock|Pipfile\.lock|pyproject\.toml|setup\.py"
            r"|[\w.-]+\.(txt|in))"
        ),
        "must be a file of the code, such as uv.lock, poetry.lock or requirements/prod.txt",
    ),
    ("python.groups[]", PACKAGE, "is not a valid group name"),
    ("python.extras[]", PACKAGE, "is not a valid extra name"),
    (
        "python.constraints[]",
        _pattern(r"[A-Za-z0-9][\w.-]*\s*[=<>!~][^\n]+"),
        "must be a package with versions, such as werkzeug<3.1",
    ),
    (
        "python.wheelhouse",
        _pattern(r"~?/[^\n]+|host:/[\w./-]+"),
        "must be an absolute path on the controller, or one on the host, as host:/srv/wheels",
    ),
    ("python.index", INDEX, NO_INDEX),
    ("python.extra_indexes[]", INDEX, NO_INDEX),
    (
        "python.proxy",
        _pattern(r"https?://\S+"),
        "is not a valid proxy address, such as http://proxy.example.org:3128",
    ),
    ("python.ca", _pattern(r"/[^\n]+"), "must be the full path of a file on the host"),
    ("python.version", _pattern(r"3\.\d+(\.\d+)?"), "must be a version such as 3.12"),
    (
        "audit.server",
        _pattern(r"https?://[^\s@]+"),
        "is not a valid address, such as https://api.osv.dev",
    ),
    ("audit.ignore[]", _pattern(r"[\w.:-]+"), "is not a vulnerability ID, such as CVE-2024-1"),
    ("database", _database_known, "must be sqlite, mysql or a URL as SQLAlchemy takes it"),
    (
        "env",
        lambda value: all(map(VARIABLE, value)),
        "a variable's name takes letters, digits and _",
    ),
    ("files[].name", _pattern(r"[\w][\w.-]*"), "must be a file's name, without a folder"),
    (
        "files[].name",
        lambda value: value not in ("environment", "gunicorn.conf.py"),
        "is written by the collection; choose another name",
    ),
    ("migrations.folder", *FOLDER),
    ("commands.once[]", _command, "is not a valid command: a quote is not closed"),
    ("commands.release[]", _command, "is not a valid command: a quote is not closed"),
    ("processes[].name", *PART),
    (
        "processes[].command",
        _command,
        "is not a valid command: it is empty, or a quote is not closed",
    ),
    ("processes[].count", _at_least(1), "must be 1 or more"),
    ("schedules[].name", *PART),
    (
        "schedules[].command",
        _command,
        "is not a valid command: it is empty, or a quote is not closed",
    ),
    ("schedules[].when", *CALENDAR),
    ("backup.when", *CALENDAR),
    ("backup.drill", *CALENDAR),
    ("backup.keep", _at_least(1), "must be 1 or more"),
    (
        "backup.folder",
        _pattern(r"/(?!.*//)(?!.*\.\.)[\w./-]*[\w-]"),
        "must be a full path of letters, digits, ., _ and -, such as /mnt/backups/notes",
    ),
    ("static[].url", _pattern(r"/([\w.~-]+/)+"), "must start and end with a slash, as in /static/"),
    ("static[].folder", *FOLDER),
    (
        "static[].expires",
        _pattern(r"\d+(ms|[smhdwMy])?|max|off|epoch"),
        "must be a time as nginx takes it, such as 1h, 30d or max",
    ),
    ("shared[]", *FOLDER),
    ("health.path", _pattern(r"/\S*"), "must start with a slash"),
    ("health.statuses[]", _statuses, "must be as in 200 or 200-399"),
    ("health.timeout", _at_least(1), "must be 1 or more seconds"),
    ("gunicorn.workers", _at_least(1), "must be 1 or more"),
    ("gunicorn.threads", _at_least(1), "must be 1 or more"),
    ("gunicorn.timeout", _at_least(1), "must be 1 or more seconds"),
    ("gunicorn.graceful_timeout", _at_least(1), "must be 1 or more seconds"),
    (
        "gunicorn.args[]",
        _pattern(r"--[a-z][\w-]*(=[\w./:,@%+-]*)?"),
        "must be one long argument, such as --limit-request-line=8190",
    ),
    (
        "certbot.dns.plugin",
        _pattern(r"(?!dns-|certbot)[a-z0-9]+(-[a-z0-9]+)*"),
        "must be the plugin's short name, as rfc2136 for certbot-dns-rfc2136",
    ),
    ("nginx.max_body_size", _pattern(r"\d+[kKmMgG]?"), "must be a size, such as 16m"),
    ("nginx.timeout", _at_least(1), "must be 1 or more seconds"),
    (
        "nginx.headers",
        lambda value: all(HEADER(name) and PRINTABLE(str(text)) for name, text in value.items()),
        "a header's name takes letters, digits and hyphens, its text no quotes and no $",
    ),
    ("nginx.rate", _pattern(r"[1-9]\d*r/[sm]"), "must be as in 10r/s or 60r/m"),
    (
        "nginx.users",
        lambda value: all(LOGIN(name) and HASH(str(text)) for name, text in value.items()),
        "must be names with hashes of passwords, as openssl passwd -apr1 makes them",
    ),
    (
        "nginx.redirects",
        lambda value: all(PATH(old) and TARGET(str(new)) for old, new in value.items()),
        "must lead from a path such as /old to another one, or to a site's address",
    ),
    (
        "systemd",
        lambda value: all(SETTING(name) and "\n" not in str(each) for name, each in value.items()),
        "must be names and values as in [Service] of a unit, such as MemoryMax: 512M",
    ),
    (
        "systemd",
        lambda value: not set(SLOT).intersection(value),
        f"must leave alone how the app is run: {', '.join(SLOT)}",
    ),
    ("keep_releases", _at_least(2), "must be 2 or more: the live release and the one before it"),
]


def check_values(app: Options, path: str, mistakes: list[str]) -> None:
    """One app's values, each by itself. An option that is missing was reported already."""
    for option, good, remedy in RULES:
        for where, value in _values(app, option.split("."), path):
            empty = value is None or (value == "" and "[]." not in option)
            if not empty and not good(value):
                text = (
                    "(hidden)"
                    if option in SECRET
                    else USER_INFO.sub("(hidden)@", options.shown(value))
                )
                mistakes.append(f"{where} = {text}: {remedy}")
    for index, entry in enumerate(app["files"] or []):
        if (entry["content"] is None) == (entry["template"] is None):
            mistakes.append(f"{path}.files[{index}]: needs content or template, and not both")
    folder = app["backup"].get("folder") or ""
    if f"{folder}/".startswith(f"/srv/{app['name']}/"):
        where = f"{path}.backup.folder = {options.shown(folder)}"
        mistakes.append(f"{where}: is in the app's own folder, which it is to outlive")
    parts = [entry.get("name") for entry in [*(app["processes"] or []), *(app["schedules"] or [])]]
    for name in sorted({part for part in parts if part and parts.count(part) > 1}):
        both = f"{path}.processes and schedules: there are two of the name {name!r}"
        mistakes.append(f"{both}; each needs its own, for its units are called by it")


def _values(value: Any, option: list[str], path: str) -> Iterator[tuple[str, Any]]:
    """Each value of an option such as ``static[].url``, with its path."""
    if not option:
        yield path, value
        return
    key, each = option[0].removesuffix("[]"), option[0].endswith("[]")
    found = value.get(key) if isinstance(value, dict) else None
    if not each:
        yield from _values(found, option[1:], f"{path}.{key}")
        return
    for index, element in enumerate(found or []):
        yield from _values(element, option[1:], f"{path}.{key}[{index}]")


def check_shared_names(apps: Sequence[Options], mistakes: list[str]) -> None:
    """What only one app can have: its name, its user, its domains."""
    holders: dict[tuple[str, str], list[str]] = {}
    for app in apps:
        claims = [("name", app["name"]), ("user", app["user"] or app["name"])]
        claims += [("domain", domain) for domain in app["domains"] or []]
        claims += [("backup.folder", app["backup"].get("folder") or "")]
        for kind, value in claims:
            if value:
                holders.setdefault((kind, value), []).append(str(app["name"]))
    for (kind, value), names in holders.items():
        if len(names) > 1 and (kind in ("name", "domain") or len(set(names)) > 1):
            apart = f"flask_apps[{names[0]}] and flask_apps[{names[-1]}]"
            mistakes.append(f"{apart}: both have the {kind} {value!r}; each app needs its own")

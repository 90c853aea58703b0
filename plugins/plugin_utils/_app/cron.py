# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The times of schedules for cron, which runs them where systemd does not.

Nothing in this file reads or writes anything.
"""

from __future__ import annotations

import re

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError

SHORT = {
    "minutely": "*:*",
    "hourly": "*:00",
    "daily": "00:00",
    "weekly": "mon",
    "monthly": "*-01",
    "quarterly": "01,04,07,10-01",
    "semiannually": "01,07-01",
    "yearly": "01-01",
}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS = {name: str(number) for number, day in enumerate(DAYS, 1) for name in (day, day[:3])}
# The least and the greatest value of each field, in the order of crontab(5).
FIELDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "day of the week": (1, 7),
}
PART = re.compile(r"(\d+)(?:\.\.(\d+))?(?:/(\d+))?")


def crontab(when: str) -> str:
    """The five fields of crontab(5) for a time of systemd.time(7). Raises ``UserError``."""
    weekdays, date, time = _words(when)
    year, month, day = _split(date, "-", "date", before="*")
    hour, minute, second = _split(time, ":", "time", after="00")
    if year != "*":
        raise UserError(f"cron knows no years, such as {year}")
    if not re.fullmatch(r"0+(\.0+)?", second):
        raise UserError(f"cron starts at full minutes, and at no seconds such as {second}")
    if day != "*" and weekdays != "*":
        raise UserError("cron takes days of the month or of the week, and would run on either")
    texts = (minute, hour, day, month, weekdays)
    return " ".join(_field(text, what) for text, what in zip(texts, FIELDS, strict=True))


def _words(when: str) -> tuple[str, str, str]:
    """The days of the week as numbers, the date and the time, each with its default."""
    first, *rest = when.lower().split()
    words = [*SHORT.get(first, first).split(), *rest]
    weekdays, date, time = "*", "*-*", "00:00"
    if words[0][0].isalpha():
        weekdays = re.sub("[a-z]+", _number, words.pop(0).rstrip(",")).replace("-", "..")
    if words and not words[0][0].isalpha() and ":" not in words[0]:
        date = words.pop(0)
    if words and ":" in words[0]:
        time = words.pop(0)
    if words:
        zone = " ".join(words)
        raise UserError(f"cron knows the host's own time zone, and no other such as {zone}")
    return weekdays, date, time


def _number(name: re.Match[str]) -> str:
    if name[0] not in NUMBERS:
        raise UserError(f"{name[0]} is not a day of the week")
    return NUMBERS[name[0]]


def _split(text: str, by: str, what: str, before: str = "", after: str = "") -> list[str]:
    """The three parts of a date or a time, one of which may be missing."""
    if "~" in text:
        raise UserError("cron cannot count days from the end of a month, as ~ does")
    parts = text.split(by)
    if len(parts) == 2:
        parts = [before, *parts] if before else [*parts, after]
    if len(parts) != 3:
        raise UserError(f"{text} is not a valid {what}")
    return parts


def _field(text: str, what: str) -> str:
    """One field: each of its values, or a star for all of them."""
    least, most = FIELDS[what]
    if text == "*":
        return text
    found: set[int] = set()
    for part in text.split(","):
        match = PART.fullmatch(part)
        if not match:
            raise UserError(f"{part} is not a valid {what}")
        start, step = int(match[1]), int(match[3] or 1)
        end = int(match[2] or (most if match[3] else start))
        if not (least <= start <= end <= most and 1 <= step <= most):
            raise UserError(f"{part} is not a valid {what}, which is from {least} to {most}")
        found.update(range(start, end + 1, step))
    every = found == set(range(least, most + 1))
    return "*" if every else ",".join(map(str, sorted(found)))

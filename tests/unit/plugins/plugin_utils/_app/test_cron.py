# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import cron

TIMES = {
    "minutely": "* * * * *",
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "weekly": "0 0 * * 1",
    "monthly": "0 0 1 * *",
    "quarterly": "0 0 1 1,4,7,10 *",
    "semiannually": "0 0 1 1,7 *",
    "yearly": "0 0 1 1 *",
    "Daily": "0 0 * * *",
    "03:30": "30 3 * * *",
    "3:05:00": "5 3 * * *",
    "*:0/15": "0,15,30,45 * * * *",
    "*:5/20": "5,25,45 * * * *",
    "*-*-* *:*": "* * * * *",
    "*:0/1": "* * * * *",
    "8..17/3:00": "0 8,11,14,17 * * *",
    "8,20:15": "15 8,20 * * *",
    "Mon..Fri 03:30": "30 3 * * 1,2,3,4,5",
    "Mon-Fri 03:30": "30 3 * * 1,2,3,4,5",
    "Sat,sunday, 1:00": "0 1 * * 6,7",
    "Mon..Sun 1:00": "0 1 * * *",
    "Sun": "0 0 * * 7",
    "Sun *-*-* 04:00": "0 4 * * 7",
    "*-*-01 02:00": "0 2 1 * *",
    "*-01 02:00": "0 2 1 * *",
    "*-*-1/10": "0 0 1,11,21,31 * *",
    "*-02..04-10 02:00:00": "0 2 10 2,3,4 *",
    "02-29 4:00": "0 4 29 2 *",
}


@pytest.mark.parametrize(("when", "fields"), TIMES.items())
def test_crontab(when: str, fields: str) -> None:
    assert cron.crontab(when) == fields


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("*:*:30", "no seconds such as 30"),
        ("*:*:*", "no seconds such as *"),
        ("*:*:0/30", "no seconds such as 0/30"),
        ("daily UTC", "no other such as utc"),
        ("Mon 03:30 Europe/Berlin", "no other such as europe/berlin"),
        ("*-*-01 04:00 Etc/GMT-5", "no other such as etc/gmt-5"),
        ("2030-01-01 00:00", "no years, such as 2030"),
        ("*-*~03 01:00", "as ~ does"),
        ("Mon *-*-1..7", "days of the month or of the week"),
        ("25:00", "25 is not a valid hour, which is from 0 to 23"),
        ("*:0/60", "0/60 is not a valid minute"),
        ("*:0/0", "0/0 is not a valid minute"),
        ("*:22..10", "22..10 is not a valid minute"),
        ("*:*/15", "*/15 is not a valid minute"),
        ("*-13-01", "13 is not a valid month"),
        ("Sat..Mon 1:00", "6..1 is not a valid day of the week"),
        ("mondays 1:00", "mondays is not a day of the week"),
        ("1:2:3:4", "1:2:3:4 is not a valid time"),
        ("*", "* is not a valid date"),
    ],
)
def test_what_cron_cannot_do(when: str, reason: str) -> None:
    with pytest.raises(UserError, match=re.escape(reason)):
        cron.crontab(when)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is the judge")
@pytest.mark.parametrize("when", TIMES)
def test_systemd_runs_at_the_same_times(when: str) -> None:
    command = ["systemd-analyze", "calendar", "--iterations=40", "--base-time=2027-12-31 23:59"]
    utc = {**os.environ, "TZ": "UTC"}
    said = subprocess.run(
        [*command, when], env=utc, capture_output=True, text=True, check=True
    ).stdout
    runs = [
        datetime.strptime(found, "%Y-%m-%d %H:%M:%S")
        for found in re.findall(r"(?:elapse|Iter[^:]*): \w{3} (\S+ \S+) UTC", said)
    ]
    assert runs
    runs = [run for run in runs if run.year < 2030]
    assert runs == list(islice(runs_of(cron.crontab(when)), len(runs)))


def runs_of(fields: str) -> Iterator[datetime]:
    """When cron runs from the year 2028 on, by a look at each day."""
    minutes, hours, days, months, weekdays = (
        range(end) if field == "*" else [int(value) for value in field.split(",")]
        for field, end in zip(fields.split(), (60, 24, 32, 13, 8), strict=True)
    )
    for number in range(1000):
        day = datetime(2028, 1, 1) + timedelta(days=number)
        if day.day in days and day.month in months and day.isoweekday() in weekdays:
            yield from (
                day.replace(hour=hour, minute=minute) for hour in hours for minute in minutes
            )

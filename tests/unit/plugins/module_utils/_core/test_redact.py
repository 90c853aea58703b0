# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._core import env_file, redact

VARIABLES = {
    "SECRET_KEY": "0123456789",
    "DATABASE_URL": "mysql://me:p@ss-w0rd@db/x",
    "REPLICA_URL": "mysql://me:n%26xt%2Fword@db/x",
    "API_TOKEN": "short",
    "PAYMENT": "live_4eC39HqLyjWDarj",
    "SECRET_KEY_FALLBACKS": '["00112233445566778899"]',
    "HOME": "/srv/notes1/shared/anything",
    "GREETING": "good-morning-everybody",
    "MAIL_PASSWORD": 'it\'s \\ "so" /a',
    "SIGNING_KEY": "first line of it\nsecond line of it",
}
SETTINGS = """\
[mail]
password = "correct horse"
server: mail.example.org
    'token': 'of a dictionary',
"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nothing to hide", "nothing to hide"),
        ("key is 0123456789!", "key is (hidden)!"),
        ("no driver for mysql://me:p@ss-w0rd@db/x", "no driver for mysql://me:(hidden)@db/x"),
        ("denied with p@ss-w0rd", "denied with (hidden)"),
        ("denied with n&xt/word", "denied with (hidden)"),
        ("https://ghp_token@git.example.org/x", "https://(hidden)@git.example.org/x"),
        ("https://me:other@git.example.org/x", "https://me:(hidden)@git.example.org/x"),
        ("ssh://git@git.example.org/x git@host:x", "ssh://git@git.example.org/x git@host:x"),
        ("a short value protects nothing", "a short value protects nothing"),
        ("charged live_4eC39HqLyjWDarj", "charged (hidden)"),
        (VARIABLES["HOME"], "/srv/notes1/shared/anything"),
        (VARIABLES["GREETING"], "good-morning-everybody"),
        (VARIABLES["MAIL_PASSWORD"], "(hidden)"),
        (env_file.quote({"X": VARIABLES["MAIL_PASSWORD"]}), "X='(hidden)'\n"),
        (str([VARIABLES["MAIL_PASSWORD"]]), "['(hidden)']"),
        (json.dumps(VARIABLES["MAIL_PASSWORD"]), '"(hidden)"'),
        ("q=it%27s%20%5C%20%22so%22%20%2Fa", "q=(hidden)"),
        ("['00112233445566778899']", "['(hidden)']"),
        ("log: second line of it", "log: (hidden)"),
        (SETTINGS.splitlines()[1], 'password = "(hidden)"'),
        (SETTINGS.splitlines()[2], "server: mail.example.org"),
        ("{'token': 'of a dictionary'}", "{'token': '(hidden)'}"),
    ],
)
def test_secrets_are_hidden(text: str, shown: str) -> None:
    assert redact.redact(text, VARIABLES, SETTINGS) == shown


TRACEBACK = 'File "/srv/notes/releases/3f2a9c41b0de-5c1f2e9a/app.py", line 3'


def test_the_release_is_no_secret() -> None:
    """Its ID looks like a token, and whoever reads a traceback wants to know it."""
    release = {"APP_RELEASE": "3f2a9c41b0de-5c1f2e9a", "SENTRY_RELEASE": "3f2a9c41b0de-5c1f2e9a"}
    assert redact.redact(TRACEBACK, {**VARIABLES, **release}) == TRACEBACK
    careless = {**release, "SECRET_KEY": "3f2a9c41b0de-5c1f2e9a"}
    assert redact.redact(TRACEBACK, careless) == TRACEBACK.replace(
        release["APP_RELEASE"], "(hidden)"
    )


def test_the_name_of_the_app_is_no_secret(tmp_path: Path) -> None:
    etc = tmp_path / "customer-portal-2"
    etc.mkdir()
    (etc / "environment").write_text(env_file.quote({"APP_NAME": etc.name}))
    (etc / "gunicorn.conf.py").write_text(f'proc_name = "{etc.name}"\n')
    assert redact.redact_for(etc, f"/srv/{etc.name}/shared") == f"/srv/{etc.name}/shared"


def test_secrets_of_an_app_are_those_in_its_folder(tmp_path: Path) -> None:
    text = "0123456789 correct horse mysql://a:b@c"
    assert (
        redact.redact_for(tmp_path / "nowhere", text)
        == "0123456789 correct horse mysql://a:(hidden)@c"
    )
    (tmp_path / "environment").write_text(env_file.quote(VARIABLES))
    (tmp_path / "notes.cfg").write_text(SETTINGS)
    (tmp_path / "folder").mkdir()
    assert redact.redact_for(tmp_path, text) == "(hidden) (hidden) mysql://a:(hidden)@c"

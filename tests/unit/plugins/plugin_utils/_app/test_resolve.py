# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.plugins.action.check_apps import check, chosen
from ansible_collections.pyhost.flask.plugins.filter.resolve import SPEC
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import derive
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import resolve as app_resolve
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.app import App
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.options import Mistakes

NOTES: dict[str, Any] = {
    "name": "notes",
    "source": {"git": "https://git.example.org/notes.git"},
    "wsgi": "notes:create_app()",
    "domains": ["notes.example.org"],
    "certbot": {"email": "ops@example.org"},
}
SHA = "sha256:" + 64 * "0"
SSH = {"git": "git@git.example.org:notes.git"}
OTHER = {**NOTES, "name": "blog", "domains": ["blog.example.org"]}


def resolve(*apps: Any, **defaults: Any) -> list[App]:
    return app_resolve.resolve(list(apps), defaults, SPEC)


def mistakes(*apps: Any, **defaults: Any) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        resolve(*apps, **defaults)
    return caught.value.lines


def look_for_mistakes(app: Any) -> str:
    """What check_apps says, which also looks for files on the controller."""
    try:
        check([app], {})
    except Mistakes as error:
        return str(error)
    return ""


def with_option(path: str, value: Any) -> dict[str, Any]:
    """NOTES with one option set, given by its path, such as ``health.path``."""
    app = copy.deepcopy(NOTES)
    *folders, key = path.split(".")
    place = app
    for folder in folders:
        place = place.setdefault(folder, {})
    place[key] = value
    return app


def test_the_example_is_a_complete_description() -> None:
    (app,) = resolve(NOTES)
    assert app["paths"]["live_socket"] == "/srv/notes/live.sock"
    assert app["slots"]["green"]["unit"] == "flask-notes@green.service"
    assert app["slots"]["green"]["socket"] == "/run/notes/green/gunicorn.sock"
    assert app["user"] == "notes"
    assert app["flask_app"] == "notes:create_app()"
    assert app["gunicorn"]["timeout"] == 30


def test_units_of_processes_and_schedules() -> None:
    (app,) = resolve(
        {
            **NOTES,
            "processes": [{"name": "worker", "command": "celery -A 'my notes'", "count": 2}],
            "schedules": [{"name": "cleanup", "command": "flask cleanup", "when": "daily"}],
        }
    )
    (worker,), (cleanup,) = app["background"]["processes"], app["background"]["schedules"]
    assert worker["argv"] == ["celery", "-A", "my notes"]
    assert worker["units"] == ["flask-notes.worker@.service", "flask-notes.worker.2@.service"]
    assert cleanup["timer"] == "flask-notes.cleanup.timer"
    assert cleanup["service"] == "flask-notes.cleanup.service"
    assert cleanup["template"] == "flask-notes.cleanup@.service"
    assert cleanup["crontab"] == "0 0 * * *"


def test_what_needs_systemd() -> None:
    whens = {"often": "*:*:0/10", "sometimes": "daily"}
    schedules = [{"name": name, "command": "x", "when": when} for name, when in whens.items()]
    (app,) = resolve(with_option("schedules", schedules))
    manager, often = app["needs_systemd"]
    assert manager.startswith("flask_apps[notes].gunicorn.manager = 'systemd': ")
    assert often.startswith("flask_apps[notes].schedules[often].when = '*:*:0/10': cron starts at")
    supervised = {"gunicorn": {"manager": "supervisor"}}
    (app,) = resolve(with_option("schedules", schedules[1:]), **supervised)
    assert app["needs_systemd"] == []
    (app,) = resolve(with_option("backup.drill", "*-*-01 UTC"), **supervised)
    (drill,) = app["needs_systemd"]
    assert drill.startswith("flask_apps[notes].backup.drill = '*-*-01 UTC': cron")


@pytest.mark.parametrize(
    "when",
    ["daily", "Mon", "Mon..Fri 03:30", "*:0/15", "*-*-01 04:00:00 Europe/Berlin", "Sat,Sun 1:00"],
)
def test_times_of_schedules(when: str) -> None:
    assert resolve(with_option("schedules", [{"name": "a", "command": "x", "when": when}]))


def test_what_the_timers_of_backups_run() -> None:
    (app,) = resolve(NOTES)
    assert app["backups"]["folder"] == "/var/backups/notes"
    assert [(run["unit"], run["when"]) for run in app["backups"]["runs"]] == [
        ("pyhost-flask-backup-notes", "daily"),
        ("pyhost-flask-drill-notes", "weekly"),
    ]
    (app,) = resolve(with_option("backup.when", ""))
    assert app["backups"]["runs"] == []


def test_backups_of_two_apps_are_kept_apart() -> None:
    (line,) = mistakes(NOTES, OTHER, backup={"folder": "/b"})
    assert "both have the backup.folder '/b'; each app needs its own" in line


def test_every_option_of_the_spec_is_set() -> None:
    def missing(spec: dict[str, Any], app: Mapping[str, Any]) -> list[str]:
        found = [key for key in spec if key not in app]
        for key, option in spec.items():
            if option["type"] == "dict" and "options" in option:
                found += missing(option["options"], app[key])
        return found

    assert missing(SPEC, resolve(NOTES)[0]) == []


def test_what_the_user_wrote_stays_as_it_was() -> None:
    given = copy.deepcopy(NOTES)
    resolve(given, gunicorn={"threads": 4})
    assert given == NOTES


def test_an_app_wins_over_the_defaults_key_by_key() -> None:
    app = with_option("gunicorn.threads", 8)
    (resolved,) = resolve(app, gunicorn={"threads": 2, "timeout": 90}, database="mysql")
    assert resolved["gunicorn"]["threads"] == 8
    assert resolved["gunicorn"]["timeout"] == 90
    assert resolved["connection"]["kind"] == "mysql"


@pytest.mark.parametrize(
    ("database", "kind", "url"),
    [
        ("sqlite", "sqlite", "sqlite:////srv/notes/shared/notes.db"),
        (
            "mysql",
            "mysql",
            "mysql+pymysql://notes@localhost/notes"
            "?unix_socket=/run/mysqld/mysqld.sock&charset=utf8mb4",
        ),
        ("postgresql://a:b@db/notes", "url", "postgresql://a:b@db/notes"),
    ],
)
def test_database(database: str, kind: str, url: str) -> None:
    (app,) = resolve(with_option("database", database))
    assert app["connection"]["kind"] == kind
    names = ("DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "FLASK_SQLALCHEMY_DATABASE_URI")
    assert {app["variables"][name] for name in names} == {url}


@pytest.mark.parametrize(
    ("option", "value", "packages"),
    [
        ("database", "sqlite", ["gunicorn"]),
        ("database", "mysql", ["gunicorn", "pymysql"]),
        ("gunicorn.worker_class", "gevent", ["gunicorn[gevent]"]),
        ("gunicorn.worker_class", "gthread", ["gunicorn"]),
        ("python.packages", ["setuptools<81"], ["gunicorn", "setuptools<81"]),
    ],
)
def test_packages(option: str, value: Any, packages: list[str]) -> None:
    assert resolve(with_option(option, value))[0]["release"]["python"]["packages"] == packages


@pytest.mark.parametrize(
    ("health", "statuses"),
    [
        ({}, ["200-499"]),
        ({"timeout": 5}, ["200-499"]),
        ({"path": "/health"}, ["200-399"]),
        ({"path": "/health", "statuses": [200]}, ["200"]),
        ({"statuses": ["204"]}, ["204"]),
    ],
)
def test_statuses_that_are_good(health: dict[str, Any], statuses: list[str]) -> None:
    assert resolve(with_option("health", health))[0]["health"]["statuses"] == statuses
    assert resolve(NOTES, health=health)[0]["health"]["statuses"] == statuses


def test_code_stands_in_the_subfolder() -> None:
    assert resolve(NOTES)[0]["paths"]["code"] == "/srv/notes/current"
    assert (
        resolve(with_option("source.subdir", "web"))[0]["paths"]["code"] == "/srv/notes/current/web"
    )


def test_environment() -> None:
    env = {"PLAIN": "a$b ${UNKNOWN}", "URL": "${DATABASE_URL}&x", "DEBUG": False, "N": 3, "E": None}
    (app,) = resolve(with_option("env", env))
    found = derive.environment(app, {"notes": "k3y"}, {})
    assert found["SECRET_KEY"] == found["FLASK_SECRET_KEY"] == "k3y"
    assert found["URL"] == "sqlite:////srv/notes/shared/notes.db&x"
    assert found["PLAIN"] == "a$b ${UNKNOWN}"
    assert (found["DEBUG"], found["N"], found["E"]) == ("false", "3", "")
    assert found["FLASK_APP"] == "notes:create_app()"


def test_a_previous_key_is_a_fallback_as_flask_reads_it() -> None:
    (app,) = resolve(NOTES)
    found = derive.environment(app, {"notes": "k3y"}, {"notes": "0ld"})
    assert json.loads(found["FLASK_SECRET_KEY_FALLBACKS"]) == ["0ld"]
    assert found["SECRET_KEY_FALLBACKS"] == found["FLASK_SECRET_KEY_FALLBACKS"]
    assert found["SECRET_KEY"] == "k3y"
    assert not [
        name for name in derive.environment(app, {"notes": "k3y"}, {}) if "FALLBACKS" in name
    ]


def test_the_users_own_variables_win() -> None:
    (app,) = resolve(with_option("env", {"SECRET_KEY": "mine", "FLASK_APP": "cli:app"}))
    found = derive.environment(app, {"notes": "k3y"}, {})
    assert (found["SECRET_KEY"], found["FLASK_APP"]) == ("mine", "cli:app")


@pytest.mark.parametrize(
    ("option", "value", "text"),
    [
        ("domian", ["x"], "flask_apps[notes]: unknown option 'domian'; did you mean 'domains'?"),
        ("source.branch", "x", "source: unknown option 'branch'; there are: archive, "),
        ("source", None, "flask_apps[notes].source: is missing. Where the app's code comes from."),
        ("source", {}, "flask_apps[notes].source: needs one of git, "),
        ("source.archive", "/notes.tgz", "source: has git and archive; keep one"),
        ("source.checksum", SHA, "source.checksum: goes with archive, and not with git"),
        ("source", {"path": "../notes"}, "source.path = '../notes': must be an absolute path on"),
        ("source", {**SSH, "key": "secret"}, "source.key = (hidden): must be an absolute path on"),
        ("source.key", "/k", "source.key: is for an SSH address, as git@git.example.org:x.git"),
        ("source", {**SSH, "known_hosts": ["AAAA"]}, "known_hosts[0] = 'AAAA': is not a line as"),
        ("python.dependencies", "../prod.txt", "must be a file of the code, such as uv.lock"),
        ("python.dependencies", "Pipfile", "must be a file of the code, such as uv.lock"),
        ("python.groups", ["a b"], "python.groups[0] = 'a b': is not a valid group name"),
        ("python.extras", ["[x]"], "python.extras[0] = '[x]': is not a valid extra name"),
        ("python.proxy", "u:secret@proxy", "python.proxy = (hidden): is not a valid proxy address"),
        ("python.ca", "ca.pem", "must be the full path of a file on the host"),
        ("python.wheelhouse", "wheels", "must be an absolute path on the controller, or one on"),
        ("python.constraints", ["werkzeug"], "must be a package with versions, such as werkzeug<3"),
        (
            "source",
            {"dist": "/x", "subdir": "web"},
            "source.subdir: goes with git or path or archive",
        ),
        ("source", {"dist": "notes.whl"}, "source.dist = 'notes.whl': must be an absolute path"),
        (
            "source",
            {"package": "notes @ https://x"},
            "is not a valid package of an index, such as notes==1.2",
        ),
        ("source", {"deb": "notes.deb"}, "source.deb = 'notes.deb': must be the absolute path of"),
        ("source", {"deb": "/srv/notes.rpm"}, "source.deb = '/srv/notes.rpm': must be the absol"),
        ("source", {"deb": "notes==1"}, "source.deb = 'notes==1': must be the absolute path of"),
        ("source", {"rpm": "-notes"}, "source.rpm = '-notes': must be the absolute path of an"),
        (
            "source",
            {"deb": "notes", "version": "v1"},
            "source.version: goes with git, and not with",
        ),
        ("source", {"deb": "notes", "rpm": "notes"}, "source: has deb and rpm; keep one"),
        (
            "source",
            {"package": "-r x"},
            "source.package = '-r x': is not a valid package of an index",
        ),
        (
            "python.index",
            "pypi",
            "python.index = (hidden): is not a valid address, such as https://pypi.org",
        ),
        (
            "python.extra_indexes",
            ["x"],
            "python.extra_indexes[0] = (hidden): is not a valid address",
        ),
        ("source.exclude", ["docs"], "source.exclude: goes with path, and not with git; leave it"),
        ("source", {"archive": "notes.tgz"}, "source.archive = 'notes.tgz': must be a web address"),
        ("source", {"archive": "https://h/n.tgz"}, "source.checksum: is missing; an archive at a"),
        (
            "source",
            {"archive": "/n.tgz", "checksum": "md5:1"},
            "source.checksum = 'md5:1': must be sha256:",
        ),
        (
            "source",
            {"archive": "/n.tgz", "version": "v1"},
            "source.version: goes with git, and not with archive",
        ),
        ("source", "https://x", "source = 'https://x': must be a dictionary of options"),
        ("source.git", "nope", "source.git = 'nope': is not a valid repository address"),
        ("source.git", "-oProxyCommand=x", "source.git = '-oProxyCommand=x': is not a valid"),
        (
            "source.git",
            "htps://ghp_1@git.test/x",
            "source.git = 'htps://(hidden)@git.test/x': is no",
        ),
        ("source.version", "--upload-pack=x", "is not a valid branch, tag or commit"),
        ("source.from", "me", "source.from = 'me': must be one of host, controller"),
        (
            "source",
            {"path": "/x", "from": "controller"},
            "source.from: goes with git, and not with path; leave it out",
        ),
        ("source.version", 1.10, "source.version = 1.1: must be text; put it in quotes"),
        ("source.subdir", "../x", "source.subdir = '../x': must be a folder inside the app's own"),
        ("wsgi", "notes", "wsgi = 'notes': must be module:app or module:create_app()"),
        ("wsgi", None, "flask_apps[notes].wsgi: is missing."),
        ("name", "Notes", "name = 'Notes': is not a valid system user name"),
        ("name", "nginx", "name = 'nginx': belongs to the system; choose another name"),
        ("name", "a" * 25, "is not a valid system user name"),
        ("user", "root", "user = 'root': belongs to the system"),
        ("domains", "a.de", "domains = 'a.de': must be a list, such as ['a.de']"),
        ("domains", [], "domains: is empty; name at least one"),
        ("domains", ["a_b.de"], "domains[0] = 'a_b.de': is not a valid domain name"),
        ("domains", ["a.de", "localhost"], "domains[1] = 'localhost': is not a valid domain name"),
        (
            "domains",
            ["192.0.2.1"],
            "is not a domain name; for an address set https to selfsigned, provided or none",
        ),
        ("domains", ["a.de", "a.de"], "both have the domain 'a.de'; each app needs its own"),
        ("https", "letsencrypt", "must be one of certbot, selfsigned, provided, none"),
        ("certbot", {}, "certbot.email: is missing; certbot needs one (for all apps:"),
        ("certbot.email", "me", "certbot.email = 'me': is not a valid e-mail address"),
        ("certbot.server", "http://x", "certbot.server = 'http://x': must start with https://"),
        ("database", "oracle", "database = (hidden): must be sqlite, mysql or a URL"),
        ("python.version", 3.1, "python.version = 3.1: must be text; put it in quotes"),
        ("python.version", "2.7", "python.version = '2.7': must be a version such as 3.12"),
        ("env", {"A B": 1}, "env = (hidden): a variable's name takes letters, digits and _"),
        ("env", {"A": {}}, "env.A: must be text, a number, true or false"),
        ("env", ["A=1"], "env = (hidden): must be a dictionary of options"),
        ("files", [{"name": "a/b", "content": ""}], "files[0].name = 'a/b': must be a file's name"),
        ("files", [{"name": "environment", "content": ""}], "is written by the collection"),
        ("files", [{"name": "a.cfg"}], "files[0]: needs content or template, and not both"),
        ("commands.once", ["echo 'x"], 'commands.once[0] = "echo \'x": is not a valid command'),
        (
            "processes",
            [{"name": "a b", "command": "x"}],
            "processes[0].name = 'a b': is not a valid unit",
        ),
        (
            "processes",
            [{"name": "a", "command": ""}],
            "processes[0].command = '': is not a valid command",
        ),
        ("processes", [{"name": "a"}], "processes[0].command: is missing."),
        ("processes", [{"name": "a", "command": "x", "count": 0}], "count = 0: must be 1 or more"),
        ("processes", [{"name": "a", "command": "x"}] * 2, "there are two of the name 'a'"),
        ("schedules", [{"name": "a", "command": "x"}], "schedules[0].when: is missing."),
        *[
            ("schedules", [{"name": "a", "command": "x", "when": when}], "must be a time as")
            for when in ("0 3 * * *", "@daily", "dayly", "3h", "")
        ],
        ("static", [{"url": "static", "folder": "x"}], "static[0].url = 'static': must start"),
        ("static", [{"url": "/", "folder": "x"}], "static[0].url = '/': must start and end"),
        ("static", [{"url": "/s/", "folder": "a$b"}], "static[0].folder = 'a$b': must be a folder"),
        ("static", [{"url": "/s/", "folder": "/x"}], "static[0].folder = '/x': must be a folder"),
        ("static", [{"url": "/s/", "folder": "x", "expires": "soon"}], "expires = 'soon': must be"),
        ("static", [{"folder": "x"}], "static[0].url: is missing."),
        ("shared", ["/tmp"], "shared[0] = '/tmp': must be a folder inside the app's own"),
        ("health.path", "health", "health.path = 'health': must start with a slash"),
        ("health.statuses", ["ok"], "health.statuses[0] = 'ok': must be as in 200 or 200-399"),
        ("health.statuses", ["399-200"], "= '399-200': must be as in 200 or 200-399"),
        ("health.timeout", 0, "health.timeout = 0: must be 1 or more seconds"),
        ("gunicorn.workers", "many", "gunicorn.workers = 'many': must be a whole number"),
        ("gunicorn.workers", 0, "gunicorn.workers = 0: must be 1 or more"),
        ("gunicorn.preload", "maybe", "gunicorn.preload = 'maybe': must be true or false"),
        ("gunicorn.worker_class", "async", "must be one of sync, gthread, gevent, eventlet"),
        ("gunicorn.args", ["-w 3"], "gunicorn.args[0] = '-w 3': must be one long argument"),
        ("domains", ["*.example.org"], "[0] = '*.example.org': cannot be the canonical name"),
        ("domains", ["a.example.org", "*.example.org"], "set certbot.challenge to dns"),
        (
            "domains",
            ["a.example.org", "a.*.org"],
            "domains[1] = 'a.*.org': is not a valid domain name",
        ),
        ("certbot.server", "http://acme.example.org", "must start with https://, or be staging"),
        ("certbot.key_type", "dsa", "certbot.key_type = 'dsa': must be one of ecdsa, rsa"),
        ("certbot.challenge", "dns", "certbot.dns.plugin: is missing; name one, such as rfc2136"),
        ("certbot.dns.plugin", "dns-ovh", "certbot.dns.plugin = 'dns-ovh': must be the plugin's"),
        ("nginx.max_body_size", "big", "nginx.max_body_size = 'big': must be a size, such as 16m"),
        ("systemd", {"memory": "1G"}, "systemd = {'memory': '1G'}: must be names and values as in"),
        ("systemd", {"Nice": "5\nUser=root"}, "must be names and values as in [Service]"),
        ("systemd", {"Nice": {"a": 1}}, "systemd.Nice: must be text, a number, true or false"),
        ("systemd", {"User": "root"}, "systemd = {'User': 'root'}: must leave alone how the app"),
        ("backup.when", "30 3 * * *", "must be a time as systemd's OnCalendar takes it"),
        ("backup.drill", "sometimes", "must be a time as systemd's OnCalendar takes it"),
        ("backup.keep", 0, "must be 1 or more"),
        ("backup.folder", "backups", "must be a full path"),
        ("backup.folder", "/mnt/a b", "must be a full path"),
        ("backup.folder", "/mnt/../etc", "must be a full path"),
        ("backup.folder", "/srv/notes/shared/backups", "is in the app's own folder"),
        (
            "audit.server",
            "https://a:b@osv.example.org",
            "is not a valid address, such as https://api.osv.dev",
        ),
        ("audit.ignore", ["GHSA g3rq"], "is not a vulnerability ID"),
        ("keep_releases", 1, "keep_releases = 1: must be 2 or more"),
    ],
)
def test_a_mistake_is_the_only_one_that_is_reported(option: str, value: Any, text: str) -> None:
    (found,) = mistakes(with_option(option, value))
    assert text in found


def by_dns(plugin: str, **credentials: Any) -> dict[str, Any]:
    """NOTES with a wildcard and a plugin for it."""
    dns = {"plugin": plugin, "credentials": credentials}
    certbot = {**NOTES["certbot"], "challenge": "dns", "dns": dns}
    return {**NOTES, "domains": ["notes.example.org", "*.example.org"], "certbot": certbot}


@pytest.mark.parametrize(
    ("app", "text"),
    [
        (by_dns("cloudflare"), "credentials: is missing; the documentation of certbot-dns-cloudf"),
        (by_dns("route53", key="s3cret"), "certbot.dns.credentials: route53 takes none"),
        (by_dns("ovh", key="s3cret\nx"), "certbot.dns.credentials.key: must be one line"),
        (by_dns("ovh", key="s3'cret\""), "certbot.dns.credentials.key: must be one line, without"),
        (by_dns("ovh", key=["s3cret"]), "certbot.dns.credentials.key: must be text"),
    ],
)
def test_credentials_for_dns_records(app: dict[str, Any], text: str) -> None:
    (found,) = mistakes(app)
    assert text in found
    assert "s3cret" not in found


@pytest.mark.parametrize(
    ("app", "file"),
    [
        (by_dns("route53"), ""),
        (by_dns("google"), ""),
        (by_dns("google", type="x"), '{\n  "type": "x"\n}\n'),
        (
            by_dns("cloudflare", api_token="a,b#c", dns_cloudflare_email='"x"'),
            'dns_cloudflare_api_token = "a,b#c"\ndns_cloudflare_email = \'"x"\'\n',
        ),
    ],
)
def test_the_file_with_credentials_for_dns_records(app: dict[str, Any], file: str) -> None:
    (found,) = resolve(app)
    assert found["dns_credentials"] == file


def test_lets_encrypts_authority_for_trials() -> None:
    (app,) = resolve(with_option("certbot.server", "staging"))
    assert app["certbot"]["server"] == "https://acme-staging-v02.api.letsencrypt.org/directory"


@pytest.mark.parametrize(
    ("files", "texts"),
    [
        ({}, ["certificate.chain: is missing", "certificate.key: is missing"]),
        ({"chain": "/a"}, ["certificate.key: is missing"]),
        ({"chain": "/a", "key": "tls/k"}, ["must be absolute, such as {{ inventory_dir }}/tls/k"]),
    ],
)
def test_files_of_a_certificate(files: dict[str, str], texts: list[str]) -> None:
    found = mistakes({**NOTES, "https": "provided", "certificate": files})
    assert len(found) == len(texts)
    for line, text in zip(found, texts, strict=True):
        assert text in line


def test_files_that_are_not_on_the_controller(tmp_path: Path) -> None:
    (tmp_path / "chain").touch()
    files = {"chain": f"{tmp_path}/chain", "key": f"{tmp_path}/key"}
    app = {**NOTES, "https": "provided", "certificate": files}
    found = look_for_mistakes(app)
    assert f"flask_apps[notes].certificate.key = '{tmp_path}/key': cannot be read" in found
    assert "certificate.chain" not in found
    (tmp_path / "key").touch()
    assert look_for_mistakes(app) == ""
    files.update({"key": "/no/such/key", "source": "host"})
    assert look_for_mistakes(app) == ""


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            {"git": "{here}/nowhere", "from": "controller"},
            "source.git = '{here}/nowhere': there is no such folder",
        ),
        ({"path": "{here}/nowhere"}, "source.path = '{here}/nowhere': there is no such folder"),
        ({"path": "{here}/file"}, "source.path = '{here}/file': there is no such folder"),
        ({"path": "{here}"}, ""),
        ({"archive": "{here}"}, "source.archive = '{here}': there is no such file"),
        ({"archive": "{here}/file"}, ""),
        ({"archive": "https://x.example/a.zip", "checksum": "sha256:" + 64 * "0"}, ""),
        ({"dist": "{here}/no.whl"}, "source.dist = '{here}/no.whl': there is no such file or"),
        ({"deb": "{here}/no.deb"}, "source.deb = '{here}/no.deb': there is no such file on the"),
        ({"deb": "{here}/empty.deb"}, "{here}/empty.deb is neither a deb nor an RPM"),
        ({"rpm": "flask-notes"}, ""),
        ({"git": "git@git.example.org:x.git", "key": "{here}/key"}, "there is no such file on"),
        ({"git": "git@git.example.org:x.git", "key": "-----BEGIN x"}, ""),
    ],
)
def test_what_a_source_names_is_on_the_controller(
    tmp_path: Path, source: dict[str, str], text: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty.deb").touch()
    here = {option: value.replace("{here}", str(tmp_path)) for option, value in source.items()}
    found = look_for_mistakes({**NOTES, "source": here})
    assert text.replace("{here}", str(tmp_path)) in found
    assert bool(text) == bool(found)


def test_a_value_that_may_be_secret_is_not_shown() -> None:
    app = {**NOTES, "database": "s3cret", "env": {"s3cret x": "s3cret"}, "secret_key": ["s3cret"]}
    found = mistakes(app)
    assert len(found) == 3
    assert "s3cret" not in "".join(found)


@pytest.mark.parametrize(
    ("second", "text"),
    [
        ({"name": "notes"}, "both have the name 'notes'"),
        ({"user": "notes"}, "flask_apps[notes] and flask_apps[blog]: both have the user 'notes'"),
        ({"domains": ["x.example.org", "notes.example.org"]}, "the domain 'notes.example.org'"),
    ],
)
def test_two_apps_share(second: dict[str, Any], text: str) -> None:
    (found,) = mistakes(NOTES, {**OTHER, **second})
    assert text in found


def test_all_mistakes_of_all_apps_at_once() -> None:
    found = mistakes(
        with_option("domian", 1), {**OTHER, "wsgi": "x"}, "notes", {}, gunicron={"threads": 1}
    )
    starts = [line.split(":")[0].split(" = ")[0] for line in found]
    assert starts == [
        "flask_defaults",
        "flask_apps[notes]",
        "flask_apps[blog].wsgi",
        "flask_apps[2]",
        "flask_apps[3].name",
        "flask_apps[3].source",
        "flask_apps[3].wsgi",
        "flask_apps[3].domains",
        "flask_apps[3].certbot.email",
    ]


@pytest.mark.parametrize("kind", [{"dist": "/x.whl"}, {"package": "notes"}])
def test_an_installed_app_has_no_files_of_requirements(kind: dict[str, str]) -> None:
    wishes = {"dependencies": "prod.txt", "groups": ["x"], "require_hashes": True, "extras": ["y"]}
    found = mistakes({**NOTES, "source": kind, "python": wishes})
    assert [text.split(":")[0] for text in found] == [
        f"flask_apps[notes].python.{option}"
        for option in ("dependencies", "groups", "require_hashes")
    ]


@pytest.mark.parametrize("kind", [{"deb": "/x.deb"}, {"rpm": "notes"}])
def test_a_package_was_built_with_what_it_needs(kind: dict[str, str]) -> None:
    wishes = {"version": "3.12", "packages": ["x"], "groups": ["x"], "require_hashes": True}
    found = mistakes({**NOTES, "source": kind, "python": {**wishes, "system_packages": ["x"]}})
    assert [text.split(":")[0] for text in found] == [
        f"flask_apps[notes].python.{option}" for option in wishes
    ]


@pytest.mark.parametrize("apps", [None, "notes", {"name": "notes"}])
def test_not_a_list(apps: Any) -> None:
    with pytest.raises(Mistakes, match="must be a list of apps"):
        app_resolve.resolve(apps, {}, SPEC)


@pytest.mark.parametrize(
    "app",
    [
        {**NOTES, "domains": ["192.0.2.1"], "https": "none"},
        {**NOTES, "domains": ["192.0.2.1"], "https": "selfsigned"},
        {**NOTES, "domains": ["notes.example.org", "*.notes.example.org"], "https": "none"},
        by_dns("desec", token="x"),
        with_option("source.git", "git@git.example.org:team/notes.git"),
        with_option("source.git", "/srv/git/notes.git"),
        with_option("source.version", "feature/x"),
        with_option("source.version", "v1.2.3+build"),
        with_option("wsgi", "my_app.web:create_app('production')"),
        with_option("static", [{"url": "/static/", "folder": "a/static", "expires": "max"}]),
        with_option("gunicorn.args", ["--limit-request-line=8190", "--statsd-host=127.0.0.1:8125"]),
        with_option("gunicorn.workers", "4"),
        with_option("python.dependencies", "requirements/prod.txt"),
        with_option("python.dependencies", "web/poetry.lock"),
        with_option("python.constraints", ["werkzeug<3.1", "flask>=3,<4"]),
    ],
)
def test_good_values(app: dict[str, Any]) -> None:
    assert resolve(app)


PACKAGED = {**OTHER, "source": {"package": "blog[prod]>=1"}}
LOCAL = {**OTHER, "source": {"path": "/home/me/blog"}}
DEB = {**OTHER, "source": {"deb": "flask-blog=1.2-1"}}
DEB_FILE = {**OTHER, "source": {"deb": "/home/me/blog.deb"}}


@pytest.mark.parametrize(
    ("apps", "version", "source"),
    [
        ([NOTES], "v0.2.3", {"version": "v0.2.3"}),
        ([NOTES], "notes:v0.2.3", {"version": "v0.2.3"}),
        ([PACKAGED, NOTES], "blog:1.4", {"package": "blog[prod]==1.4"}),
        ([DEB], "1.4", {"deb": "flask-blog=1.4"}),
        ([NOTES, PACKAGED], "", {"version": ""}),
    ],
)
def test_another_version(apps: list[Any], version: str, source: dict[str, str]) -> None:
    resolved = app_resolve.resolve(apps, {}, SPEC, version)
    assert source.items() <= resolved[0]["source"].items()
    assert resolved[1:] == app_resolve.resolve(apps, {}, SPEC)[1:]


@pytest.mark.parametrize(
    ("apps", "version", "text"),
    [
        ([NOTES, OTHER], "v1", "version=v1: there are several apps; say which, as in notes:v1"),
        ([NOTES], "blog:v1", "version=blog:v1: there is no app 'blog'; there are: notes"),
        ([LOCAL], "v1", "version=v1: blog comes from path, which has no versions"),
        (
            [DEB_FILE],
            "v1",
            "version=v1: blog comes from a file, which has one version; name another",
        ),
        ([DEB], "1 x", "source.deb = 'flask-blog=1 x': must be the absolute path of a .deb"),
        ([NOTES], "--x", "source.version = '--x': is not a valid branch, tag or commit"),
        (
            [PACKAGED],
            "1 @ x",
            "source.package = 'blog[prod]==1 @ x': is not a valid package of an index",
        ),
    ],
)
def test_another_version_that_cannot_be(apps: list[Any], version: str, text: str) -> None:
    with pytest.raises(Mistakes) as caught:
        app_resolve.resolve(apps, {}, SPEC, version)
    assert text in caught.value.lines[0]


@pytest.mark.parametrize(
    ("app", "version", "meant"),
    [
        ("", "", ""),
        ("", "v1", "v1"),
        ("", "notes:v1", "notes:v1"),
        ("notes", "", ""),
        ("notes", "v1", "notes:v1"),
        ("notes", "notes:v1", "notes:v1"),
    ],
)
def test_version_is_that_of_the_app_that_a_play_is_for(app: str, version: str, meant: str) -> None:
    assert chosen(app, version) == meant

# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from ansible_collections.pyhost.flask.plugins.module_utils._core.errors import UserError
from ansible_collections.pyhost.flask.plugins.module_utils._package import (
    build,
    plan,
    program,
    schedules,
)
from ansible_collections.pyhost.flask.plugins.module_utils._package.host import Package
from ansible_collections.pyhost.flask.plugins.module_utils._package.plan import (
    Origin,
    Python,
    Version,
)
from ansible_collections.pyhost.flask.plugins.module_utils._package.settings import Settings
from ansible_collections.pyhost.flask.plugins.plugin_utils._app import package_settings
from ansible_collections.pyhost.flask.plugins.plugin_utils._app.app import App
from ansible_collections.pyhost.flask.tests.unit import examples, imports

COLLECTION = Path(__file__).parents[5]
UTILS_FOLDER = COLLECTION / "plugins/module_utils"
SPEC = yaml.safe_load((COLLECTION / "roles/app/meta/argument_specs.yml").read_text())
OPTIONS = SPEC["argument_specs"]["main"]["options"]["flask_apps"]["options"]
# Oldest first; PEP 440 orders them so, and dpkg must as well.
ORDER = [
    "1.0.dev1",
    "1.0a1.dev1",
    "1.0a1",
    "1.0b2",
    "1.0rc1",
    "1.0",
    "1.0+local.1",
    "1.0.post1.dev1",
    "1.0.post1",
    "1.0.1",
    "1.2",
    "1.10",
]
REVISION = "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c"


def app(**options: Any) -> App:
    return examples.app(https="none", **options)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1.2.3", Version("1.2.3")),
        ("v1.2.3", Version("1.2.3")),
        ("1.3rc1", Version("1.3~rc1")),
        ("1.3-alpha.2", Version("1.3~a2")),
        ("1.3.dev4", Version("1.3~~dev4")),
        ("1.3.post1", Version("1.3+post1")),
        ("1.3+Ubuntu-1", Version("1.3+ubuntu.1")),
        ("1!2.0", Version("2.0", "1")),
        ("main", None),
        (REVISION, None),
        ("notes-1.2.3.tar.gz", None),
    ],
)
def test_versions_of_python_as_packages_have_them(text: str, wanted: Version | None) -> None:
    assert plan.pep440(text) == wanted


@pytest.mark.skipif(not shutil.which("dpkg"), reason="asks dpkg")
@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(ORDER)))
def test_dpkg_sorts_them_as_python_does(older: str, newer: str) -> None:
    versions = [found.text for found in map(plan.pep440, (older, newer)) if found]
    command = ["dpkg", "--compare-versions", versions[0], "lt", versions[1]]
    assert subprocess.run(command, check=False).returncode == 0, versions


@pytest.mark.parametrize(
    ("given", "origin", "wanted"),
    [
        ("2.0", Origin("v1.0"), "2.0"),
        ("", Origin("v1.0", "0.9", REVISION, 1), "1.0"),
        ("", Origin("v1.0-5-gabc1234", "0.9"), "1.0+5.gabc1234"),
        ("", Origin("v1.0-5-gabc1234-dirty", "0.9"), "1.0+5.gabc1234"),
        ("", Origin("main", "0.9", REVISION, 86400), "0.9+git19700102.000000.9f8e7d6"),
        ("", Origin(REVISION, "", REVISION, 86400), "0+git19700102.000000.9f8e7d6"),
        ("", Origin("notes-1.2.3.tar.gz", "1.2.3"), "1.2.3"),
    ],
)
def test_the_version_comes_from_the_user_the_tag_or_the_project(
    given: str, origin: Origin, wanted: str
) -> None:
    assert plan.version(given, origin).text == wanted


def test_what_is_no_version_is_refused() -> None:
    with pytest.raises(UserError, match="package_version: 'newest' is not a valid version"):
        plan.version("newest", Origin())


def test_a_package_is_for_one_minor_version_of_python() -> None:
    deb = plan.depends("deb", Python("3.11"), ["libpq5"])
    assert deb[:2] == ["python3 (>= 3.11)", "python3 (<< 3.12~)"]
    assert deb[-1] == "libpq5"
    assert plan.depends("rpm", Python("3.13"), [])[:2] == ["python3 >= 3.13", "python3 < 3.14"]


def test_files_go_to_the_places_of_packages_with_their_folders() -> None:
    files: list[dict[str, Any]] = [
        {"dest": "/etc/systemd/system/x.service", "content": "", "systemd": True},
        {"dest": "/etc/cron.d/x", "content": "", "systemd": False},
        {"dest": "/etc/x", "state": "directory", "mode": "0750"},
        {"dest": "/etc/x/y", "content": ""},
    ]
    staged = package_settings.staged(files, "/s")
    assert [entry["dest"] for entry in staged] == [
        "/s",
        "/s/usr",
        "/s/usr/lib",
        "/s/usr/lib/systemd",
        "/s/usr/lib/systemd/system",
        "/s/etc",
        "/s/usr/lib/systemd/system/x.service",
        "/s/etc/x",
        "/s/etc/x/y",
    ]
    assert not any("systemd" in entry for entry in staged)


@pytest.mark.parametrize(
    ("database", "url", "required"),
    [
        ("sqlite", "sqlite:////srv/notes/shared/notes.db", []),
        ("postgresql://notes@db/notes", "postgresql://notes@db/notes", []),
        ("postgresql://notes:s3cr3t@db/notes", "", ["DATABASE_URL"]),
    ],
)
def test_no_password_of_a_database_gets_into_a_package(
    database: str, url: str, required: list[str]
) -> None:
    found = package_settings.packaged(app(database=database, env={"MODE": "x"}), "www-data")
    assert found["variables"]["DATABASE_URL"] == url
    assert found["variables"]["SQLALCHEMY_DATABASE_URI"] == "${DATABASE_URL}"
    assert found["variables"]["MODE"] == "x"
    assert found["settings"]["required"] == required
    assert "s3cr3t" not in str(found)


def test_the_password_of_a_database_on_another_host_is_filled_in_there() -> None:
    remote = app(database="mysql")
    url = "mysql+pymysql://notes:${DATABASE_PASSWORD}@10.0.0.5/notes"
    remote["variables"] = dict.fromkeys(remote["variables"], url)
    found = package_settings.packaged(remote, "www-data")
    assert found["settings"]["required"] == ["DATABASE_PASSWORD"]
    assert found["variables"]["DATABASE_PASSWORD"] == ""
    assert found["variables"]["SQLALCHEMY_DATABASE_URI"] == url


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, ""),
        ({"files": [{"name": "a.cfg", "content": "x = 1"}]}, ""),
        ({"source": {"deb": "flask-notes"}}, "source: is a package already; name where its code"),
        ({"gunicorn": {"manager": "supervisor"}}, "packages are for systemd"),
        ({"files": [{"name": "a.cfg", "content": "x = ${SECRET_KEY}"}]}, "names a variable"),
        ({"files": [{"name": "a.cfg", "template": "a.j2"}]}, "takes no template"),
    ],
)
def test_what_a_package_cannot_hold_is_refused(options: dict[str, Any], message: str) -> None:
    found = package_settings.packaged(app(**options), "www-data")["mistakes"]
    assert message in found
    assert bool(message) == bool(found)


def test_a_package_gets_all_files_that_its_program_needs() -> None:
    """And no other: those of the role's list, on a Python that has no Ansible."""
    variables = yaml.safe_load((COLLECTION / "roles/package/vars/main.yml").read_text())
    needed = imports.needed_by(UTILS_FOLDER / "_package/program.py")
    listed = {UTILS_FOLDER / f"{name}.py" for name in variables["__package_code"]}
    assert listed == needed
    assert not [file for file in needed if re.search(r"^from ansible\.", file.read_text(), re.M)]


def settings_in(root: Path, name: str = "notes", **commands: list[str]) -> Settings:
    """What a package says of an app whose folder is ``root``."""
    app = examples.app(name=name, commands=commands)
    found = cast(Settings, package_settings.settings(app, "www-data"))
    settings: Settings = {**found, "service": {**found["service"], "root": str(root)}}
    return settings


@pytest.mark.parametrize(
    ("live", "done", "expected"),
    [
        ("", (), ["flask seed", "flask warm-up"]),
        ("", ("flask seed",), ["flask warm-up"]),  # its data were there before
        ("r1", (), ["flask warm-up"]),
        ("r2", (), []),  # new settings of the release that is live
    ],
)
def test_which_commands_run_before_the_traffic(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    live: str,
    done: tuple[str, ...],
    expected: list[str],
) -> None:
    ran: list[str] = []

    def attempt(_package: Package, release: str, argv: list[str]) -> None:
        assert release == "r2"
        ran.append(" ".join(argv))

    monkeypatch.setattr(program, "attempt", attempt)
    app = settings_in(tmp_path, once=["flask seed"], release=["flask warm-up"])
    package = Package(Path("/usr/lib/flask-notes"), app)
    for command in done:
        program.commands(Package(package.folder, {**app, "once": [command]}), "r2")
    if live:
        (tmp_path / "current").symlink_to(f"releases/{live}")
    ran.clear()
    program.commands(package, "r2")
    assert ran == expected


def test_a_command_is_noted_as_flask_app_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "attempt", lambda *_arguments: None)
    app = settings_in(tmp_path, once=["flask seed --all"])
    program.commands(Package(Path("/usr/lib/x"), app), "r1")
    script = "printf '%s\\n' flask seed --all | sha256sum | cut -c1-16"
    noted = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert (tmp_path / "once" / noted.stdout.strip()).read_text() == "flask seed --all\n"


@pytest.mark.parametrize(
    ("running", "wanted", "calls"),
    [
        ((), (), []),
        ((), ("flask-x.a.timer",), ["start flask-x.a.timer"]),
        (("flask-x.b.timer",), (), ["stop flask-x.b.timer"]),
        (
            ("flask-x.a.timer", "flask-x.b.timer"),
            ("flask-x.a.timer",),
            ["stop flask-x.b.timer", "start flask-x.a.timer"],
        ),
    ],
)
def test_timers_are_those_of_the_version(
    running: tuple[str, ...], wanted: tuple[str, ...], calls: list[str]
) -> None:
    class Host(examples.Module):
        def __init__(self, rc: int) -> None:
            super().__init__()
            self.rc, self.calls = rc, [""][:0]

        def run_command(self, argv: Sequence[str], /, **options: Any) -> tuple[int, str, str]:
            if argv[1] == "list-units":
                assert argv[-1] == "flask-x.*.timer"
                return 0, "".join(f"{unit} loaded active waiting\n" for unit in running), ""
            self.calls.append(" ".join(argv[1:]))
            return self.rc, "", "masked"

    app: Settings = {**settings_in(Path("/"), name="x"), "timers": list(wanted)}
    for rc in (0, 1):
        host = Host(rc)
        schedules.keep_time(host, app)
        assert host.calls == calls
        failed = [f"x: its schedules did not {call.split()[0]}: masked" for call in calls]
        assert host.warnings == (failed if rc else [])


def test_links_to_folders_lead_from_where_the_release_will_be(tmp_path: Path) -> None:
    """As nfpm packs them, on a machine that has what they lead to."""
    shared, release = tmp_path / "srv/notes/shared/uploads", tmp_path / "srv/notes/releases/r1"
    target = tmp_path / "usr/lib/flask-notes/release"
    links = {"web/uploads": shared, "python": Path("/usr/bin/env"), "lib64": Path("lib")}
    for folder in (shared, release, target / "web", target / "lib"):
        folder.mkdir(parents=True)
    for name, goal in links.items():
        (target / name).symlink_to(goal)
    build.keep_links(release, target)
    (release / "web").mkdir()
    (release / "web/uploads").symlink_to((target / "web/uploads").readlink())
    assert (release / "web/uploads").resolve() == shared
    assert not (target / "web/uploads").readlink().is_absolute()
    assert (target / "python").readlink() == Path("/usr/bin/env")
    assert (target / "lib64").readlink() == Path("lib")

"""One small app from each kind of source: deployed, planned, upgraded, left alone, rolled back.

What is promised: it makes no difference where an app comes from.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ansible_collections.pyhost.flask.molecule.shared.app import App
from ansible_collections.pyhost.flask.molecule.shared.browser import Browser
from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = ["ansible://flask"]

PROJECT = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"])
WORK = Path(os.environ["BED_CACHE"], os.environ["BED_NAME"] + "-sources")
KINDS = ["git", "path", "archive", "dist", "package"]


def publish(version: str) -> None:
    subprocess.run([PROJECT / "molecule/sources/publish", version], check=True)


def write_source(kind: str, source: object) -> None:
    """Let the app of a kind be made from another source from now on."""
    sources = json.loads((WORK / "sources.json").read_text())
    (WORK / "sources.json").write_text(json.dumps({**sources, kind: source}))


def play(names: str, *options: str, **env: str) -> tuple[int, str]:
    """Run playbooks as users do; their exit status, and all that they said."""
    command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"]]
    done = subprocess.run(
        [*command, *(f"pyhost.flask.{name}" for name in names.split()), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PATH": f"{os.environ['BED_CACHE']}/uv/bin:{os.environ['PATH']}", **env},
        check=False,
    )
    return done.returncode, done.stdout


def succeed(names: str, *options: str, **env: str) -> str:
    status, said = play(names, *options, **env)
    assert status == 0, said
    return said


def site(kind: str) -> str:
    return f"http://{kind}.deb13.test/"


@pytest.fixture
def versions(browser: Browser) -> Callable[[], dict[str, str]]:
    """Gives the version that each app answers with."""

    def ask() -> dict[str, str]:
        answers = {kind: browser.get(site(kind)).text for kind in KINDS}
        return {kind: re.sub(r"Version (\S+),.*", r"\1", text) for kind, text in answers.items()}

    return ask


def all_at(version: str) -> dict[str, str]:
    return dict.fromkeys(KINDS, version)


def test_each_serves_the_app(versions: Callable[[], dict[str, str]], browser: Browser) -> None:
    assert versions() == all_at("1.0")
    for kind in KINDS:
        assert browser.get(site(kind) + "static/style.css").status == 200, kind
        assert browser.submit(site(kind), name="Ada").status == 302, kind


@pytest.mark.parametrize("kind", KINDS)
def test_each_release_says_what_it_is_made_of(host: Host, kind: str) -> None:
    current = f"/srv/from-{kind}/current"
    text = host.file(f"{current}/sbom.json").content_string
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    sbom = json.loads(text)
    record = json.loads(host.file(f"{current}/release.json").content_string)
    itself = sbom["metadata"]["component"]
    assert (itself["name"], itself["version"]) == (f"from-{kind}", record["revision"])
    versions = {one["name"]: one["version"] for one in sbom["components"]}
    python = host.check_output(f"{current}/.venv/bin/python --version").split()[1]
    assert versions == {**record["packages"], "python": python}
    graph = {one["ref"]: one["dependsOn"] for one in sbom["dependencies"]}
    flask = next(ref for ref in graph if ref.startswith("flask=="))
    assert f"werkzeug=={versions['werkzeug']}" in graph[flask]


def test_upgrade_and_back(
    host: Host,
    versions: Callable[[], dict[str, str]],
    browser: Browser,
    app_of: Callable[[str], App],
) -> None:
    before = {kind: app_of(f"from-{kind}").release for kind in KINDS}
    publish("2.0")
    packed = succeed("pack")
    assert re.search(
        r"packed \S+/dist/bed_guestbook-2.0-py3-none-any.whl\s+sha256:[0-9a-f]{64}", packed
    )
    write_source("audit", "refuse")
    status, said = play("deploy", "--check")
    assert status != 0
    assert re.search(r"from-package .*: known vulnerabilities: itsdangerous .*PYSEC-2026-1", said)

    write_source("audit", "warn")
    planned = succeed("deploy", "--check", "--diff")
    assert "from-package: known vulnerabilities: itsdangerous" in re.sub(r"\s+", " ", planned)
    for kind in KINDS:
        assert f"+++ after: release of from-{kind}: " in planned
    assert versions() == all_at("1.0")
    assert {kind: app_of(f"from-{kind}").release for kind in KINDS} == before

    succeed("deploy")
    assert versions() == all_at("2.0")
    for kind in KINDS:
        assert "guests: Ada" in browser.get(site(kind)).text, kind
    assert "changed=0 " in succeed("deploy")

    for kind in KINDS:
        succeed("rollback", "-e", f"app=from-{kind}")
    assert versions() == all_at("1.0")
    assert {kind: app_of(f"from-{kind}").release for kind in KINDS} == before


def test_nothing_that_was_sent_stays(host: Host) -> None:
    left = host.check_output(
        "find /tmp /var/tmp /root/.ansible -name '*guestbook*' -o -name 'pyhost-flask*'"
    )
    assert left == ""


def test_a_hostile_archive_is_refused(host: Host, versions: Callable[[], dict[str, str]]) -> None:
    file = WORK / "hostile.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name in ("guestbook.py", "../../../../../tmp/outside"):
            member = tarfile.TarInfo(name)
            archive.addfile(member, io.BytesIO())
    write_source("archive", {"archive": str(file)})
    status, said = play("deploy")
    assert status != 0
    assert "its entry '../../../../../tmp/outside' leads out of the folder" in said
    assert "What runs was not touched" in said
    assert not host.file("/tmp/outside").exists
    assert versions()["archive"] == "1.0"
    write_source("archive", {"archive": str(WORK / "guestbook-2.0.tar.gz")})


def test_a_host_that_is_not_set_up_is_left_alone(host: Host) -> None:
    """As one is that the site playbook has not seen."""
    record = "/var/lib/pyhost-flask/config_set/gunicorn.json"
    host.check_output(f"mv {record} {record}.away")
    try:
        status, said = play("deploy")
    finally:
        host.check_output(f"mv {record}.away {record}")
    assert status != 0
    assert "is not set up for apps yet. Run the playbook pyhost.flask.site first" in said
    assert "changed=0 " in said


def test_another_version_once(versions: Callable[[], dict[str, str]]) -> None:
    status, said = play("deploy", "-e", "version=v0.2.0")
    assert status != 0
    assert "there are several apps; say which, as in from-git:v0.2.0" in said
    succeed("deploy", "-e", "version=from-git:v0.2.0")
    assert versions()["git"] == "2.0"


def test_the_same_version_packed_anew(versions: Callable[[], dict[str, str]]) -> None:
    code = WORK / "project/guestbook/__init__.py"
    code.write_text(code.read_text().replace('"2.0"', '"2.0-anew"'))
    succeed("pack deploy", "--limit", "flask")
    assert versions() == {**all_at("2.0"), "dist": "2.0-anew"}
    assert "changed=0 " in succeed("deploy")


SSHD = "HostKey /etc/git-sshd/host\nPort 2222\nStrictModes no\nPidFile none\n"


@pytest.fixture
def private(host: Host) -> dict[str, Any]:
    """A repository behind a real sshd, on the host itself; its source, without a key."""
    key = WORK / "deploy-key"
    for path in (key, Path(f"{key}.pub")):
        path.unlink(missing_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    run = host.check_output
    run("mkdir -p /etc/git-sshd /run/sshd")
    run("test -e /etc/git-sshd/host || ssh-keygen -q -t ed25519 -N '' -f /etc/git-sshd/host")
    run("id git || useradd --create-home --shell /bin/sh --password '*' git")
    run("printf %%s %s > /etc/git-sshd/config", SSHD + "AuthorizedKeysFile /etc/git-sshd/keys\n")
    run("printf %%s %s > /etc/git-sshd/keys", Path(f"{key}.pub").read_text())
    run("rm -rf /home/git/x.git; git clone -q --bare git://services/guestbook.git /home/git/x.git")
    run("chown -R git: /home/git")
    serve = "systemd-run -q --unit git-sshd /usr/sbin/sshd -Def /etc/git-sshd/config"
    run(f"systemctl is-active git-sshd || {serve}")
    return {
        "git": "ssh://git@localhost:2222/home/git/x.git",
        "known_hosts": ["[localhost]:2222 " + run("cat /etc/git-sshd/host.pub")],
        "key": str(key),
    }


def test_a_private_repository(
    host: Host, versions: Callable[[], dict[str, str]], private: dict[str, Any]
) -> None:
    write_source("git", private)
    said = succeed("deploy", "-vvv")
    assert versions()["git"] == "2.0"
    body = Path(private["key"]).read_text().splitlines()[2]
    assert body not in said
    places = "/etc /home /root /run /srv /tmp /var/cache /var/tmp"
    assert host.run(f"grep -rqsF {body} {places}").rc == 1

    other = private["known_hosts"][0].replace("AAAAI", "AAAAJ")
    write_source("git", {**private, "known_hosts": [other]})
    status, said = play("deploy")
    assert status != 0
    assert "Host key verification failed" in said
    assert "source.known_hosts" in said


IDENTITY = "-c user.name=Bed -c user.email=bed@example.org -c protocol.file.allow=always"


@pytest.fixture
def inside(
    container: str, private: dict[str, Any], tmp_path: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """The same repository behind a door that only the controller has: the source, and the
    controller's environment, in which the key is its user's own."""
    (tmp_path / "known_hosts").write_text(
        f"git.inside {private['known_hosts'][0].split(' ', 1)[1]}"
    )
    (tmp_path / "config").write_text(
        "Host git.inside\n"
        f"  ProxyCommand docker exec -i {container} /usr/sbin/sshd -i -f /etc/git-sshd/config\n"
        f"  IdentityFile {private['key']}\n"
        f"  UserKnownHostsFile {tmp_path}/known_hosts\n"
    )
    env = {"GIT_SSH_COMMAND": f"ssh -F {tmp_path}/config", "XDG_CACHE_HOME": str(tmp_path)}
    return {"git": "git@git.inside:x.git", "from": "controller"}, env


def push(host: Host, *commands: str) -> str:
    """Commit on top of the repository in the test, on its server; return the commit."""
    steps = [
        "rm -rf ~/work",
        "git clone -q ~/x.git ~/work",
        "cd ~/work",
        *commands,
        f"git {IDENTITY} commit -qam 'Pushed inside'",
        "git push -q",
        "git rev-parse HEAD",
    ]
    return host.check_output(
        "cd / && runuser -u git -- env HOME=/home/git sh -c %s", " && ".join(steps)
    )


def test_a_repository_that_only_the_controller_reaches(
    host: Host,
    versions: Callable[[], dict[str, str]],
    app_of: Callable[[str], App],
    inside: tuple[dict[str, str], dict[str, str]],
) -> None:
    source, env = inside
    assert host.run("getent hosts git.inside").rc
    before = app_of("from-git").release
    write_source("git", source)
    assert "changed=0 " in succeed("deploy", **env)

    pushed = push(host, "sed -i 's/VERSION = .*/VERSION = \"inside\"/' guestbook/__init__.py")
    planned = succeed("deploy", "--check", "--diff", **env)
    assert "+commit: Pushed inside" in planned
    assert versions()["git"] == "2.0"
    succeed("deploy", **env)
    assert versions()["git"] == "inside"
    assert app_of("from-git").release.startswith(pushed[:12])
    assert "changed=0 " in succeed("deploy", **env)
    succeed("rollback", "-e", "app=from-git", **env)
    assert app_of("from-git").release == before
    assert versions()["git"] == "2.0"


def test_a_host_without_a_mirror_gets_it_with_its_submodules(
    host: Host,
    versions: Callable[[], dict[str, str]],
    inside: tuple[dict[str, str], dict[str, str]],
    private: dict[str, Any],
) -> None:
    """Here the source names the key."""
    source, env = inside
    host.check_output("rm -rf /srv/from-git/repo.git")
    host.check_output("git clone -q --bare git://services/guestbook.git /home/git/lib.git")
    host.check_output("chown -R git: /home/git/lib.git")
    push(host, f"git {IDENTITY} submodule add -q ../lib.git lib")
    config = Path(env["XDG_CACHE_HOME"], "config")
    config.write_text(re.sub(r"  IdentityFile .*\n", "", config.read_text()))
    write_source("git", {**source, "submodules": True, "key": private["key"]})
    said = succeed("deploy", "-vvv", **env)
    assert host.file("/srv/from-git/current/lib/pyproject.toml").exists
    assert versions()["git"] == "2.0"
    body = Path(private["key"]).read_text().splitlines()[2]
    assert body not in said
    kept = [file for file in Path(env["XDG_CACHE_HOME"]).rglob("*") if file.is_file()]
    assert len(kept) > 9
    assert not any(body.encode() in file.read_bytes() for file in kept)
    assert (
        host.run(f"grep -rqsF {body} /etc /home /root /run /srv /tmp /var/cache /var/tmp").rc == 1
    )


def test_what_the_controller_cannot_read_is_said(
    host: Host, inside: tuple[dict[str, str], dict[str, str]]
) -> None:
    source, env = inside
    write_source("git", {**source, "version": "nowhere"})
    status, said = play("deploy", **env)
    assert status != 0
    assert "it has no branch or tag 'nowhere'; it has main" in said

    other = {**env, "GIT_SSH_COMMAND": "ssh"}
    status, said = play("deploy", **other)
    assert status != 0
    assert "git@git.inside:x.git, version nowhere: it cannot be read: " in said
    assert "that the controller can resolve names" in said
    assert "What runs was not touched" in said
    write_source("git", {"git": "git://services/guestbook.git"})


def test_no_password_of_an_index_is_shown(host: Host) -> None:
    publish("3.0")
    assert "s3cr3t-of-the-index" not in succeed("deploy", "--check", "-vvv")
    assert host.run("grep -rqsF s3cr3t-of-the-index /srv /var/cache /tmp /var/tmp").rc == 1

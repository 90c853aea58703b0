"""One app on some hosts, its database on another: who gets in, and what is done once for all."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest

from ansible_collections.pyhost.flask.molecule.fleet.tests.fleet import (
    APPS,
    DATABASE,
    KEPT,
    PROJECT,
    RAW_LOG,
    SERVICES,
    ansible,
    password,
    play,
    run,
    said,
    site_of,
    sql,
    there,
)

CERTIFICATE = "/etc/pyhost-flask/database.pem"
KNOCK = f"import socket; socket.create_connection(('{DATABASE}', 3306), 3); print('open')"
LOOK = """
import notes, sqlalchemy
with notes.create_app().app_context():
    notes.extensions.db.session.execute(sqlalchemy.text("SELECT 1"))
"""
IMPOSTOR = """openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \\
-subj /CN=impostor -keyout /run/impostor.key -out /run/impostor.pem"""
MIGRATION = '''"""Add what only this test knows."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "9001", "{head}"


def upgrade():
    op.create_table("once", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO once VALUES (1)")


def downgrade():
    op.drop_table("once")
'''


def note(title: str) -> None:
    """Write a note, past the app."""
    values = f"'{title}', '...', NOW(), NOW(), 0"
    sql(f"INSERT INTO notes.notes (title, body, created_at, updated_at, pinned) VALUES ({values})")


def connect(
    host: str, *options: str, ca: str = CERTIFICATE, name: str = DATABASE, secret: str = ""
) -> tuple[int, str]:
    """Log in from a host as the app does, or in another way."""
    options_file = f'[client]\nuser=notes\npassword="{secret or password()}"\nhost={name}\n'
    options_file += f"ssl-ca={ca}\nssl-verify-server-cert\n"
    script = (
        'umask 077; cat >/run/login; exec mariadb --defaults-file=/run/login "$@" -N -e "SELECT 42"'
    )
    return there(host, "sh", "-c", script, "sh", *options, given=options_file)


@pytest.mark.parametrize("host", APPS)
def test_the_apps_hosts_get_in(host: str) -> None:
    assert connect(host) == (0, "42\n")
    assert site_of(host).ask()[0] == 200


def test_nobody_else_reaches_the_database() -> None:
    assert there(APPS[0], "python3", "-c", KNOCK) == (0, "open\n")
    status, text = there(SERVICES, "python3", "-c", KNOCK)
    assert (status, "timed out" in text) == (1, True), text


def test_the_server_itself_knows_only_the_apps_hosts() -> None:
    said(
        DATABASE,
        "nft",
        "insert",
        "rule",
        "inet",
        "pyhost_flask",
        "input",
        "tcp",
        "dport",
        "3306",
        "accept",
    )
    try:
        greeting = (
            "import socket; s = socket.create_connection(('%s', 3306), 3); print(s.recv(200))"
        )
        assert "is not allowed to connect" in said(SERVICES, "python3", "-c", greeting % DATABASE)
    finally:
        said(DATABASE, "systemctl", "reload", "pyhost-flask-firewall")
    addresses = {said(host, "hostname", "-i") for host in APPS}
    assert set(sql("SELECT Host FROM mysql.user WHERE User = 'notes'").split()) == addresses


@pytest.mark.parametrize("host", APPS)
def test_nothing_is_said_in_plain_text_or_to_an_impostor(host: str) -> None:
    status, text = connect(host, "--skip-ssl", "--skip-ssl-verify-server-cert")
    assert (status, "Access denied" in text) == (1, True), text
    said(host, "sh", "-c", IMPOSTOR)
    address = said(DATABASE, "hostname", "-i")
    for wrong in ({"ca": "/run/impostor.pem"}, {"name": address}):
        status, text = connect(host, **wrong)
        assert (status, "TLS/SSL error" in text) == (1, True), text


def test_the_app_believes_the_certificate_alone() -> None:
    kept = said(APPS[-1], "cat", CERTIFICATE)
    command = ["flask-app", "notes", "python", "-c", LOOK]
    said(APPS[-1], *command)
    said(APPS[-1], "cp", "/etc/ssl/certs/ca-certificates.crt", CERTIFICATE)
    try:
        status, text = there(APPS[-1], *command)
        assert (status, "CERTIFICATE_VERIFY_FAILED" in text) == (1, True), text
    finally:
        said(APPS[-1], "sh", "-c", f"cat >{CERTIFICATE}", given=f"{kept}\n")


def kept() -> list[str]:
    """What the server keeps of the passwords."""
    return sql("SELECT authentication_string FROM mysql.user WHERE User = 'notes'").split()


def is_refused(host: str, secret: str) -> bool:
    status, text = connect(host, secret=secret)
    return (status, "Access denied" in text) == (1, True)


def test_rotation_without_an_error_page(visitors: None) -> None:
    before, hashes = password(), kept()
    sql(f"{RAW_LOG}SET GLOBAL general_log = ON")
    loud = play("rotate_secrets", "-vvvvv", "--diff")
    sql("SET GLOBAL general_log = OFF")
    after, hashes = password(), [*hashes, *kept()]
    assert after != before
    assert len(set(hashes)) >= 2
    assert [there(host, "test", "-e", f"{KEPT}.previous")[0] for host in APPS] == [1] * len(APPS)
    for secret in (before, after, *hashes):
        assert secret.lower() not in loud.lower()
    # One way to log in is left, and the apps use it.
    for host in APPS:
        assert after in said(host, "cat", "/etc/notes/environment")
        assert connect(host) == (0, "42\n")
        assert is_refused(host, before)


def test_the_server_never_writes_a_password_down() -> None:
    """The statements of the rotation are in its log, and in MySQL's binary log as well."""
    folders = ["/var/lib/mysql", "/var/log"]
    assert there(DATABASE, "grep", "-rlE", "(ALTER|GRANT) .*notes", *folders)[1] != ""
    assert there(DATABASE, "grep", "-rlF", password(), *folders) == (1, "")


def test_a_rotation_that_was_interrupted_goes_on(visitors: None) -> None:
    ansible("-b", "-m", "pyhost.flask.secret", "-a", "begin=notes.database", APPS[0])
    new, old = password(), said(APPS[0], "cat", f"{KEPT}.previous")
    play("databases")
    assert [connect(host, secret=each)[0] for host in APPS for each in (new, old)] == [0, 0] * len(
        APPS
    )
    play("deploy", "--limit", APPS[0])
    first, *others = (said(host, "cat", "/etc/notes/environment") for host in APPS)
    assert new in first
    assert all(old in each for each in others)
    play("rotate_secrets", "-e", "app=notes")
    assert password() == new
    for host in APPS:
        assert new in said(host, "cat", "/etc/notes/environment")
        assert there(host, "test", "-e", f"{KEPT}.previous")[0] == 1
        assert is_refused(host, old)


def background() -> list[str]:
    """The schedules and processes of each host, as systemd knows them."""
    command = "systemctl list-units --plain --no-legend --state=active 'flask-notes.*'"
    command += " | sed 's/^flask-notes[.]\\([a-z]*\\).*/\\1/'"
    return [" ".join(sorted(said(host, "sh", "-c", command).split())) for host in APPS]


@pytest.mark.skipif(len(APPS) == 1, reason="one host has nobody to share with")
def test_one_host_runs_what_is_to_run_once(visitors: None, tmp_path: Path) -> None:
    here = ["clean each mail one", "clean each"]
    assert background() == here
    play("deploy", "--limit", APPS[1])
    assert background() == here
    # Its last run was long ago, when another host becomes the first one.
    stamp = "/var/lib/systemd/timers/stamp-flask-notes.mail.timer"
    said(APPS[0], "touch", "-d", "2 years ago", stamp)
    reverse = tmp_path / "reverse.yml"
    reverse.write_text(json.dumps({"flask": {"hosts": dict.fromkeys(reversed(APPS))}}))
    play("deploy", before=("-i", str(reverse)))
    assert background() == list(reversed(here))
    play("deploy")
    assert background() == here
    assert there(APPS[0], "test", "-e", "/srv/notes/shared/instance/mailed")[0] == 1


def dumps() -> int:
    """How many there are of before a migration, on all hosts."""
    count = "find /var/backups/pyhost-flask -name '*.gz' 2>/dev/null | wc -l"
    return sum(int(said(host, "sh", "-c", count)) for host in APPS)


def test_a_migration_runs_once_and_before_both_switches(visitors: None) -> None:
    before = dumps()
    with tempfile.TemporaryDirectory() as folder:
        run("rsync", "-a", f"{PROJECT}/examples/notes/", folder)
        versions = Path(folder, "migrations", "versions")
        head = max(file.name for file in versions.glob("[0-9]*.py"))[:4]
        (versions / "9001_once.py").write_text(MIGRATION.format(head=head))
        status, text = run(str(PROJECT / "tests/bed/publish"), SERVICES, "notes", folder)
        assert status == 0, text
    play("deploy")
    assert sql(
        "SELECT COUNT(*) FROM notes.once; SELECT version_num FROM notes.alembic_version"
    ).split() == ["1", "9001"]
    assert dumps() == before + 1
    # The rest of a release's ID is for its Python.
    live = {said(host, "readlink", "/srv/notes/current").partition("-")[0] for host in APPS}
    assert len(live) == 1


def test_backup_and_restore_are_done_once() -> None:
    note("Before")
    text = play("backup")
    assert len(re.findall(r"notes: /var/backups/notes/\S+,", text)) == 1
    assert [said(host, "ls", "/var/backups/notes") for host in APPS[1:]] == [""] * len(APPS[1:])
    timers = [
        said(host, "sh", "-c", "systemctl list-timers 'pyhost-flask-*' --no-legend | wc -l")
        for host in APPS
    ]
    assert timers == ["2", "0"][: len(APPS)]
    sql("DELETE FROM notes.notes WHERE title = 'Before'")
    note("After")
    play("restore")
    titles = sql("SELECT title FROM notes.notes WHERE title IN ('Before', 'After')")
    assert titles == "Before"
    for host in APPS:
        status, page = site_of(host).ask()
        assert (status, "Before" in page) == (200, True)
        assert there(host, "test", "-e", "/srv/notes/maintenance.html")[0] == 1


def test_a_drill() -> None:
    said(APPS[0], "systemctl", "start", "pyhost-flask-drill-notes")
    assert sql("SHOW DATABASES LIKE 'notes\\_%'") == ""


def test_nobody_starts_with_an_empty_database_in_place_of_a_full_one(visitors: None) -> None:
    """As where the databases were on the apps' hosts before."""
    said(APPS[-1], "sh", "-c", "mkdir -p /var/lib/mysql/later; touch /var/lib/mysql/later/note.frm")
    app = {"name": "later", "source": {"git": "git://services/notes.git"}, "database": "mysql"}
    app |= {"wsgi": "notes:create_app()", "domains": ["later.test"], "https": "selfsigned"}
    text = play("site", "-e", json.dumps({"flask_apps": [app]}), fails=True)
    assert f"The database later on {DATABASE} is empty, and {APPS[-1]} has one with tables" in text
    assert [there(host, "test", "-e", "/etc/later")[0] for host in APPS] == [1] * len(APPS)

"""The database server: shut to strangers, set up for its host, and hard to break. MariaDB's in this
scenario, MySQL's in mysql-oracle."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pyhost.flask.molecule.shared.host import Host

testinfra_hosts = ["ansible://flask"]
CONVERGE = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]) / "molecule" / "mysql" / "converge.yml"
STANDS_OPEN = """
SELECT User, Host FROM mysql.user WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
SELECT Db FROM mysql.db WHERE User = ''; SHOW DATABASES LIKE 'test'
"""
OPEN = """
CREATE USER ''@localhost; CREATE USER ''@'web1'; CREATE USER root@'%' IDENTIFIED BY 'secret';
CREATE DATABASE test; INSERT INTO mysql.db (Host, Db, User, Select_priv) VALUES
  ('%', 'test', '', 'Y'), ('%', 'test\\\\_%', '', 'Y');
"""


@dataclass(frozen=True)
class Flavor:
    """What is different on a host with MariaDB and one with MySQL."""

    client: str
    name: str
    options: str
    rotation: str
    # Statements that open ways in, and commands that get in by them.
    open: str
    ways_in: tuple[str, ...]


FLAVORS = {
    "mariadb": Flavor(
        "mariadb",
        "MariaDB",
        "/etc/mysql/mariadb.conf.d/70-pyhost-flask.cnf",
        "/etc/logrotate.d/mariadb",
        OPEN + "ALTER USER root@localhost IDENTIFIED VIA mysql_native_password"
        " USING PASSWORD('secret') OR unix_socket; FLUSH PRIVILEGES;",
        ("mariadb -u stranger -e ''", "mariadb -u root -psecret --protocol tcp -e ''"),
    ),
    "mysql": Flavor(
        "mysql",
        "MySQL",
        "/etc/mysql/mysql.conf.d/pyhost-flask.cnf",
        "/etc/logrotate.d/mysql-server",
        OPEN + "FLUSH PRIVILEGES;",
        ("mysql -u stranger -e ''",),
    ),
}


def play(*options: str, **settings: Any) -> tuple[bool, str, int]:
    """Run the role with these settings; whether it went well, what it said, and what it changed."""
    command = ["ansible-playbook", "-i", os.environ["MOLECULE_INVENTORY_FILE"], str(CONVERGE)]
    variables = {f"mysql_{name}": value for name, value in settings.items()}
    command += ["-e", json.dumps(variables), *options]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    said = done.stdout + done.stderr
    counted = re.search(r"changed=(\d+)", said)
    return done.returncode == 0, said, int(counted[1]) if counted else 0


@pytest.fixture(scope="module")
def flavor(host: Host) -> Flavor:
    return FLAVORS[host.ansible.get_variables().get("mysql_flavor", "mariadb")]


@pytest.fixture
def sql(host: Host, flavor: Flavor) -> Callable[[str], str]:
    return lambda text: host.check_output(f"{flavor.client} -N -e %s", text)


@pytest.fixture
def begun(host: Host, flavor: Flavor) -> Callable[[], str]:
    """When the server was started."""
    show = f"systemctl show --value -p ExecMainStartTimestampMonotonic {flavor.client}"
    return lambda: host.check_output(show)


def test_it_listens_on_this_host_alone(host: Host) -> None:
    found = re.findall(r"(\S+):(3306|33060) ", host.check_output("ss -tlnH"))
    assert {address for address, _port in found} == {"127.0.0.1"}


def test_its_memory_is_a_quarter_of_the_hosts(host: Host, sql: Callable[[str], str]) -> None:
    kib = int(host.check_output("grep MemTotal /proc/meminfo").split()[1])
    assert 0.15 < int(sql("SELECT @@innodb_buffer_pool_size")) / 1024 / kib <= 0.25
    assert sql("SELECT @@character_set_server") == "utf8mb4"


def test_what_stands_open_is_closed(host: Host, flavor: Flavor, sql: Callable[[str], str]) -> None:
    sql(flavor.open)
    assert len(sql(STANDS_OPEN).split()) > 5
    assert [host.run(way).rc for way in flavor.ways_in] == [0] * len(flavor.ways_in)
    good, said, changed = play()
    assert (good, changed) == (True, 1), said
    assert sql(STANDS_OPEN) == ""
    assert 0 not in [host.run(way).rc for way in flavor.ways_in]
    assert play()[2] == 0


def test_a_database_test_with_tables_stays(sql: Callable[[str], str]) -> None:
    sql("CREATE DATABASE test; CREATE TABLE test.work (id INT)")
    assert play()[2] == 0
    sql("DROP DATABASE test")


def test_what_the_running_server_takes(sql: Callable[[str], str], begun: Callable[[], str]) -> None:
    before = begun()
    good, said, changed = play("--check", "--diff", settings={"max_connections": 77})
    assert (good, changed) == (True, 1), said
    assert "+SET GLOBAL max_connections = 77;" in said
    assert sql("SELECT @@max_connections") == "151"
    good, said, changed = play(settings={"max_connections": 77})
    assert (good, changed) == (True, 1), said
    assert (sql("SELECT @@max_connections"), begun()) == ("77", before)
    assert play(settings={"max_connections": 77})[2] == 0
    assert play()[2] == 1
    assert (sql("SELECT @@max_connections"), begun()) == ("151", before)


def test_what_waits_for_a_restart(
    flavor: Flavor, sql: Callable[[str], str], begun: Callable[[], str]
) -> None:
    before = begun()
    settings = {"ft_min_word_len": 3}
    for changes in (1, 0):
        good, said, changed = play(settings=settings)
        assert (good, changed) == (True, changes), said
        assert f"{flavor.name} has to be restarted for ft_min_word_len" in said
    assert (sql("SELECT @@ft_min_word_len"), begun()) == ("4", before)
    good, said, changed = play(settings=settings, restart=True)
    assert (good, changed) == (True, 1), said
    assert sql("SELECT @@ft_min_word_len") == "3"
    assert begun() != before
    assert play(settings=settings, restart=True)[2] == 0
    assert play(restart=True)[0]


BROKEN = {
    "unknown": ({"max_conections": 10}, "unknown variable 'max_conections=10'"),
    "no charset": ({"character_set_server": "klingon"}, "Character set 'klingon' is not"),
    "no number": (
        {"max_connections": "many"},
        "Incorrect argument type to variable 'max_connections'",
    ),
    "no mode": ({"sql_mode": "WISHFUL"}, "Error while setting value 'WISHFUL' to 'sql_mode'"),
    "does not start": ({"innodb_page_size": 8192}, "uses page size 16384, but"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_broken_settings(
    host: Host, flavor: Flavor, sql: Callable[[str], str], begun: Callable[[], str], way: str
) -> None:
    settings, reason = BROKEN[way]
    before = host.file(flavor.options).content_string
    start = begun()
    if way == "unknown":
        assert reason in play("--check", settings=settings)[1]
    good, said, _changed = play(settings=settings, restart=True)
    assert not good
    assert reason in " ".join(said.split()), said
    assert host.file(flavor.options).content_string == before
    assert sql("SELECT 1") == "1"
    assert (begun() == start) == (way != "does not start")
    assert play()[2] == 0


def test_slow_queries_are_logged_and_rotated(
    host: Host, flavor: Flavor, sql: Callable[[str], str], begun: Callable[[], str]
) -> None:
    before = begun()
    assert play(slow_seconds=0.1)[2] == 1
    sql("SELECT SLEEP(0.3)")
    log = "/var/log/mysql/slow.log"
    assert "SELECT SLEEP(0.3)" in host.file(log).content_string
    host.check_output(f"logrotate --force {flavor.rotation}")
    sql("SELECT SLEEP(0.4)")
    now = host.file(log).content_string
    assert ("SLEEP(0.4)" in now, "SLEEP(0.3)" in now, begun()) == (True, False, before)

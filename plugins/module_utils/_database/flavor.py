# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In what MariaDB and Oracle's MySQL differ, as far as the collection has to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import password


@dataclass(frozen=True)
class Flavor:
    """One of the two: its programs, and the words that it has for the same things."""

    name: str
    client: str
    any_certificate: str  # the client's option to believe any server, and to compare its name
    right_name: str
    dump: tuple[str, ...]  # the program, and options of its own
    dump_as_user: tuple[str, ...]  # for an options file: what only an administrator can dump
    server: str
    check: tuple[str, ...]  # the options with which the server reads its settings, and ends
    options: str  # our option file, which the server has to read after the distribution's
    socket_login: str  # how a user logs in by the socket, as SHOW CREATE USER writes it
    # The same by passwords, the newest first, for an account; and by what stands beside that.
    password_login: Callable[[Sequence[str], str], tuple[str, str]]
    reload_tls: str  # lets the server read its certificate again
    serves_since: tuple[int, ...]  # the first version in which a user can have two passwords
    settings: tuple[tuple[str, str], ...] = ()  # what it needs to listen on this host alone
    # A query for accounts with two passwords, and the second one as it is kept, in hexadecimal.
    second_passwords: tuple[str, ...] = ()


MARIADB = Flavor(
    name="MariaDB",
    client="mariadb",
    any_certificate="loose-skip-ssl-verify-server-cert",
    right_name="loose-ssl-verify-server-cert",
    dump=("mariadb-dump",),
    dump_as_user=(),
    server="mariadbd",
    check=("--verbose", "--help"),
    options="/etc/mysql/mariadb.conf.d/70-pyhost-flask.cnf",
    socket_login="VIA unix_socket",
    password_login=password.mariadb_login,
    reload_tls="FLUSH SSL",
    serves_since=(10, 4),
)
MYSQL = Flavor(
    name="MySQL",
    client="mysql",
    any_certificate="ssl-mode=PREFERRED",
    right_name="ssl-mode=VERIFY_IDENTITY",
    # A dump is loaded into a server that has transactions of its own; and MariaDB, which may be
    # what is dumped, has no such statistics.
    dump=("mysqldump", "--set-gtid-purged=OFF", "--column-statistics=0"),
    # Since 9.7; an older one says that it does not know the option, and goes on.
    dump_as_user=("[mysqldump]", "loose-skip-masking-policies"),
    server="mysqld",
    check=("--validate-config",),
    options="/etc/mysql/mysql.conf.d/pyhost-flask.cnf",  # the one before it is mysqld.cnf
    socket_login="WITH 'auth_socket'",
    password_login=password.mysql_login,
    reload_tls="ALTER INSTANCE RELOAD TLS",
    serves_since=(8, 0, 14),
    settings=(("mysqlx_bind_address", "127.0.0.1"),),
    second_passwords=(
        "SELECT CONCAT('second ', User, '@', Host, ' ',"
        " HEX(User_attributes->>'$.additional_password')) FROM mysql.user"
        " WHERE User_attributes->>'$.additional_password' IS NOT NULL",
    ),
)
# Where programs are looked for, MariaDB's come first: Debian gives them MySQL's names as well.
FLAVORS = {"mariadb": MARIADB, "mysql": MYSQL}

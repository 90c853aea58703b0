# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In what MariaDB and Oracle's MySQL differ, as far as the collection has to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flavor:
    """One of the two: its programs, and the words that it has for the same things."""

    name: str
    client: str
    any_certificate: str  # the client's option to believe any server, and to compare its name
    right_name: str
    dump: tuple[str, ...]  # the program, and options of its own
    server: str
    check: tuple[str, ...]  # the options with which the server reads its settings, and ends
    options: str  # the folder of option files that the server reads after the distribution's
    socket_login: str  # how a user logs in by the socket, as SHOW CREATE USER writes it
    settings: tuple[tuple[str, str], ...] = ()  # what it needs to listen on this host alone


MARIADB = Flavor(
    name="MariaDB",
    client="mariadb",
    any_certificate="loose-skip-ssl-verify-server-cert",
    right_name="loose-ssl-verify-server-cert",
    dump=("mariadb-dump",),
    server="mariadbd",
    check=("--verbose", "--help"),
    options="/etc/mysql/mariadb.conf.d",
    socket_login="VIA unix_socket",
)
MYSQL = Flavor(
    name="MySQL",
    client="mysql",
    any_certificate="ssl-mode=PREFERRED",
    right_name="ssl-mode=VERIFY_IDENTITY",
    # A dump is loaded into a server that has transactions of its own; and MariaDB, which may be
    # what is dumped, has no such statistics.
    dump=("mysqldump", "--set-gtid-purged=OFF", "--column-statistics=0"),
    server="mysqld",
    check=("--validate-config",),
    options="/etc/mysql/mysql.conf.d",
    socket_login="WITH 'auth_socket'",
    settings=(("mysqlx_bind_address", "127.0.0.1"),),
)
# Where programs are looked for, MariaDB's come first: Debian gives them MySQL's names as well.
FLAVORS = {"mariadb": MARIADB, "mysql": MYSQL}

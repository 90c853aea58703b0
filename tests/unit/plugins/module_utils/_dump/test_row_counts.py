# Copyright (c) 2026 The pyhost.flask developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ansible_collections.pyhost.flask.plugins.module_utils._dump import row_counts
from ansible_collections.pyhost.flask.plugins.module_utils._dump.row_counts import Contents, Rows

# As MariaDB's mariadb-dump and MySQL's mysqldump write them, and pg_dump.
MARIADB = rb"""/*M!999999\- enable the sandbox mode */
-- MariaDB dump 10.19
CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB;
INSERT INTO `alembic_version` VALUES
('0005');
CREATE TABLE `empty` (
  `id` int(11) COMMENT 'a;\n(b)'
);
/*!50001 CREATE VIEW `v` AS SELECT
 1 AS `id` */;
CREATE TABLE `odd``name` (
  `id` int(11)
);
INSERT INTO `odd``name` VALUES
(1,'it\'s (not) a row);\nINSERT INTO `x` VALUES (1);',NULL),
(2,'',0xCAFE),
(3,'\\',-1.5e10);
INSERT INTO `odd``name` VALUES
(4,'\\\'),(',NULL);
DELIMITER ;;
/*!50003 CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW BEGIN
INSERT INTO `log` VALUES (1);
END */;;
DELIMITER ;
INSERT INTO `last` (`a`, `b(c)`) VALUES
(1,2);
-- Dump completed
"""
MYSQL = rb"""CREATE TABLE `notes` (
  `id` int
);
INSERT INTO `notes` VALUES (1,'a (b); c'),(2,'VALUES ('),(3,_binary 'x');
INSERT INTO `alembic_version` VALUES ('a1'),('b2');
"""
POSTGRESQL = rb"""CREATE TABLE public.notes (
    id integer
);
COPY public.alembic_version (version_num) FROM stdin;
0005
\.


COPY public."User" (id, name) FROM stdin;
1	COPY x (y) FROM stdin;
2	\\.
\.


COPY public.empty (id) FROM stdin;
\.

"""
DUMPS = [
    (
        "mysql",
        MARIADB,
        Contents({"alembic_version": 1, "empty": 0, "odd`name": 4, "last": 1}, ["0005"]),
    ),
    ("mysql", MYSQL, Contents({"notes": 3, "alembic_version": 2}, ["a1", "b2"])),
    (
        "postgresql",
        POSTGRESQL,
        Contents({"public.alembic_version": 1, 'public."User"': 2, "public.empty": 0}, ["0005"]),
    ),
]


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize(("kind", "dump", "contents"), DUMPS)
def test_the_rows_of_a_dump(kind: str, dump: bytes, contents: Contents, piece: int) -> None:
    rows = Rows(kind)
    for start in range(0, len(dump), piece):
        rows.feed(dump[start : start + piece])
    assert rows.contents == contents


def test_the_rows_of_sqlite() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(
            'CREATE TABLE "a ""b" (x INTEGER PRIMARY KEY AUTOINCREMENT);'
            'INSERT INTO "a ""b" VALUES (1), (2);'
            "CREATE TABLE alembic_version (version_num);"
            "INSERT INTO alembic_version VALUES ('0005'); CREATE VIEW v AS SELECT 1;"
        )
        assert row_counts.sqlite_contents(database) == Contents(
            {'a "b': 2, "alembic_version": 1}, ["0005"]
        )

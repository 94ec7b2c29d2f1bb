-- SPDX-License-Identifier: Apache-2.0
-- What version 2 had besides what history_v1.sql has: a table into which nothing was put.
BEGIN TRANSACTION;
CREATE TABLE moments (window INTEGER PRIMARY KEY, moments BLOB NOT NULL);
PRAGMA user_version = 2;
COMMIT;

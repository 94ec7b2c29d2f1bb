/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History schema: the tables that history lies in, and how older ones become them.
 *
 *     window   the samples of so many seconds, as window_rows.h has them: thread and stack numbers
 *     moments  when exactly those of ten seconds were, in the last hour (window_moments.h)
 *     thread   tid, name, label_set of its process
 *     label_set, string, stack, frame, file: what those are made of
 *
 * Everything but windows and moments is there once, found by its content. The version is SQLite's
 * user_version; each step from one to the next is a transaction.
 */

#include <stdint.h>

struct database;

#define HISTORY_SCHEMA_VERSION 3

/*
 * Make the tables in an empty database, or bring older ones up to date.
 *
 * Returns 0; -EPROTO if a newer version of Pilotlight, or another program, has made them; or an
 * error of database.h.
 */
int history_schema_apply(struct database *database);

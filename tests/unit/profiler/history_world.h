/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History world: an empty database with the tables of history, in memory if nothing else is said.
 */

struct database;

/* A new one, in a transaction; never the same twice. Closed by the test. */
struct database *history_world_new(void);

/* The same, in a new file. */
struct database *history_world_on_disk(const char *path);

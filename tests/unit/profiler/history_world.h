/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History world: an empty database with the tables of history, in memory.
 */

struct database;

/* A new one, in a transaction; never the same twice. Closed by the test. */
struct database *history_world_new(void);

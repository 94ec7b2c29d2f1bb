/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * History keeper: the server's thread that writes what the store has to history, every ten seconds,
 * and keeps it within its bounds.
 *
 * A window of ten seconds is written when it is over, and a little after it, for what comes late.
 * What goes wrong is logged when it begins and when it is over, and counted always.
 */

struct history;
struct history_keeper;
struct store;

/*
 * Both are borrowed; @opened is what history_open() has said, and somebody has logged.
 *
 * Returns 0 and sets *@ret_keeper (owned by the caller), -ENOMEM, or what pthread_create(3) says.
 */
int history_keeper_start(struct history *history, struct store *store, int opened,
			 struct history_keeper **ret_keeper);

/* Write all that is left, and end. Accepts NULL. Always returns NULL. */
struct history_keeper *history_keeper_stop(struct history_keeper *keeper);

/* What an error of history means, as a clause. */
const char *history_strerror(int error);

/* Log where a damaged database has gone: on_put_aside() of history_open(). */
void history_log_put_aside(const char *name);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug fetches: debug files that are not on this host, asked of the fetcher.
 *
 *     binary without lines ──► queue, of bounded length ──► fetcher ──► network
 *                  read again ◄── its debug file, open ◄──┘
 *
 * One whose own file was gone before it was read has that fetched, and then its debug file; one of
 * which dwz has taken out what it shares with others has that fetched, too, by its own build id.
 *
 * What no server has is not asked for again for hours (profiler/daemon/missing_files.h), what
 * failed for minutes, and what one that does not answer may have for an hour.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/message.h"
#include "profiler/status.h"

struct binary;
struct binary_table;
struct missing_files;
struct role_process;

struct debug_fetches {
	struct role_process *fetcher; /* borrowed, as are the next two */
	struct binary_table *binaries;
	struct missing_files *missing; /* NULL: there are no servers to be asked */
	struct fetch_status status;
};

/* Ask for the debug file of @binary, or for itself, if it is of use, and not asked for already. */
void debug_fetches_want(struct debug_fetches *fetches, struct binary *binary);

/*
 * The fetcher says what became of one: *@fd is the file, or −1.
 *
 * Returns 0 and sets *@ret_binary to the one that has its file now, and is to be read again, or to
 * NULL; or -EBADMSG: it must not say that.
 */
int debug_fetches_take(struct debug_fetches *fetches, const struct message *message, int *fd,
		       struct binary **ret_binary);

/* To be called every second or so. */
void debug_fetches_tend(struct debug_fetches *fetches);

/* The fetcher has ended: what it was asked for has failed. */
void debug_fetches_on_end(struct debug_fetches *fetches);

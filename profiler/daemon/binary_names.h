/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Binary names: the names of the functions in binaries, from disk or from the resolver, and told to
 * the server.
 *
 *     order ──► on disk? ──yes──────────────────────────────► server
 *                  └─no─► resolver ──► memory file ──► server ──► disk ──► server: that instead
 *
 * What has harmed its reader, or took too much of time or memory, is known on disk, too: a day long
 * nobody reads it again, but for another version of this program.
 *
 * A memory file stays only where there is no disk for it; what all of them may take is bounded
 * then, and a binary over the bound has the names that it had before, or none.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/message.h"
#include "profiler/status.h"

#define BINARY_NAMES_DAY_NS (24 * 3600 * 1000000000LL)

struct binary;
struct binary_table;
struct build_orders;
struct role_process;
struct symbol_folder;

struct binary_names {
	struct role_process *server; /* borrowed, as are the next three */
	struct build_orders *orders;
	struct binary_table *binaries;
	struct symbol_folder *folder;
	/* The names of @binary are gone, and wanted: of stacks that are known, nobody asks again.
	 */
	void (*on_lost)(void *context, struct binary *binary);
	void *context;
	uint64_t memory_limit;              /* of memory files that stay */
	uint32_t dictionary;                /* which is in force */
	uint64_t memory_bytes;              /* of memory files now */
	uint64_t n_refused;                 /* symbol files that were over the bound */
	uint64_t losses[SYMBOL_LOSS_COUNT]; /* what symbol files lack */
	uint32_t n_tasks; /* binaries whose symbol file has something to be done with */
	uint32_t busy;    /* number of the one that is being worked at, or 0 */
	int64_t next_work_ns;
};

/* @binary was just met, and its file is open. */
void binary_names_meet(struct binary_names *names, struct binary *binary);

/* Get the names of @binary from disk, for which its file need not be there any more. They are
 * looked for once. Returns whether they were there. */
bool binary_names_find(struct binary_names *names, struct binary *binary);

/* The file of @binary is open, and its names are not on disk: order them. */
void binary_names_order(struct binary_names *names, struct binary *binary);

/* The file of @binary is gone, but was the same as that of @other, which has names: these are its
 * own from now on. Returns 0 or -errno. */
int binary_names_share(struct binary_names *names, struct binary *binary,
		       const struct binary *other);

/* Tell the server what is known of @binary, which it has not heard of in this dictionary. Returns 0
 * or -errno. */
int binary_names_tell(struct binary_names *names, struct binary *binary);

/* Take what the resolver says. The first two return 0, or -EBADMSG: it must not say that. */
int binary_names_take(struct binary_names *names, const struct message_names *message, int *fd);
void binary_names_take_description(struct binary_names *names,
				   const struct message_description *message);

/* The resolver has said all that it will say of the names of @binary. */
void binary_names_finish(struct binary_names *names, struct binary *binary,
			 enum build_outcome outcome);

/* The server has died: of a symbol file on disk that somebody has cut, perhaps. They are checked
 * again. */
void binary_names_on_server_end(struct binary_names *names);

/* Keep and check symbol files for some milliseconds. To be called some times a second. */
void binary_names_work(struct binary_names *names);

/* As above, until all is done, or @until_ns by the monotonic clock. */
void binary_names_work_until(struct binary_names *names, int64_t until_ns);

/* @binary is about to go. */
void binary_names_forget(struct binary_names *names, const struct binary *binary);

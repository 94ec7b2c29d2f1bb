/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol folder: finished symbol files on disk, so that a binary that was there before has its
 * names at once after a start, and the memory files in which they come can go.
 *
 *     key ──symbol_folder_find──► summary, symbol file
 *     summary, symbol file ──symbol_folder_keep──► …_work, …_work ──► the same on disk
 *
 * A shelf (profiler/daemon/cache_shelf.h) whose items are a GSYM file, for whoever reads such
 * files, and behind it what is known besides. That a binary has no names is an item, too.
 *
 * A symbol file may have tens of megabytes: it is written in steps, one file at a time. Nor is it
 * read when it is taken, for that might take as long: whoever maps it reads it as foreign bytes,
 * and symbol_folder_check() compares its sum in steps, too.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/binary_key.h"
#include "profiler/binary_table.h"
#include "profiler/status.h"
#include "unwind/elf_file.h"

#define SYMBOL_FOLDER_ENDING ".gsym"

/* Some hundred programs and libraries with lines, or thousands without. */
#define SYMBOL_FOLDER_MAX_BYTES (1ULL << 30)

struct symbol_folder;

struct symbol_folder_options {
	const char *folder; /* NULL: nothing is kept; borrowed for the call */
	uint64_t max_bytes;
	struct build_id maker; /* of whom the files are; none: of the program that runs */
};

/* What is known of a binary's names, beside the symbol file. Flat: on disk as it is. */
struct symbol_summary {
	uint32_t state;          /* NAMES_FUNCTIONS, NAMES_LINES, or NAMES_FAILED: no symbol file */
	uint32_t outcome;        /* enum build_outcome */
	uint32_t has_debug_file; /* it was made with a separate debug file */
	char debug_link[BINARY_DEBUG_LINK_BYTES]; /* what the binary calls that, or "" */
	int64_t made_unix_ns;
	struct elf_description description;
};

enum symbol_work {
	SYMBOL_WORK_GOES_ON,
	SYMBOL_WORK_DONE,
	SYMBOL_WORK_FAILED,
};

/*
 * A folder that cannot be used is logged and counted; then nothing is kept.
 *
 * Returns 0 and sets *@ret_folder (owned by the caller), or -ENOMEM.
 */
int symbol_folder_new(const struct symbol_folder_options *options,
		      struct symbol_folder **ret_folder);

/* What is on disk stays there. Accepts NULL. Always returns NULL. */
struct symbol_folder *symbol_folder_free(struct symbol_folder *folder);

/* As cache_shelf_key_of(). */
int symbol_folder_key_of(struct symbol_folder *folder, int fd, struct binary_key *ret_key);

/* Returns whether the item of @key is there; then fills in *@ret_summary, and sets *@ret_fd to its
 * symbol file (close it), or to −1 if it has none. */
bool symbol_folder_find(struct symbol_folder *folder, const struct binary_key *key,
			struct symbol_summary *ret_summary, int *ret_fd);

/*
 * Begin to keep an item: @fd is its symbol file, a sealed memory file, or −1.
 * Or to check one that was found. To be called only if nothing else is being done.
 *
 * Returns 0, or -errno if nothing will come of it: -EBADMSG if the item is damaged, see below.
 */
int symbol_folder_keep(struct symbol_folder *folder, const struct binary_key *key,
		       const struct symbol_summary *summary, int fd);
int symbol_folder_check(struct symbol_folder *folder, const struct binary_key *key, int fd);

/*
 * Go on with what was begun, until about @until_ns by the monotonic clock.
 *
 * When an item with a symbol file has been kept, *@ret_fd is that file on disk (close it), else −1.
 * An item that fails its check is counted as damaged, and removed.
 */
enum symbol_work symbol_folder_work(struct symbol_folder *folder, int64_t until_ns, int *ret_fd);

void symbol_folder_get_status(const struct symbol_folder *folder, struct cache_status *ret_status);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Past files: executables and libraries that history names, in the store's table of files.
 *
 * One that lives on, by its path and build id, is the one that lives. Any other gets a number of
 * its own, and names, as far as somebody has kept them: the server is to ask for these. Those that
 * were found stay, so the next query has them at once.
 *
 *     query  --past_files_hold-->  questions  --past_files_next-->  who has symbol files on disk
 *            --past_files_await--  ◄── store_name_file() ◄──────────┘
 *
 * Any thread may call these.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/binary_key.h"
#include "unwind/elf_file.h"

struct store;

struct past_file {
	uint32_t number; /* in history */
	const char *path;
	struct binary_key key;
	struct elf_description description;
};

/*
 * Hold @file in the table, for one dictionary more, and ask for its names if need be.
 *
 * Returns 0 and sets *@ret_file to its number there, -EINVAL if its number in history is too large,
 * or -ENOMEM.
 */
int past_files_hold(struct store *store, const struct past_file *file, uint32_t *ret_file);

/* One dictionary less does. */
void past_files_drop(struct store *store, uint32_t file);

/* Wait until all questions are answered, but no longer than that. */
void past_files_await(struct store *store, int timeout_ms);

/* Readable while there are questions; −1 if nobody answers any. */
int past_files_open(struct store *store);

/* Take the next question: the names of file *@ret_file, kept by *@ret_key. Returns whether there is
 * one. */
bool past_files_next(struct store *store, uint32_t *ret_file, struct binary_key *ret_key);

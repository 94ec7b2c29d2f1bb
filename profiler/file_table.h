/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * File table: files by number, for as long as a dictionary names them. Under the store's lock.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/names_state.h"

struct binary_key;
struct build_id;
struct elf_description;
struct file_table_entry;
struct file_view;
struct symbols;

/* A zeroed struct is an empty table. */
struct file_table {
	struct file_table_entry *by_number;
	size_t bytes; /* memory in use, without symbol files */
};

void file_table_fini(struct file_table *table);

/*
 * One more dictionary names @file; a new file has @path and nothing else.
 *
 * Returns 0, or -ENOMEM.
 */
int file_table_hold(struct file_table *table, uint32_t file, const char *path);

/* One dictionary less does. */
void file_table_drop(struct file_table *table, uint32_t file);

/* Each puts another view in place. Returns 0, -EINVAL if there is no such file, or -ENOMEM. */
int file_table_set_path(struct file_table *table, uint32_t file, const char *path);
int file_table_set_key(struct file_table *table, uint32_t file, const struct binary_key *key);
int file_table_describe(struct file_table *table, uint32_t file,
			const struct elf_description *description);
int file_table_name(struct file_table *table, uint32_t file, enum names_state state,
		    struct symbols *symbols);

/* Borrowed until the next change; NULL if there is no such file. */
struct file_view *file_table_find(const struct file_table *table, uint32_t file);

/* The file with that build id, the one with most names if there are several; else as above. */
struct file_view *file_table_find_build_id(const struct file_table *table,
					   const struct build_id *build_id);

/* How many files are in each state, and the bytes of their symbol files. */
void file_table_count(const struct file_table *table, uint32_t ret_n_files[NAMES_STATE_COUNT],
		      uint64_t *ret_symbol_bytes);

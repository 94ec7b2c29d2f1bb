/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Mapping: which file, and where in it, does a run-time pc belong to?
 *
 *     pc  --mapping_table_find-->  struct mapping  --mapping_file_off-->  file offset
 *
 * A table is a snapshot of /proc/PID/maps, whose format is that of proc_pid_maps(5). It is sorted,
 * its mappings do not overlap, and it never changes after it is built.
 *
 * The process under the profiler decides what stands in that text. So a line that does not parse
 * is left out and counted, and never ends the whole.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/base/cleanup.h"

/* Most mappings of one table; vm.max_map_count allows about 65 000, few of them executable. */
#define MAPPING_TABLE_MAX 16384

enum mapping_kind {
	MAPPING_FILE,      /* a file with a name, which may be deleted by now */
	MAPPING_MEMFD,     /* memfd_create(2): has an inode, but no name to open it by */
	MAPPING_ANONYMOUS, /* no file, or only shared memory behind it; what a JIT writes */
	MAPPING_HEAP,
	MAPPING_STACK,
	MAPPING_VDSO,
	MAPPING_VSYSCALL,
	MAPPING_SPECIAL, /* anything else the kernel has a word in brackets for, or a device */
};

enum mapping_selection {
	MAPPINGS_ALL,
	MAPPINGS_EXECUTABLE, /* the only ones that a pc can hit */
};

struct mapping {
	uint64_t start_pc; /* first byte */
	uint64_t end_pc;   /* one past the last byte */
	uint64_t file_off; /* bytes into the file, of start_pc */
	uint64_t inode;    /* 0 = there is no file */
	uint32_t dev_major;
	uint32_t dev_minor;
	const char *path; /* as the process's own mount namespace sees it, "" = none */
	enum mapping_kind kind;
	bool executable;
	bool deleted; /* the file has no name any more; " (deleted)" was cut off the path */
};

struct mapping_table;

/*
 * Parse @size bytes of @text into a new table of the mappings that @selection names.
 *
 * Returns 0 and sets *@ret_table (owned by the caller), or -ENOMEM.
 */
int mapping_table_parse(const char *text, size_t size, enum mapping_selection selection,
			struct mapping_table **ret_table);

/* Accepts NULL. Always returns NULL. */
struct mapping_table *mapping_table_free(struct mapping_table *table);

DEFINE_CLEANUP(struct mapping_table *, mapping_table_free)

/* The mapping that holds @pc, or NULL. Borrowed: lives as long as @table. */
const struct mapping *mapping_table_find(const struct mapping_table *table, uint64_t pc);

/* The mappings in ascending order; @index is below the count. Borrowed: as above. */
size_t mapping_table_count(const struct mapping_table *table);
const struct mapping *mapping_table_get(const struct mapping_table *table, size_t index);

/* Lines that did not parse, or named no byte that an earlier line had not named. */
size_t mapping_table_n_skipped(const struct mapping_table *table);

/* Mappings past MAPPING_TABLE_MAX. */
size_t mapping_table_n_over_bound(const struct mapping_table *table);

/* Bytes of memory in use, about. */
size_t mapping_table_bytes(const struct mapping_table *table);

/* Where in the file @pc, which @mapping holds, lies. */
static inline uint64_t mapping_file_off(const struct mapping *mapping, uint64_t pc)
{
	return pc - mapping->start_pc + mapping->file_off;
}

/*
 * Cut " (deleted)", by which the kernel marks a file without a name, off the end of @path. Returns
 * whether it was there. A file may be really called so: its device and inode tell.
 */
bool mapping_path_cut_deleted(char *path);

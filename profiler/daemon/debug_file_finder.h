/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug file finder: where the files lie that debug information was taken to, apart from the
 * binary.
 *
 *     build id ──────────────────────► FOLDER/.build-id/xx/yyyy.debug
 *     .gnu_debuglink: name ──────────► beside the binary, in .debug there, in FOLDER and its path
 *     .gnu_debugaltlink: id, name ───► as the first, or where the name says, from its debug file on
 *     package ───────────────────────► beside the binary and its debug file, with ".dwp"
 *     object: directory, name ───────► there, or beside the binary
 *
 * FOLDER is each --debug-dir and /usr/lib/debug. All of it is tried in the root of a process that
 * has the binary mapped, for it may run in a container, then in ours.
 *
 * The names come from strangers. So none leads out of a root, whatever symlinks lie there; what is
 * opened is a regular file that begins as ELF files do, and that everybody may read, or else
 * belongs to the owner of the binary: nobody has a file read here that he could not read himself.
 * Whether it belongs to the binary is for others to see.
 */

#include <stdint.h>

#include "unwind/build_id.h"

struct debug_reference;

struct debug_file_finder {
	const char *const *folders; /* borrowed; ends with NULL, or is NULL */
};

/* A binary, and where it was seen. All is borrowed. */
struct debug_place {
	int fd;                 /* the binary; or −1 */
	const char *path;       /* its, as the process sees it */
	const char *debug_path; /* of its debug file, in the same root, or NULL */
	uint32_t pid;           /* of a process that has it mapped, or had; 0: none */
	uint32_t owner;         /* uid of the binary's */
	struct build_id build_id;
};

/*
 * The debug file of the binary at @place, by its build id.
 *
 * Returns a descriptor, to be closed, and sets *@ret_path (owned by the caller: free()), -ENOENT if
 * there is none, or -ENOMEM.
 */
int debug_file_finder_find_own(const struct debug_file_finder *finder,
			       const struct debug_place *place, char **ret_path);

/* As above, a file that @reference, found in the files of the binary at @place, names. */
int debug_file_finder_find(const struct debug_file_finder *finder, const struct debug_place *place,
			   const struct debug_reference *reference, char **ret_path);

/* When one of our folders has changed last, as far as can be seen from above, by the real-time
 * clock. */
int64_t debug_file_finder_changed(const struct debug_file_finder *finder);

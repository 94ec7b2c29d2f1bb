/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug reference: a file that one of the debug files names, and that is not among them. Where it
 * may lie is for others to know.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/build_id.h"

#define DEBUG_REFERENCE_PATH_BYTES 512

enum debug_reference_kind {
	DEBUG_REFERENCE_LINK,      /* @name, crc32: what was stripped from the binary */
	DEBUG_REFERENCE_ALTERNATE, /* @name, build_id: what dwz took out of several files */
	DEBUG_REFERENCE_PACKAGE, /* beside the binary or its debug file, called as it with ".dwp" */
	DEBUG_REFERENCE_OBJECT,  /* @directory, @name, dwo_id: a .dwo file */
};

/* Flat, to be sent between roles. What a kind does not have is zero. */
struct debug_reference {
	uint32_t kind; /* enum debug_reference_kind */
	uint32_t crc32;
	uint64_t dwo_id;
	struct build_id build_id;
	char directory[DEBUG_REFERENCE_PATH_BYTES]; /* that a relative @name starts from, or "" */
	char name[DEBUG_REFERENCE_PATH_BYTES];      /* as the file says it: foreign bytes */
};

struct debug_files;

/*
 * Read which files are missing among @files, at most @max of them, into @ret_references. A name
 * that is longer than there is room for is no reference.
 *
 * Returns how many there are.
 */
size_t debug_references_read(const struct debug_files *files,
			     struct debug_reference *ret_references, size_t max);

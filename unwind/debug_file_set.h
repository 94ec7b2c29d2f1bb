/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Debug file set: the debug files of a binary, from files that may be these.
 *
 * Others have looked for them by name. Here it is seen whether they belong together: the debug file
 * by its build id, or by the checksum that the binary has of it; the alternate by the build id that
 * the debug file names. Units in packages and objects have ids of their own. What does not belong,
 * or is damaged, is left out.
 */

#include <stddef.h>
#include <stdint.h>

#include "unwind/debug_files.h"

/* A file that may be one of them. */
struct debug_offer {
	uint32_t kind; /* enum debug_reference_kind: what it would be */
	int fd;        /* borrowed: lives as long as the set */
};

struct debug_file_set {
	struct debug_files files;
	struct elf_file **owned;
	size_t n_owned;
};

/* @binary is borrowed, and lives as long as the set. Returns 0 or -ENOMEM. */
int debug_file_set_init(struct debug_file_set *set, struct elf_file *binary,
			const struct debug_offer *offers, size_t n_offers);

/* Works on a zeroed struct. */
void debug_file_set_fini(struct debug_file_set *set);

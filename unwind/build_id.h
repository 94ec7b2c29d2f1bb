/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build id: what the linker wrote into a file to tell it from all others, in a note of the GNU tool
 * chain (NT_GNU_BUILD_ID in elf(5)).
 *
 * build_id_read() is all that a role with privileges reads of a stranger's file: a few reads of
 * bounded size, no memory of its own, and nothing of the file is followed but two offsets.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUILD_ID_MAX_BYTES 32

struct build_id {
	uint8_t bytes[BUILD_ID_MAX_BYTES]; /* zeros behind the id */
	uint32_t n_bytes;                  /* 0: there is none */
};

/*
 * Read the build id of the ELF file @fd, of 32 or 64 bits and little endian, from the notes that
 * its program headers name, or, in one that is to be linked yet, as a module of the kernel, its
 * section headers.
 *
 * Returns 0, -EBADMSG if it is no such file, -ENODATA if it has no build id, or what pread(2) says.
 */
int build_id_read(int fd, struct build_id *ret_id);

/*
 * The build id among @size bytes of notes, whose parts are aligned to @align: 8, or else 4. One
 * that is cut off or too long is none. Returns whether there is one.
 */
bool build_id_find(const void *notes, size_t size, size_t align, struct build_id *ret_id);

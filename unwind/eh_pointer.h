/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Encoded pointers of .eh_frame and .eh_frame_hdr (Linux Standard Base, "DWARF Exception Header
 * Encoding"), DW_EH_PE_ in dwarf.h: a format, in the low four bits; what it is relative to, in the
 * next three; and whether it leads to the address or to where the address is stored.
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"

struct elf_file;

/* What pointers may be relative to. */
struct eh_pointer_base {
	const uint8_t *bytes; /* of the section, and */
	uint64_t elf_vaddr;   /* their address */
	uint64_t text_vaddr;
	uint64_t data_vaddr;
	const struct elf_file *file; /* for indirect ones; NULL: those cannot be read */
};

/*
 * Read a pointer of @encoding at @cursor, which lies in the bytes of @base. One that is omitted is
 * 0. A cursor that failed tells that it cannot be read.
 */
uint64_t eh_pointer_read(struct byte_cursor *cursor, uint8_t encoding,
			 const struct eh_pointer_base *base);

/* Read the length of a range whose start is of @encoding: in the same format, but as it stands. */
uint64_t eh_pointer_read_length(struct byte_cursor *cursor, uint8_t encoding,
				const struct eh_pointer_base *base);

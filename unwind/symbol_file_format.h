/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The bytes of a symbol file: GSYM version 1, in this machine's byte order, as
 * llvm/DebugInfo/GSYM/{Header,FunctionInfo,LineTable,InlineInfo}.h define them.
 *
 *     struct gsym_header
 *     offsets of addresses from base_address, sorted   address_size bytes each
 *     offsets into the file of function records        4 bytes each, aligned to 4
 *     number of source files, then struct gsym_file each
 *     strings
 *     function records, aligned to 4: size, name, then chunks {type, bytes, …} to GSYM_CHUNK_END
 *
 * A line chunk is {smallest, largest} step of a special opcode, the first line, then opcodes as
 * in DWARF. An inline chunk is a tree of nodes {ranges relative to the parent's start, has
 * children?, name, file and line of the call}; a node without ranges ends the children.
 */

#include <stdint.h>

#define GSYM_MAGIC          0x4753594dU
#define GSYM_VERSION        1
#define GSYM_UUID_MAX_BYTES 20

struct gsym_header {
	uint32_t magic;
	uint16_t version;
	uint8_t address_size; /* 1, 2, 4 or 8 bytes */
	uint8_t uuid_size;
	uint64_t base_address;
	uint32_t n_addresses;
	uint32_t strings_offset;
	uint32_t strings_size;
	uint8_t uuid[GSYM_UUID_MAX_BYTES];
};

_Static_assert(sizeof(struct gsym_header) == 48, "as LLVM lays it out");

/* Both are offsets into the strings. File 0 is "no file". */
struct gsym_file {
	uint32_t directory;
	uint32_t filename;
};

enum gsym_chunk {
	GSYM_CHUNK_END = 0,
	GSYM_CHUNK_LINES = 1,
	GSYM_CHUNK_INLINES = 2,
};

enum gsym_line_op {
	GSYM_LINE_END = 0,
	GSYM_LINE_SET_FILE = 1,
	GSYM_LINE_ADVANCE_PC = 2, /* and emit a row */
	GSYM_LINE_ADVANCE_LINE = 3,
	GSYM_LINE_FIRST_SPECIAL = 4, /* advances both, and emits a row */
};

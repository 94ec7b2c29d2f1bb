/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Disassembly: machine code of an ELF file → instructions as people read them. Foreign bytes;
 * capstone does the reading, in a child of the resolver.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/code_range.h"

#define CODE_MAX_BYTES      (256U << 10) /* of one function */
#define CODE_LINE_MAX_BYTES 16           /* of one instruction: x86 has up to 15 */
#define CODE_TEXT_MAX_BYTES 200

struct buffer;
struct elf_file;

/* One instruction, flat, to be sent between roles. */
struct code_line {
	uint64_t elf_vaddr;
	uint32_t n_bytes; /* at least 1 */
	uint8_t bytes[CODE_LINE_MAX_BYTES];
	char text[CODE_TEXT_MAX_BYTES]; /* "mov rax, rbx"; ends with a NUL */
};

/*
 * Load capstone into this process, for good, and for the children that it forks: a sandbox would
 * not let it be opened later, and linked it would take 2 MB of each role. If it is not installed,
 * nothing can be disassembled.
 */
void disassembly_load(void);

/* Whether it was there. */
bool disassembly_is_loaded(void);

/*
 * Append the instructions of @range to @ret_lines, struct code_line each, in order and without
 * gaps: what is no instruction is ".byte". Intel's syntax on x86.
 *
 * Returns 0, or
 * -ENODATA  the file has no such code,
 * -EFBIG    the range is larger than CODE_MAX_BYTES,
 * -ENOTSUP  the machine is none that we know,
 * -ENOSYS   capstone was not loaded,
 * -ENOMEM   out of memory.
 */
int disassembly_append(const struct elf_file *file, struct code_range range,
		       struct buffer *ret_lines);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ELF builder: small ELF files in memory, from the bytes of their sections.
 *
 * All of the file is one segment, readable and executable, at BUILT_VADDR. The first section is
 * where a program would start.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/base/buffer.h"

#define BUILT_VADDR        0x400000
#define BUILT_HEADER_BYTES 1024 /* in front of the first section */

struct built_section {
	const char *name;
	const void *bytes;
	size_t size;
	uint32_t segment_type; /* of a program header of its own, or 0 */
	uint32_t type;         /* of its section header; 0: PROGBITS */
	uint64_t flags;        /* likewise, beside SHF_ALLOC */
};

/* Where section @i of @sections will be loaded: each starts at the next multiple of 16. */
uint64_t built_section_vaddr(const struct built_section *sections, size_t i);

/*
 * Append to @elf a 64-bit executable for @machine with these sections, at most 12. Without
 * @has_section_headers it is as if sstrip had been there.
 */
void elf_build(struct buffer *elf, uint16_t machine, const struct built_section *sections, size_t n,
	       int has_section_headers);

/* The same as a module of the kernel, which has no program headers, and is loaded nowhere yet. */
void elf_build_module(struct buffer *elf, uint16_t machine, const struct built_section *sections,
		      size_t n);

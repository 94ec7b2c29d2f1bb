/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ELF content: the bytes of a file, by the name of a section or by where they are loaded.
 */

#include <stddef.h>
#include <stdint.h>

struct elf_file;
struct inflater;

/* Most bytes of a file that are searched for what nothing tells of: there may be a hole of a
 * terabyte, which would all come into memory. A browser has 200 MB. */
#define ELF_MAX_SEARCHED_BYTES ((size_t)256 << 20)

struct elf_content {
	const uint8_t *bytes; /* borrowed: lives as long as the file. NULL if there is nothing */
	size_t size;
	uint64_t elf_vaddr; /* of the first byte, 0 if they are not loaded */
};

/*
 * The section called @name, decompressed if need be: SHF_COMPRESSED by zlib or zstd, or, for
 * .debug_*, also its namesake .zdebug_*. Nothing if there is none, if it is damaged, or larger than
 * 512 MB.
 */
struct elf_content elf_content_section(struct elf_file *file, const char *name);

/*
 * As above, for a section that is too large to be decompressed as a whole: if it is compressed, its
 * bytes are there when *@ret_inflater, borrowed from @file, has been filled so far; else that is
 * NULL. Nothing if it is larger than 8 GB.
 */
struct elf_content elf_content_section_unfilled(struct elf_file *file, const char *name,
						struct inflater **ret_inflater);

/* What is loaded at @elf_vaddr and behind it, to the end of its segment in the file, but at most
 * 512 MB. */
struct elf_content elf_content_at(const struct elf_file *file, uint64_t elf_vaddr);

/* What the @skip-th of the program headers of @type says to be loaded, as far as it is in the file.
 */
struct elf_content elf_content_segment(const struct elf_file *file, uint32_t type, size_t skip);

/* The @skip-th of the segments that are loaded, or its first *@left_bytes, which become fewer by as
 * many: for searches. */
struct elf_content elf_content_loaded(const struct elf_file *file, size_t skip, size_t *left_bytes);

/* The machine, as EM_X86_64, of a 64-bit little-endian executable or library; else 0. */
uint16_t elf_content_machine(const struct elf_file *file);

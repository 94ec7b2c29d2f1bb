/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What only the readers of an ELF file in this folder need of it: libelf's handle, and which
 * addresses hold code.
 */

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

struct elf_file;
struct inflater;

/* Borrowed: lives as long as @file. */
Elf *elf_file_elf(const struct elf_file *file);

/* What was made of the bytes of a section, to be freed with its file. */
struct elf_kept_section {
	size_t section_i;
	struct inflater *inflater; /* that decompresses them, or NULL */
	uint8_t *relocated;        /* a copy, to apply relocations to, or NULL */
};

/* Note that a section of @file was not read, since it is damaged or too large. */
void elf_file_lose_section(struct elf_file *file);

/* That of section @section_i. Returns NULL if there are too many. */
struct elf_kept_section *elf_file_kept_section(struct elf_file *file, size_t section_i);

/* Whether the sections of @file have addresses only because we gave them some: elf_layout.h. */
bool elf_file_is_relocatable(const struct elf_file *file);

/* Where section @section_i is loaded, 0 if it is not. */
uint64_t elf_file_section_vaddr(const struct elf_file *file, size_t section_i);

/* One past the last address of the executable segment, in memory, that holds @elf_vaddr, or 0. */
uint64_t elf_file_code_end(const struct elf_file *file, uint64_t elf_vaddr);

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

/* Where the inflater of section @section_i is kept, to be freed with @file: NULL while there is
 * none. Returns NULL if there are too many. */
struct inflater **elf_file_inflater(struct elf_file *file, size_t section_i);

/* One past the last address of the executable segment, in memory, that holds @elf_vaddr, or 0. */
uint64_t elf_file_code_end(const struct elf_file *file, uint64_t elf_vaddr);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ELF pointers: the addresses that a file holds, as they are when it is loaded at 0.
 *
 * In a file that may be loaded anywhere, some linkers leave a pointer where it belongs, others only
 * in the relocation by which the dynamic linker will put it there.
 */

#include <stdbool.h>
#include <stdint.h>

#include "unwind/elf_content.h"
#include "unwind/number_map.h"

struct elf_file;

struct elf_pointers {
	const struct elf_file *file;    /* borrowed: must outlive this */
	struct elf_content relocations; /* Elf64_Rela, all that the dynamic linker applies */
	struct number_map by_place;     /* → which relocation; made when it is needed */
	bool has_map;
};

/* Never fails: what cannot be read of the file is nothing. */
void elf_pointers_init(struct elf_pointers *pointers, const struct elf_file *file);

/* Works on a zeroed struct. */
void elf_pointers_fini(struct elf_pointers *pointers);

/* The pointer that is at @elf_vaddr, or 0. */
uint64_t elf_pointers_at(struct elf_pointers *pointers, uint64_t elf_vaddr);

/*
 * The place of the next relocation, from number *@i on, that puts the pointer @to there. Moves *@i
 * behind it. Returns false if there is none.
 */
bool elf_pointers_next(const struct elf_pointers *pointers, uint64_t to, size_t *i,
		       uint64_t *ret_vaddr);

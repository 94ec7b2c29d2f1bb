/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * ELF layout: addresses for the sections of a relocatable file, such as a module of the kernel,
 * which have none before they are loaded.
 *
 *     ELF_LAYOUT_VADDR  .text  .text.unlikely  .exit.text │ .init.text │ what holds no code
 *
 * Code is laid out as the kernel does (kernel/module, layout_sections): in the order of the file,
 * each section aligned as it asks, without what is dropped after the start. So an address in a
 * module that runs, less that of its code, plus ELF_LAYOUT_VADDR is one of these.
 */

#include <libelf.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_LAYOUT_VADDR 0x100000 /* not 0, which is where a linker leaves what it has dropped */

struct elf_layout {
	uint64_t *vaddrs; /* of each section; 0 for those that are not loaded */
	size_t n_sections;
	uint64_t code_end; /* one past the last byte of code */
};

/* Lay out the sections of @elf. Returns 0, -EBADMSG or -ENOMEM. */
int elf_layout_make(Elf *elf, struct elf_layout *ret_layout);

/* Works on a zeroed struct. */
void elf_layout_fini(struct elf_layout *layout);

/* Where section @section_i is, 0 if that is nowhere. */
uint64_t elf_layout_vaddr(const struct elf_layout *layout, size_t section_i);

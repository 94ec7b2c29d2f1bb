/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/elf_layout.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* What has no greater alignment, nor size, in a file that can be loaded. */
#define MAX_ALIGNMENT (1ULL << 30)
#define MAX_SIZE      (1ULL << 32)

enum part {
	PART_CODE,
	PART_INIT_CODE,
	PART_DATA,
	PART_COUNT,
	PART_NONE,
};

static enum part part_of(Elf *elf, size_t names, const GElf_Shdr *header)
{
	const char *name = elf_strptr(elf, names, header->sh_name);

	if (!(header->sh_flags & SHF_ALLOC))
		return PART_NONE;
	if (!(header->sh_flags & SHF_EXECINSTR))
		return PART_DATA;
	return name && strncmp(name, ".init", strlen(".init")) == 0 ? PART_INIT_CODE : PART_CODE;
}

/* Lay out the sections of @part from @start_vaddr on. Returns where they end. */
static uint64_t lay_out(Elf *elf, size_t names, enum part part, uint64_t start_vaddr,
			struct elf_layout *layout)
{
	uint64_t end_vaddr = start_vaddr;
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)) != NULL) {
		size_t i = elf_ndxscn(section);

		if (!gelf_getshdr(section, &header) || i >= layout->n_sections ||
		    part_of(elf, names, &header) != part || header.sh_size > MAX_SIZE)
			continue;
		if (header.sh_addralign > 1 && header.sh_addralign <= MAX_ALIGNMENT)
			end_vaddr = (end_vaddr + header.sh_addralign - 1) / header.sh_addralign *
				    header.sh_addralign;
		layout->vaddrs[i] = end_vaddr;
		end_vaddr += header.sh_size;
	}
	return end_vaddr;
}

int elf_layout_make(Elf *elf, struct elf_layout *ret_layout)
{
	struct elf_layout layout = { .code_end = ELF_LAYOUT_VADDR };
	uint64_t end_vaddr = ELF_LAYOUT_VADDR;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0 || elf_getshdrnum(elf, &layout.n_sections) != 0)
		return -EBADMSG;
	layout.vaddrs = calloc(layout.n_sections + 1, sizeof(*layout.vaddrs));
	if (!layout.vaddrs)
		return -ENOMEM;
	for (int part = PART_CODE; part < PART_COUNT; part++) {
		end_vaddr = lay_out(elf, names, (enum part)part, end_vaddr, &layout);
		if (part < PART_DATA)
			layout.code_end = end_vaddr;
	}
	*ret_layout = layout;
	return 0;
}

void elf_layout_fini(struct elf_layout *layout)
{
	free(layout->vaddrs);
	*layout = (struct elf_layout){ 0 };
}

uint64_t elf_layout_vaddr(const struct elf_layout *layout, size_t section_i)
{
	return section_i < layout->n_sections ? layout->vaddrs[section_i] : 0;
}

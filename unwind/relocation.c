/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/relocation.h"

#include <gelf.h>
#include <string.h>

#include "unwind/elf_file_internal.h"

struct relocated_bytes {
	uint8_t *bytes;
	size_t size;
};

/* Bytes that a relocation of @type writes; 0: it is none of those that debug information has. */
static size_t bytes_of(uint16_t machine, uint64_t type)
{
	if (machine == EM_X86_64)
		return type == R_X86_64_64                           ? 8
		       : type == R_X86_64_32 || type == R_X86_64_32S ? 4
								     : 0;
	if (machine == EM_AARCH64)
		return type == R_AARCH64_ABS64 ? 8 : type == R_AARCH64_ABS32 ? 4 : 0;
	return 0;
}

/* What a symbol stands for: a section that is not loaded counts from 0. */
static uint64_t symbol_value(const struct elf_file *file, Elf_Data *symbols, uint64_t symbol_i)
{
	GElf_Sym symbol;

	if (symbol_i > INT32_MAX || !gelf_getsym(symbols, (int)symbol_i, &symbol))
		return 0;
	return elf_file_section_vaddr(file, symbol.st_shndx) + symbol.st_value;
}

static void apply(const struct elf_file *file, uint16_t machine, Elf_Data *relocations,
		  Elf_Data *symbols, const struct relocated_bytes *target)
{
	GElf_Rela relocation;

	for (int i = 0; gelf_getrela(relocations, i, &relocation); i++) {
		size_t n = bytes_of(machine, GELF_R_TYPE(relocation.r_info));
		uint64_t value = symbol_value(file, symbols, GELF_R_SYM(relocation.r_info)) +
				 (uint64_t)relocation.r_addend;

		if (n && relocation.r_offset <= target->size &&
		    n <= target->size - relocation.r_offset)
			memcpy(target->bytes + relocation.r_offset, &value, n);
	}
}

/* Find the next section behind @section, NULL at first, that has relocations for section @target_i.
 */
static Elf_Scn *next_relocations(Elf *elf, Elf_Scn *section, size_t target_i, GElf_Shdr *ret_header)
{
	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, ret_header) && ret_header->sh_type == SHT_RELA &&
		    ret_header->sh_info == target_i)
			break;
	return section;
}

bool relocation_is_needed(const struct elf_file *file, size_t section_i)
{
	GElf_Shdr header;

	return next_relocations(elf_file_elf(file), NULL, section_i, &header) != NULL;
}

void relocation_apply_all(const struct elf_file *file, size_t section_i, uint8_t *bytes,
			  size_t size)
{
	const struct relocated_bytes target = { bytes, size };
	Elf *elf = elf_file_elf(file);
	Elf_Scn *section = NULL;
	GElf_Ehdr elf_header;
	GElf_Shdr header;

	if (!gelf_getehdr(elf, &elf_header))
		return;
	while ((section = next_relocations(elf, section, section_i, &header)) != NULL) {
		Elf_Data *relocations = elf_getdata(section, NULL);
		Elf_Data *symbols = elf_getdata(elf_getscn(elf, header.sh_link), NULL);

		if (relocations && symbols)
			apply(file, elf_header.e_machine, relocations, symbols, &target);
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_section.h"

#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"
#include "unwind/mini_debug_info.h"

/* Of a section. More symbols than that has room for do not fit into the memory that a child of the
 * resolver may have. */
#define SYMBOLS_MAX_BYTES (512UL << 20)

static bool is_mapping_symbol(const char *name)
{
	return name[0] == '$' && name[1] && strchr("adtx", name[1]) &&
	       (name[2] == '\0' || name[2] == '.');
}

/* The names of the section's symbols, as far as they end. */
static void find_names(struct symbol_section *section, size_t names_section_i)
{
	Elf_Scn *names = elf_getscn(elf_file_elf(section->file), names_section_i);
	GElf_Shdr header;
	Elf_Data *data;

	if (!names || !gelf_getshdr(names, &header) || header.sh_type != SHT_STRTAB ||
	    header.sh_flags & SHF_COMPRESSED)
		return;
	data = elf_getdata(names, NULL);
	if (!data || !data->d_buf)
		return;
	section->names = data->d_buf;
	section->names_bytes = data->d_size;
	while (section->names_bytes && section->names[section->names_bytes - 1])
		section->names_bytes--;
}

static int add_section(struct symbol_sections *sections, const struct symbol_section *section)
{
	int r = array_reserve((void **)&sections->list, &sections->capacity, sections->n + 1,
			      sizeof(*sections->list));

	if (r == 0)
		sections->list[sections->n++] = *section;
	return r;
}

/* Add the sections of @file, which belongs to @binary. Sets *@ret_has_symtab if that is there. */
static int add_file(struct symbol_sections *sections, const struct elf_file *binary,
		    const struct elf_file *file, bool *ret_has_symtab)
{
	Elf *elf = elf_file_elf(file);
	Elf_Scn *scn = NULL;
	GElf_Ehdr elf_header;
	int r = 0;

	if (!gelf_getehdr(elf, &elf_header))
		return 0;
	while (r == 0 && (scn = elf_nextscn(elf, scn)) != NULL) {
		struct symbol_section section = {
			.binary = binary,
			.file = file,
			.is_64 = gelf_getclass(elf) == ELFCLASS64,
			.is_arm = elf_header.e_machine == EM_ARM,
			.is_relocatable = elf_file_is_relocatable(file),
		};
		GElf_Shdr header;
		Elf_Data *data;

		if (!gelf_getshdr(scn, &header) ||
		    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
			continue;
		if (header.sh_size > SYMBOLS_MAX_BYTES)
			return -EFBIG;
		data = elf_getdata(scn, NULL);
		if (!data || !data->d_buf)
			continue;
		*ret_has_symtab |= header.sh_type == SHT_SYMTAB;
		section.symbols = data->d_buf;
		section.n = data->d_size / (section.is_64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym));
		find_names(&section, header.sh_link);
		r = add_section(sections, &section);
	}
	return r;
}

int symbol_sections_open(const struct debug_files *files, struct symbol_sections *ret_sections)
{
	bool has_symtab = false;
	int r = add_file(ret_sections, files->binary, files->binary, &has_symtab);

	if (r == 0 && files->debug)
		r = add_file(ret_sections, files->binary, files->debug, &has_symtab);
	if (r < 0 || has_symtab)
		return r;
	r = mini_debug_info_open(files->binary, &ret_sections->mini_bytes, &ret_sections->mini);
	if (r < 0)
		return r == -ENODATA ? 0 : r;
	return add_file(ret_sections, files->binary, ret_sections->mini, &has_symtab);
}

void symbol_sections_fini(struct symbol_sections *sections)
{
	free(sections->list);
	elf_file_free(sections->mini);
	buffer_fini(&sections->mini_bytes);
	*sections = (struct symbol_sections){ 0 };
}

/* Symbol number @i, wherever it is aligned to. */
static inline Elf64_Sym read_symbol(const struct symbol_section *section, size_t i)
{
	Elf64_Sym symbol;
	Elf32_Sym narrow;

	if (section->is_64) {
		memcpy(&symbol, section->symbols + i * sizeof(symbol), sizeof(symbol));
		return symbol;
	}
	memcpy(&narrow, section->symbols + i * sizeof(narrow), sizeof(narrow));
	return (Elf64_Sym){
		.st_name = narrow.st_name,
		.st_info = narrow.st_info,
		.st_other = narrow.st_other,
		.st_shndx = narrow.st_shndx,
		.st_value = narrow.st_value,
		.st_size = narrow.st_size,
	};
}

static bool may_be_code(const Elf64_Sym *symbol)
{
	switch (ELF64_ST_TYPE(symbol->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
	case STT_NOTYPE:
		return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS;
	default:
		return false;
	}
}

/* Where the symbol starts: in a relocatable file, they count from their section. */
static uint64_t start_of(const struct symbol_section *section, const Elf64_Sym *symbol)
{
	uint64_t start_vaddr = section->is_arm ? symbol->st_value & ~1ULL : symbol->st_value;

	if (section->is_relocatable)
		start_vaddr += elf_file_section_vaddr(section->file, symbol->st_shndx);
	return start_vaddr;
}

bool symbol_section_next(const struct symbol_section *section, size_t *i,
			 struct section_symbol *ret_symbol)
{
	while (*i < section->n) {
		const Elf64_Sym symbol = read_symbol(section, (*i)++);

		if (!may_be_code(&symbol))
			continue;
		*ret_symbol = (struct section_symbol){
			.start_vaddr = start_of(section, &symbol),
			.size_bytes = symbol.st_size,
			.name_off = symbol.st_name,
			.section_i = symbol.st_shndx,
			.info = symbol.st_info,
			.other = symbol.st_other,
		};
		return true;
	}
	return false;
}

const char *symbol_section_name(const struct symbol_section *section,
				const struct section_symbol *symbol)
{
	const char *name =
		symbol->name_off < section->names_bytes ? section->names + symbol->name_off : "";

	return name[0] && !is_mapping_symbol(name) ? name : NULL;
}

/* Where the code ends that a symbol without a size starts. */
static uint64_t end_of_unsized(const struct symbol_section *section,
			       const struct section_symbol *symbol, uint64_t code_end)
{
	Elf_Scn *scn = elf_getscn(elf_file_elf(section->file), symbol->section_i);
	uint64_t section_vaddr;
	GElf_Shdr header;

	if (symbol->section_i >= SHN_LORESERVE || !scn || !gelf_getshdr(scn, &header))
		return code_end;
	section_vaddr = elf_file_section_vaddr(section->file, symbol->section_i);
	if (symbol->start_vaddr < section_vaddr ||
	    symbol->start_vaddr - section_vaddr >= header.sh_size)
		return code_end;
	return section_vaddr + header.sh_size < code_end ? section_vaddr + header.sh_size
							 : code_end;
}

uint64_t symbol_section_end(const struct symbol_section *section,
			    const struct section_symbol *symbol)
{
	uint64_t code_end = elf_file_code_end(section->binary, symbol->start_vaddr);

	if (!code_end)
		return 0;
	if (!symbol->size_bytes)
		return end_of_unsized(section, symbol, code_end);
	return symbol->size_bytes > code_end - symbol->start_vaddr
		       ? code_end
		       : symbol->start_vaddr + symbol->size_bytes;
}

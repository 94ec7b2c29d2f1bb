/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_module.h"

#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file_internal.h"
#include "unwind/elf_pointers.h"

/* Hostile files may have a million places that look like a module. */
#define MAX_CANDIDATES 64

/* Offsets in moduledata that are the same in all versions. */
enum {
	NAMES_OFF = 8,
	TEXT_OFF = 176,
};

/* Offsets of the pointer to functions' data, which is behind that to read-only data. 1.20 has put
 * counters of coverage before it, and 1.27 more about types. */
static const uint16_t funcdata_offs[][2] = {
	[PCLNTAB_1_18] = { 304 },
	[PCLNTAB_1_20] = { 320, 344 },
};

struct search {
	struct elf_file *file;
	struct elf_pointers pointers;
	const struct go_table_place *table;
	struct go_module module;
	unsigned int n_candidates;
};

/* In another version's module, what comes before is larger, or neither is an address. */
static uint64_t read_funcdata(struct search *search, uint64_t module_vaddr)
{
	const uint16_t *offs = funcdata_offs[search->table->version];

	if (search->table->version == PCLNTAB_1_16)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(funcdata_offs[0]) && offs[i]; i++) {
		uint64_t rodata = elf_pointers_at(&search->pointers, module_vaddr + offs[i] - 8);
		uint64_t funcdata = elf_pointers_at(&search->pointers, module_vaddr + offs[i]);

		if (rodata && rodata <= funcdata && elf_content_at(search->file, rodata).bytes &&
		    elf_content_at(search->file, funcdata).bytes)
			return funcdata;
	}
	return 0;
}

/* Is there, at @elf_vaddr, the module of the table? */
static bool read_module(struct search *search, uint64_t elf_vaddr)
{
	uint64_t text_vaddr;

	if (elf_pointers_at(&search->pointers, elf_vaddr + NAMES_OFF) != search->table->names_vaddr)
		return false;
	text_vaddr = elf_pointers_at(&search->pointers, elf_vaddr + TEXT_OFF);
	if (!elf_file_code_end(search->file, text_vaddr))
		return false;
	search->module = (struct go_module){
		.text_vaddr = text_vaddr,
		.funcdata_vaddr = read_funcdata(search, elf_vaddr),
	};
	return true;
}

/* By the pointer to the table, as the file holds it. */
static bool search_content(struct search *search, struct elf_content content)
{
	for (size_t skip = -content.elf_vaddr & 7; skip + 8 <= content.size; skip += 8) {
		if (memcmp(content.bytes + skip, &search->table->elf_vaddr, 8) != 0)
			continue;
		if (read_module(search, content.elf_vaddr + skip))
			return true;
		if (++search->n_candidates >= MAX_CANDIDATES)
			return false;
	}
	return false;
}

/* Where linkers put it, so that not all of a large file need be read. */
static bool search_sections(struct search *search)
{
	static const char *const names[] = { ".go.module", ".noptrdata", ".data", ".data.rel.ro" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (search_content(search, elf_content_section(search->file, names[i])))
			return true;
	return false;
}

static bool search_relocations(struct search *search)
{
	uint64_t elf_vaddr;
	size_t i = 0;

	while (elf_pointers_next(&search->pointers, search->table->elf_vaddr, &i, &elf_vaddr)) {
		if (read_module(search, elf_vaddr))
			return true;
		if (++search->n_candidates >= MAX_CANDIDATES)
			return false;
	}
	return false;
}

static bool search_loaded(struct search *search)
{
	size_t left_bytes = ELF_MAX_SEARCHED_BYTES;
	struct elf_content loaded;

	for (size_t i = 0; (loaded = elf_content_loaded(search->file, i, &left_bytes)).bytes; i++)
		if (search_content(search, loaded))
			return true;
	return false;
}

bool go_module_find(struct elf_file *file, const struct go_table_place *table,
		    struct go_module *ret_module)
{
	struct search search = { .file = file, .table = table };
	bool is_found;

	elf_pointers_init(&search.pointers, file);
	is_found =
		search_sections(&search) || search_relocations(&search) || search_loaded(&search);
	if (is_found)
		*ret_module = search.module;
	elf_pointers_fini(&search.pointers);
	return is_found;
}

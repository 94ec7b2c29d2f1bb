/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/module_places.h"

#include <errno.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"

/* Sections are aligned to at most a page: what lies farther apart has something in between. */
#define MAX_GAP_BYTES 4096

struct place_list {
	struct module_place *places;
	size_t n;
};

/* The number in @text, which may end without a NUL; 0 if there is none. */
static uint64_t parse_address(const char *text, size_t size)
{
	char digits[24] = "";

	memcpy(digits, text, size < sizeof(digits) ? size : sizeof(digits) - 1);
	return strtoull(digits, NULL, 16);
}

/* The address in the line of @name; 0 if there is none. */
static uint64_t loaded_address(const char *sections, size_t size, const char *name)
{
	const char *end = sections + size;
	size_t length = strlen(name);

	while (sections < end) {
		const char *newline = memchr(sections, '\n', (size_t)(end - sections));
		const char *line_end = newline ? newline : end;

		if ((size_t)(line_end - sections) > length && sections[length] == ' ' &&
		    memcmp(sections, name, length) == 0)
			return parse_address(sections + length + 1,
					     (size_t)(line_end - sections) - length - 1);
		sections = line_end + 1;
	}
	return 0;
}

static bool goes_on(const struct module_place *last, const struct module_place *place)
{
	return last->slide == place->slide && place->start_addr >= last->end_addr &&
	       place->start_addr - last->end_addr < MAX_GAP_BYTES;
}

static void add_place(struct place_list *list, const struct module_place *place)
{
	if (list->n && goes_on(&list->places[list->n - 1], place))
		list->places[list->n - 1].end_addr = place->end_addr;
	else if (list->n < MODULE_MAX_PLACES)
		list->places[list->n++] = *place;
}

static int compare_starts(const void *a, const void *b)
{
	const struct module_place *left = a, *right = b;

	return (left->start_addr > right->start_addr) - (left->start_addr < right->start_addr);
}

int module_places_find(const struct elf_file *module, const char *sections, size_t size,
		       struct module_place ret_places[MODULE_MAX_PLACES], size_t *ret_n)
{
	struct place_list list = { .places = ret_places };
	Elf *elf = elf_file_elf(module);
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (!elf_file_is_relocatable(module) || elf_getshdrstrndx(elf, &names) != 0)
		return -ENODATA;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		const uint64_t code = SHF_ALLOC | SHF_EXECINSTR;
		const char *name = gelf_getshdr(section, &header)
					   ? elf_strptr(elf, names, header.sh_name)
					   : NULL;
		uint64_t start_addr, vaddr = elf_file_section_vaddr(module, elf_ndxscn(section));

		if (!name || !vaddr || (header.sh_flags & code) != code)
			continue;
		start_addr = loaded_address(sections, size, name);
		if (!start_addr || start_addr + header.sh_size <= start_addr)
			continue;
		add_place(&list, &(struct module_place){ start_addr, start_addr + header.sh_size,
							 start_addr - vaddr });
	}
	if (!list.n)
		return -ENODATA;
	qsort(list.places, list.n, sizeof(*list.places), compare_starts);
	*ret_n = list.n;
	return 0;
}

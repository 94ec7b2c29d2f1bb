/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_sections.h"

#include <stddef.h>

#include "unwind/debug_files.h"
#include "unwind/inflater.h"
#include "unwind/mapped_bytes.h"

/* How much is released at a time. */
#define RELEASE_BYTES ((uint64_t)4 << 20)

static const char *const names[DWARF_SECTION_COUNT] = {
	[DWARF_SECTION_INFO] = ".debug_info",
	[DWARF_SECTION_ABBREV] = ".debug_abbrev",
	[DWARF_SECTION_STR] = ".debug_str",
	[DWARF_SECTION_STR_OFFSETS] = ".debug_str_offsets",
	[DWARF_SECTION_RNGLISTS] = ".debug_rnglists",
	[DWARF_SECTION_LINE] = ".debug_line",
	[DWARF_SECTION_LINE_STR] = ".debug_line_str",
	[DWARF_SECTION_RANGES] = ".debug_ranges",
	[DWARF_SECTION_ADDR] = ".debug_addr",
};

static const char *const split_names[DWARF_SECTION_COUNT] = {
	[DWARF_SECTION_INFO] = ".debug_info.dwo",
	[DWARF_SECTION_ABBREV] = ".debug_abbrev.dwo",
	[DWARF_SECTION_STR] = ".debug_str.dwo",
	[DWARF_SECTION_STR_OFFSETS] = ".debug_str_offsets.dwo",
	[DWARF_SECTION_RNGLISTS] = ".debug_rnglists.dwo",
	[DWARF_SECTION_UNIT_INDEX] = ".debug_cu_index",
};

/* Leave out what follows the last NUL: each string ends in the section then. */
static void end_strings(struct elf_content *strings)
{
	while (strings->size && strings->bytes[strings->size - 1] != '\0')
		strings->size--;
}

void dwarf_sections_read(struct elf_file *file, bool is_split, struct dwarf_sections *ret_sections)
{
	const char *const *wanted = is_split ? split_names : names;

	*ret_sections = (struct dwarf_sections){ .alternate = NULL };
	ret_sections->contents[DWARF_SECTION_INFO] = elf_content_section_unfilled(
		file, wanted[DWARF_SECTION_INFO], &ret_sections->info_inflater);
	for (size_t i = DWARF_SECTION_INFO + 1; i < DWARF_SECTION_COUNT; i++)
		if (wanted[i])
			ret_sections->contents[i] = elf_content_section(file, wanted[i]);
	end_strings(&ret_sections->contents[DWARF_SECTION_STR]);
	end_strings(&ret_sections->contents[DWARF_SECTION_LINE_STR]);
}

void dwarf_sections_find(const struct debug_files *files, struct dwarf_sections *ret_sections)
{
	*ret_sections = (struct dwarf_sections){ .alternate = NULL };
	if (files->debug)
		dwarf_sections_read(files->debug, false, ret_sections);
	if (!ret_sections->contents[DWARF_SECTION_INFO].size)
		dwarf_sections_read(files->binary, false, ret_sections);
}

bool dwarf_sections_fill(struct dwarf_sections *sections, uint64_t end)
{
	struct elf_content *info = &sections->contents[DWARF_SECTION_INFO];

	if (sections->info_inflater) {
		uint64_t wanted = end < info->size ? end : info->size;
		size_t n = inflater_fill(sections->info_inflater, wanted);

		if (n < wanted)
			info->size = n;
	}
	return end <= info->size;
}

void dwarf_sections_fill_all(struct dwarf_sections *sections)
{
	(void)dwarf_sections_fill(sections, sections->contents[DWARF_SECTION_INFO].size);
}

void dwarf_sections_release(struct dwarf_sections *sections, uint64_t end)
{
	const struct elf_content *info = &sections->contents[DWARF_SECTION_INFO];

	if (sections->info_inflater) {
		inflater_release(sections->info_inflater, end);
	} else if (end >= sections->n_released + RELEASE_BYTES) {
		mapped_bytes_release(info->bytes + sections->n_released,
				     end - sections->n_released);
		sections->n_released = end;
	}
}

struct byte_cursor dwarf_sections_at(const struct dwarf_sections *sections,
				     enum dwarf_section section, uint64_t offset)
{
	const struct elf_content *content = &sections->contents[section];
	struct byte_cursor cursor = byte_cursor_at(content->bytes, content->size);

	byte_cursor_take(&cursor, offset);
	return cursor;
}

const char *dwarf_sections_string(const struct dwarf_sections *sections, enum dwarf_section section,
				  uint64_t offset)
{
	const struct elf_content *content = &sections->contents[section];

	return offset < content->size ? (const char *)content->bytes + offset : NULL;
}

bool dwarf_sections_item(const struct dwarf_sections *sections, const struct dwarf_table *table,
			 uint64_t i, uint64_t *ret_number)
{
	struct byte_cursor cursor = dwarf_sections_at(sections, table->section, table->base);

	if (i >= byte_cursor_left(&cursor) / table->item_bytes)
		return false;
	byte_cursor_take(&cursor, i * table->item_bytes);
	*ret_number = byte_cursor_number(&cursor, table->item_bytes);
	return true;
}

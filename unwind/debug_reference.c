/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/debug_reference.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "unwind/debug_files.h"
#include "unwind/dwarf_sections.h"
#include "unwind/dwarf_split.h"
#include "unwind/dwarf_unit.h"
#include "unwind/dwarf_value.h"
#include "unwind/elf_content.h"

/* Copy the terminated string that @content starts with. Returns its length, or 0. */
static size_t copy_name(const struct elf_content *content,
			char ret_name[DEBUG_REFERENCE_PATH_BYTES])
{
	size_t length;

	if (!content->bytes)
		return 0;
	length = strnlen((const char *)content->bytes, content->size);
	if (length == content->size || length >= DEBUG_REFERENCE_PATH_BYTES)
		return 0;
	memcpy(ret_name, content->bytes, length);
	return length;
}

/* The name, padded to four bytes, and the checksum: "Separate Debug Files" in GDB's manual. */
static bool read_link(struct elf_file *file, struct debug_reference *ret_reference)
{
	const struct elf_content content = elf_content_section(file, ".gnu_debuglink");
	size_t length = copy_name(&content, ret_reference->name);
	size_t crc32_off = (length / 4 + 1) * 4;

	if (!length || content.size < crc32_off + sizeof(ret_reference->crc32))
		return false;
	memcpy(&ret_reference->crc32, content.bytes + crc32_off, sizeof(ret_reference->crc32));
	return true;
}

/* The name, and the build id behind its end: dwz(1). */
static bool read_alternate(struct elf_file *file, struct debug_reference *ret_reference)
{
	const struct elf_content content = elf_content_section(file, ".gnu_debugaltlink");
	size_t length = copy_name(&content, ret_reference->name);
	size_t n_bytes = content.size - length - 1;

	if (!length || n_bytes > BUILD_ID_MAX_BYTES)
		return false;
	ret_reference->build_id.n_bytes = (uint32_t)n_bytes;
	memcpy(ret_reference->build_id.bytes, content.bytes + length + 1, n_bytes);
	return true;
}

/* A list with room for so many references. */
struct reference_list {
	struct debug_reference *references;
	size_t n;
	size_t max;
};

static void add_reference(struct reference_list *list, const struct debug_reference *reference)
{
	if (list->n < list->max)
		list->references[list->n++] = *reference;
}

static bool copy_string(const char *string, char ret_copy[DEBUG_REFERENCE_PATH_BYTES])
{
	size_t length = string ? strlen(string) : 0;

	if (length >= DEBUG_REFERENCE_PATH_BYTES)
		return false;
	memcpy(ret_copy, string ? string : "", length + 1);
	return true;
}

static void add_object(struct reference_list *list, const struct dwarf_unit *skeleton)
{
	struct debug_reference reference = {
		.kind = DEBUG_REFERENCE_OBJECT,
		.dwo_id = skeleton->dwo_id,
	};
	const struct dwarf_entry *entry = &skeleton->entry;

	if (copy_string(dwarf_value_string(skeleton, dwarf_entry_value(entry, DWARF_COMP_DIR)),
			reference.directory) &&
	    copy_string(dwarf_value_string(skeleton, dwarf_entry_value(entry, DWARF_DWO_NAME)),
			reference.name) &&
	    reference.name[0])
		add_reference(list, &reference);
}

/* Add the objects of skeletons that nothing was found for, and that there may be a package. */
static void read_skeletons(const struct debug_files *files, struct dwarf_sections *sections,
			   const struct dwarf_split *split, struct reference_list *list)
{
	const struct debug_reference package = { .kind = DEBUG_REFERENCE_PACKAGE };
	bool misses_package = !files->package;
	struct dwarf_unit unit = { .end_off = 0 };
	int r = 0;

	while (list->n < list->max && r != -ENODATA && r != -ENOMEM) {
		r = dwarf_unit_read_next(&unit, sections);
		if (r < 0 || !dwarf_unit_is_skeleton(&unit) || dwarf_split_find(split, &unit))
			continue;
		if (misses_package)
			add_reference(list, &package);
		misses_package = false;
		add_object(list, &unit);
	}
	dwarf_unit_fini(&unit);
}

/* Whether there may be any, by what takes little time to read. */
static bool has_skeletons(struct elf_file *file)
{
	const struct elf_content abbrevs = elf_content_section(file, ".debug_abbrev");

	return dwarf_abbrevs_summarize(byte_cursor_at(abbrevs.bytes, abbrevs.size)).has_skeletons;
}

static void read_split(const struct debug_files *files, struct reference_list *list)
{
	struct dwarf_split split = { .n_units = 0 };
	struct dwarf_sections sections;

	if (!has_skeletons(files->binary) && !(files->debug && has_skeletons(files->debug)))
		return;
	dwarf_sections_find(files, &sections);
	if (dwarf_split_read(files, &split) == 0)
		read_skeletons(files, &sections, &split, list);
	dwarf_split_fini(&split);
}

size_t debug_references_read(const struct debug_files *files,
			     struct debug_reference *ret_references, size_t max)
{
	struct elf_file *holder = files->debug ? files->debug : files->binary;
	struct reference_list list = { .references = ret_references, .max = max };
	struct debug_reference reference = { .kind = DEBUG_REFERENCE_LINK };

	if (!files->debug && read_link(files->binary, &reference))
		add_reference(&list, &reference);
	reference = (struct debug_reference){ .kind = DEBUG_REFERENCE_ALTERNATE };
	if (!files->alternate && read_alternate(holder, &reference))
		add_reference(&list, &reference);
	read_split(files, &list);
	return list.n;
}

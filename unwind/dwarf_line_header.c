/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_line_header.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/dwarf_unit.h"
#include "unwind/dwarf_value.h"

/* Of an entry's parts. DWARF 5 has five, and leaves room for those of vendors. */
#define MAX_PARTS 16

/* How one part of a directory's or a file's entry is written. */
struct part_format {
	uint64_t content; /* DW_LNCT_* */
	struct dwarf_attribute attribute;
};

static int add_directory(struct dwarf_line_header *header, const char *directory)
{
	int r = array_reserve((void **)&header->directories, &header->directories_capacity,
			      header->n_directories + 1, sizeof(*header->directories));

	if (r == 0)
		header->directories[header->n_directories++] = directory;
	return r;
}

static int add_file(struct dwarf_line_header *header, const struct dwarf_line_file *file)
{
	int r = array_reserve((void **)&header->files, &header->files_capacity, header->n_files + 1,
			      sizeof(*header->files));

	if (r == 0)
		header->files[header->n_files++] = *file;
	return r;
}

static const char *take_string(struct byte_cursor *cursor)
{
	const char *string = (const char *)cursor->next;
	const uint8_t *end = memchr(cursor->next, '\0', byte_cursor_left(cursor));

	if (end)
		cursor->next = end + 1;
	else
		byte_cursor_fail(cursor);
	return end ? string : "";
}

/* Up to DWARF 4: strings, and files with three numbers each, either up to an empty string. */
static int read_old_tables(struct dwarf_line_header *header, struct byte_cursor *cursor,
			   const struct dwarf_unit *unit)
{
	static const struct dwarf_line_file none = { 0 };
	const char *string =
		dwarf_value_string(unit, dwarf_entry_value(&unit->entry, DWARF_COMP_DIR));
	int r = add_directory(header, string);

	while (r == 0 && *(string = take_string(cursor)))
		r = add_directory(header, string);
	if (r == 0)
		r = add_file(header, &none);
	while (r == 0 && *(string = take_string(cursor))) {
		struct dwarf_line_file file = { .name = string };

		file.directory_i = byte_cursor_uleb(cursor);
		byte_cursor_uleb(cursor); /* when it was changed */
		byte_cursor_uleb(cursor); /* how long it is */
		r = add_file(header, &file);
	}
	return r;
}

static size_t read_format(struct byte_cursor *cursor, const struct dwarf_encoding *encoding,
			  struct part_format formats[MAX_PARTS])
{
	size_t n = byte_cursor_u8(cursor);

	if (n > MAX_PARTS) {
		byte_cursor_fail(cursor);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		formats[i].content = byte_cursor_uleb(cursor);
		uint64_t form = byte_cursor_uleb(cursor);

		formats[i].attribute = (struct dwarf_attribute){
			.form = (uint16_t)form,
			.shape = dwarf_form_shape(form, encoding),
		};
	}
	return n;
}

static struct dwarf_line_file read_entry(struct byte_cursor *cursor, const struct dwarf_unit *unit,
					 const struct dwarf_encoding *encoding,
					 const struct part_format *formats, size_t n)
{
	struct dwarf_line_file entry = { 0 };
	struct dwarf_value value;

	for (size_t i = 0; i < n; i++) {
		dwarf_form_read(cursor, &formats[i].attribute, encoding, &value);
		if (cursor->is_bad)
			break;
		if (formats[i].content == DW_LNCT_path)
			entry.name = dwarf_value_string(unit, &value);
		else if (formats[i].content == DW_LNCT_directory_index)
			entry.directory_i = value.number;
	}
	return entry;
}

/* DWARF 5: both tables alike, after a description of what their entries look like. */
static int read_new_table(struct dwarf_line_header *header, struct byte_cursor *cursor,
			  const struct dwarf_unit *unit, const struct dwarf_encoding *encoding,
			  bool is_of_files)
{
	struct part_format formats[MAX_PARTS];
	size_t n_parts = read_format(cursor, encoding, formats);
	uint64_t n = byte_cursor_uleb(cursor);
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < n; i++) {
		const uint8_t *start = cursor->next;
		struct dwarf_line_file entry = read_entry(cursor, unit, encoding, formats, n_parts);

		/* What takes no bytes could be claimed any number of times. */
		if (cursor->is_bad || cursor->next == start)
			break;
		r = is_of_files ? add_file(header, &entry) : add_directory(header, entry.name);
	}
	return r;
}

static int read_tables(struct dwarf_line_header *header, struct byte_cursor *cursor,
		       const struct dwarf_unit *unit, const struct dwarf_encoding *encoding)
{
	int r;

	if (header->version < 5)
		return read_old_tables(header, cursor, unit);
	r = read_new_table(header, cursor, unit, encoding, false);
	return r < 0 ? r : read_new_table(header, cursor, unit, encoding, true);
}

static void read_parameters(struct dwarf_line_header *header, struct byte_cursor *cursor)
{
	header->min_instruction_bytes = byte_cursor_u8(cursor);
	header->max_operations = header->version >= 4 ? byte_cursor_u8(cursor) : 1;
	byte_cursor_u8(cursor); /* whether lines are statements at first */
	header->line_base = (int8_t)byte_cursor_u8(cursor);
	header->line_range = byte_cursor_u8(cursor);
	header->opcode_base = byte_cursor_u8(cursor);
	if (!header->opcode_base || !header->line_range || !header->max_operations)
		byte_cursor_fail(cursor);
	else
		header->opcode_lengths = byte_cursor_take(cursor, header->opcode_base - 1U);
}

/* The part of @cursor that its length says; the next one starts behind it. */
static struct byte_cursor take_length(struct byte_cursor *cursor, uint8_t *ret_offset_bytes)
{
	uint64_t length = byte_cursor_u32(cursor);
	const uint8_t *start;

	*ret_offset_bytes = length == UINT32_MAX ? 8 : 4;
	if (length == UINT32_MAX)
		length = byte_cursor_u64(cursor);
	start = byte_cursor_take(cursor, length);
	return byte_cursor_at(start, start ? length : 0);
}

static void forget(struct dwarf_line_header *header)
{
	header->n_directories = 0;
	header->n_files = 0;
	header->program = byte_cursor_at(NULL, 0);
}

int dwarf_line_header_read(struct dwarf_line_header *header, const struct dwarf_unit *unit,
			   uint64_t offset)
{
	struct byte_cursor section =
		dwarf_sections_at(unit->address_sections, DWARF_SECTION_LINE, offset);
	struct dwarf_encoding encoding = unit->encoding;
	struct byte_cursor cursor = take_length(&section, &encoding.offset_bytes);
	uint64_t header_bytes;
	int r;

	forget(header);
	header->version = (uint16_t)byte_cursor_number(&cursor, 2);
	if (header->version < 2 || header->version > 5)
		return -EBADMSG;
	header->address_bytes = unit->encoding.address_bytes;
	if (header->version >= 5) {
		header->address_bytes = byte_cursor_u8(&cursor);
		byte_cursor_u8(&cursor); /* of segment selectors */
	}
	encoding.version = header->version;
	header_bytes = byte_cursor_number(&cursor, encoding.offset_bytes);
	struct byte_cursor program = cursor;

	byte_cursor_take(&program, header_bytes);
	cursor.end = program.next;
	read_parameters(header, &cursor);
	r = cursor.is_bad || program.is_bad ? -EBADMSG
					    : read_tables(header, &cursor, unit, &encoding);
	if (r == 0 && cursor.is_bad)
		r = -EBADMSG;
	if (r < 0)
		forget(header);
	else
		header->program = program;
	return r;
}

void dwarf_line_header_fini(struct dwarf_line_header *header)
{
	free(header->directories);
	free(header->files);
	*header = (struct dwarf_line_header){ 0 };
}

static void append_part(struct buffer *path, const char *part)
{
	if (!part || !part[0])
		return;
	if (path->size && path->data[path->size - 1] != '/')
		buffer_append_char(path, '/');
	buffer_append_string(path, part);
}

static const char *directory_at(const struct dwarf_line_header *header, uint64_t i)
{
	return i < header->n_directories ? header->directories[i] : NULL;
}

void dwarf_line_header_path(const struct dwarf_line_header *header, uint64_t file_i,
			    struct buffer *path)
{
	const struct dwarf_line_file *file =
		file_i < header->n_files ? &header->files[file_i] : NULL;
	const char *directory = file ? directory_at(header, file->directory_i) : NULL;

	path->size = 0;
	/* Each part counts from the one before, unless it is absolute. */
	if (file && file->name && file->name[0] != '/') {
		if (file->directory_i && !(directory && directory[0] == '/'))
			append_part(path, directory_at(header, 0));
		append_part(path, directory);
	}
	if (file)
		append_part(path, file->name);
	buffer_append_char(path, '\0');
}

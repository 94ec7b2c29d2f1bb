/* SPDX-License-Identifier: Apache-2.0 */
#include "import/pprof_tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "import/complaint.h"
#include "import/frame_kind.h"
#include "import/protobuf.h"
#include "profiler/base/array.h"
#include "profiler/base/string_table.h"
#include "profiler/profile.h"
#include "profiler/profile_extras.h"

void pprof_tables_fini(struct pprof_tables *tables)
{
	free(tables->strings);
	free(tables->lines);
	pair_map_fini(&tables->mappings);
	pair_map_fini(&tables->functions);
	pair_map_fini(&tables->locations);
	buffer_fini(&tables->text);
}

int pprof_refuse(struct pprof_tables *tables, const char *what, uint64_t number)
{
	return complain(tables->complaint, "%s %" PRIu64 " at byte %" PRIu64, what, number,
			tables->at);
}

/* Texts may hold anything; a NUL becomes "?". */
int pprof_read_string(struct pprof_tables *tables, const struct protobuf_field *field)
{
	size_t size = byte_cursor_left(&field->bytes);
	uint32_t string;
	int r;

	r = array_reserve((void **)&tables->strings, &tables->string_capacity,
			  tables->n_strings + 1, sizeof(*tables->strings));
	if (r < 0)
		return r;
	tables->text.size = 0;
	if (size)
		buffer_append(&tables->text, field->bytes.next, size);
	if (buffer_error(&tables->text))
		return buffer_error(&tables->text);
	for (size_t i = 0; i < size; i++) {
		if (!tables->text.data[i])
			tables->text.data[i] = '?';
	}
	r = string_table_add_n(tables->profile->strings, size ? tables->text.data : "", size,
			       &string);
	if (r == 0)
		tables->strings[tables->n_strings++] = string;
	return r;
}

int pprof_find_string(struct pprof_tables *tables, uint64_t number, uint32_t *ret_string)
{
	if (number == 0 && tables->n_strings == 0) {
		*ret_string = 0;
		return 0;
	}
	if (number >= tables->n_strings)
		return pprof_refuse(tables, "there is no string", number);
	*ret_string = tables->strings[number];
	return 0;
}

static int note_id(struct pprof_tables *tables, struct pair_map *map, uint64_t id, size_t index)
{
	uint32_t noted;
	int r;

	if (!id)
		return pprof_refuse(tables, "an id must not be", 0);
	r = pair_map_find_or_add(map, (struct pair_key){ .a = id }, (uint32_t)index, &noted);
	if (r == 0)
		return pprof_refuse(tables, "there are two of id", id);
	return r < 0 ? r : 0;
}

int pprof_read_mapping(struct pprof_tables *tables, const struct protobuf_field *field)
{
	struct byte_cursor cursor = field->bytes;
	struct profile_mapping mapping = { 0 };
	struct protobuf_field part;
	uint64_t id = 0;
	int r = 0;

	while (r == 0 && protobuf_next(&cursor, &part)) {
		switch (part.number) {
		case 1:
			id = part.value;
			break;
		case 2:
			mapping.start_addr = part.value;
			break;
		case 3:
			mapping.limit_addr = part.value;
			break;
		case 4:
			mapping.file_off = part.value;
			break;
		case 5:
			r = pprof_find_string(tables, part.value, &mapping.filename);
			break;
		case 6:
			r = pprof_find_string(tables, part.value, &mapping.build_id);
			break;
		case 7:
			mapping.has_functions = part.value;
			break;
		case 8:
			mapping.has_filenames = part.value;
			break;
		case 9:
			mapping.has_line_numbers = part.value;
			break;
		case 10:
			mapping.has_inline_frames = part.value;
			break;
		}
	}
	if (r == 0 && cursor.is_bad)
		return pprof_refuse(tables, "there is a broken mapping, id", id);
	if (r == 0)
		r = note_id(tables, &tables->mappings, id, tables->profile->n_mappings);
	return r < 0 ? r : profile_append_mapping(tables->profile, &mapping);
}

static uint32_t clamp_line(uint64_t line)
{
	return line > INT32_MAX ? 0 : (uint32_t)line;
}

int pprof_read_function(struct pprof_tables *tables, const struct protobuf_field *field)
{
	struct byte_cursor cursor = field->bytes;
	struct profile_function function = { 0 };
	struct protobuf_field part;
	uint64_t id = 0;
	int r = 0;

	while (r == 0 && protobuf_next(&cursor, &part)) {
		switch (part.number) {
		case 1:
			id = part.value;
			break;
		case 2:
			r = pprof_find_string(tables, part.value, &function.name);
			break;
		case 3:
			r = pprof_find_string(tables, part.value, &function.system_name);
			break;
		case 4:
			r = pprof_find_string(tables, part.value, &function.filename);
			break;
		case 5:
			function.start_line = clamp_line(part.value);
			break;
		}
	}
	if (r == 0 && cursor.is_bad)
		return pprof_refuse(tables, "there is a broken function, id", id);
	if (r == 0)
		r = note_id(tables, &tables->functions, id, tables->profile->n_functions);
	return r < 0 ? r : profile_append_function(tables->profile, &function);
}

/* Add the line in @field to those of the location that is being read. */
static int read_line(struct pprof_tables *tables, const struct protobuf_field *field,
		     size_t *n_lines)
{
	struct byte_cursor cursor = field->bytes;
	struct profile_line line = { 0 };
	struct protobuf_field part;
	uint64_t function = 0;
	int r;

	while (protobuf_next(&cursor, &part)) {
		if (part.number == 1)
			function = part.value;
		else if (part.number == 2)
			line.line = clamp_line(part.value);
		else if (part.number == 3)
			line.column = clamp_line(part.value);
	}
	if (cursor.is_bad ||
	    !pair_map_find(&tables->functions, (struct pair_key){ .a = function }, &line.function))
		return pprof_refuse(tables, "there is no function", function);
	r = array_reserve((void **)&tables->lines, &tables->line_capacity, *n_lines + 1,
			  sizeof(*tables->lines));
	if (r == 0)
		tables->lines[(*n_lines)++] = line;
	return r;
}

/* "libc.so.6+0x1234", or "0x1234" where no file is known. */
static int name_place(struct pprof_tables *tables, const struct profile_location *location)
{
	struct profile *profile = tables->profile;
	const struct profile_mapping *mapping = location->mapping == PROFILE_NO_MAPPING
							? NULL
							: &profile->mappings[location->mapping];
	const char *path = mapping ? string_table_get(profile->strings, mapping->filename) : "";
	const char *slash = strrchr(path, '/');
	uint64_t off = location->address;
	struct profile_function function = { 0 };
	int r;

	if (mapping && *path)
		off += mapping->file_off - mapping->start_addr;
	tables->text.size = 0;
	buffer_append_string(&tables->text, slash ? slash + 1 : path);
	buffer_printf(&tables->text, "%s0x%" PRIx64, *path ? "+" : "", off);
	if (buffer_error(&tables->text))
		return buffer_error(&tables->text);
	r = string_table_add_n(profile->strings, tables->text.data, tables->text.size,
			       &function.name);
	if (r < 0)
		return r;
	r = array_reserve((void **)&tables->lines, &tables->line_capacity, 1,
			  sizeof(*tables->lines));
	if (r < 0)
		return r;
	tables->lines[0] = (struct profile_line){ 0 };
	return profile_add_function(profile, &function, &tables->lines[0].function);
}

static int find_mapping(struct pprof_tables *tables, uint64_t id, uint32_t *ret_mapping)
{
	*ret_mapping = PROFILE_NO_MAPPING;
	if (id && !pair_map_find(&tables->mappings, (struct pair_key){ .a = id }, ret_mapping))
		return pprof_refuse(tables, "there is no mapping", id);
	return 0;
}

static int add_location(struct pprof_tables *tables, struct profile_location *location,
			size_t n_lines, unsigned int flags)
{
	struct profile *profile = tables->profile;
	const char *path = "";
	int r;

	if (location->mapping != PROFILE_NO_MAPPING)
		path = string_table_get(profile->strings,
					profile->mappings[location->mapping].filename);
	location->kind = frame_kind_of_path(path);
	if (!n_lines) {
		r = name_place(tables, location);
		if (r < 0)
			return r;
		flags |= PROFILE_LOCATION_NAMELESS;
		n_lines = 1;
	}
	r = profile_extras_add_location_flags(profile->extras, flags);
	return r < 0 ? r : profile_append_location(profile, location, tables->lines, n_lines);
}

int pprof_read_location(struct pprof_tables *tables, const struct protobuf_field *field)
{
	struct byte_cursor cursor = field->bytes;
	struct profile_location location = { .mapping = PROFILE_NO_MAPPING };
	struct protobuf_field part;
	uint64_t id = 0;
	unsigned int flags = 0;
	size_t n_lines = 0;
	int r = 0;

	while (r == 0 && protobuf_next(&cursor, &part)) {
		if (part.number == 1)
			id = part.value;
		else if (part.number == 2)
			r = find_mapping(tables, part.value, &location.mapping);
		else if (part.number == 3)
			location.address = part.value;
		else if (part.number == 4)
			r = read_line(tables, &part, &n_lines);
		else if (part.number == 5 && part.value)
			flags = PROFILE_LOCATION_FOLDED;
	}
	if (r == 0 && cursor.is_bad)
		return pprof_refuse(tables, "there is a broken location, id", id);
	if (r == 0)
		r = note_id(tables, &tables->locations, id, tables->profile->n_locations);
	return r < 0 ? r : add_location(tables, &location, n_lines, flags);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/mapping.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"

struct mapping_table {
	struct mapping *mappings;
	size_t n_mappings;
	size_t n_skipped;
	size_t n_over_bound;
	struct buffer paths; /* one after the other, each ends in a NUL */
};

/* What is left of a line. */
struct line {
	const char *next;
	const char *end;
};

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool line_take_number(struct line *line, unsigned base, uint64_t *ret_value)
{
	const char *first = line->next;
	uint64_t value = 0;

	for (; line->next < line->end; line->next++) {
		int digit = digit_value(*line->next);

		if (digit < 0 || digit >= (int)base)
			break;
		if (__builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	*ret_value = value;
	return line->next > first;
}

static bool line_take_char(struct line *line, char c)
{
	if (line->next == line->end || *line->next != c)
		return false;
	line->next++;
	return true;
}

/* A number, and the character that has to follow it. */
static bool line_take_field(struct line *line, unsigned base, char after, uint64_t *ret_value)
{
	return line_take_number(line, base, ret_value) && line_take_char(line, after);
}

static bool line_take_permissions(struct line *line, bool *ret_executable)
{
	if (line->end - line->next < 5 || line->next[4] != ' ')
		return false;
	*ret_executable = line->next[2] == 'x';
	line->next += 5;
	return true;
}

/* "start-end rwxp offset major:minor inode     path"; leaves the path in @line. */
static bool line_take_mapping(struct line *line, struct mapping *ret_mapping)
{
	struct mapping mapping = { 0 };
	uint64_t major, minor;

	if (!line_take_field(line, 16, '-', &mapping.start_pc) ||
	    !line_take_field(line, 16, ' ', &mapping.end_pc) ||
	    !line_take_permissions(line, &mapping.executable) ||
	    !line_take_field(line, 16, ' ', &mapping.file_off) ||
	    !line_take_field(line, 16, ':', &major) || !line_take_field(line, 16, ' ', &minor) ||
	    !line_take_number(line, 10, &mapping.inode))
		return false;
	if (line->next < line->end && *line->next != ' ')
		return false;
	while (line_take_char(line, ' '))
		;
	if (mapping.start_pc >= mapping.end_pc || major > UINT32_MAX || minor > UINT32_MAX ||
	    memchr(line->next, '\0', (size_t)(line->end - line->next)))
		return false;
	mapping.dev_major = (uint32_t)major;
	mapping.dev_minor = (uint32_t)minor;
	*ret_mapping = mapping;
	return true;
}

/* The kernel writes a newline in a path as \012, and leaves every other character, a backslash
 * too, as it is. */
static void buffer_append_path(struct buffer *paths, const struct line *line)
{
	static const char newline[] = "\\012";
	const char *next = line->next;
	const char *escape;

	while ((escape = memmem(next, (size_t)(line->end - next), newline, 4))) {
		buffer_append(paths, next, (size_t)(escape - next));
		buffer_append_char(paths, '\n');
		next = escape + 4;
	}
	buffer_append(paths, next, (size_t)(line->end - next));
	buffer_append_char(paths, '\0');
}

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static enum mapping_kind kind_of_path(const char *path, bool deleted)
{
	static const struct {
		const char *prefix;
		enum mapping_kind kind;
		bool deleted; /* always, or else it is a file of this name */
	} kinds[] = {
		{ "/memfd:", MAPPING_MEMFD, true },   { "/dev/zero", MAPPING_ANONYMOUS, true },
		{ "/SYSV", MAPPING_ANONYMOUS, true }, { "/anon_hugepage", MAPPING_ANONYMOUS, true },
		{ "/", MAPPING_FILE, false },         { "[heap]", MAPPING_HEAP, false },
		{ "[stack", MAPPING_STACK, false },   { "[anon", MAPPING_ANONYMOUS, false },
		{ "[vdso]", MAPPING_VDSO, false },    { "[vsyscall]", MAPPING_VSYSCALL, false },
	};

	if (path[0] == '\0')
		return MAPPING_ANONYMOUS;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (starts_with(path, kinds[i].prefix) && (deleted || !kinds[i].deleted))
			return kinds[i].kind;
	}
	return MAPPING_SPECIAL;
}

/*
 * The text is read in pieces while its process runs on, so a mapping that has just grown can show
 * twice. Leaves of @mapping what lies past the last one. False: nothing.
 */
static bool table_cut_overlap(const struct mapping_table *table, struct mapping *mapping)
{
	uint64_t end_pc = table->n_mappings ? table->mappings[table->n_mappings - 1].end_pc : 0;

	if (mapping->end_pc <= end_pc)
		return false;
	if (mapping->start_pc < end_pc) {
		mapping->file_off += end_pc - mapping->start_pc;
		mapping->start_pc = end_pc;
	}
	return true;
}

static int table_add_line(struct mapping_table *table, size_t *capacity, struct line line,
			  enum mapping_selection selection)
{
	struct mapping mapping;
	int r;

	if (!line_take_mapping(&line, &mapping)) {
		table->n_skipped++;
		return 0;
	}
	if (selection == MAPPINGS_EXECUTABLE && !mapping.executable)
		return 0;
	if (!table_cut_overlap(table, &mapping)) {
		table->n_skipped++;
		return 0;
	}
	if (table->n_mappings == MAPPING_TABLE_MAX) {
		table->n_over_bound++;
		return 0;
	}
	r = array_reserve((void **)&table->mappings, capacity, table->n_mappings + 1,
			  sizeof(*table->mappings));
	if (r < 0)
		return r;
	table->mappings[table->n_mappings++] = mapping;
	buffer_append_path(&table->paths, &line);
	return buffer_error(&table->paths);
}

/* Only now that the paths move no more can mappings point at them. */
static void table_set_paths(struct mapping_table *table)
{
	char *path = table->paths.data;

	for (size_t i = 0; i < table->n_mappings; i++) {
		struct mapping *mapping = &table->mappings[i];
		size_t size = strlen(path) + 1;

		mapping->path = path;
		mapping->deleted = mapping_path_cut_deleted(path);
		mapping->kind = kind_of_path(path, mapping->deleted);
		path += size;
	}
}

int mapping_table_parse(const char *text, size_t size, enum mapping_selection selection,
			struct mapping_table **ret_table)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;
	const char *end = text + size;
	size_t capacity = 0;

	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		struct line line = { .next = text, .end = newline ? newline : end };
		int r;

		r = table_add_line(table, &capacity, line, selection);
		if (r < 0)
			return r;
		text = newline ? newline + 1 : end;
	}
	table_set_paths(table);
	*ret_table = steal(table);
	return 0;
}

struct mapping_table *mapping_table_free(struct mapping_table *table)
{
	if (!table)
		return NULL;
	free(table->mappings);
	buffer_fini(&table->paths);
	free(table);
	return NULL;
}

const struct mapping *mapping_table_find(const struct mapping_table *table, uint64_t pc)
{
	size_t first = 0, end = table->n_mappings;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		const struct mapping *mapping = &table->mappings[middle];

		if (pc < mapping->start_pc)
			end = middle;
		else if (pc >= mapping->end_pc)
			first = middle + 1;
		else
			return mapping;
	}
	return NULL;
}

size_t mapping_table_count(const struct mapping_table *table)
{
	return table->n_mappings;
}

const struct mapping *mapping_table_get(const struct mapping_table *table, size_t index)
{
	assert(index < table->n_mappings);
	return &table->mappings[index];
}

size_t mapping_table_n_skipped(const struct mapping_table *table)
{
	return table->n_skipped;
}

size_t mapping_table_n_over_bound(const struct mapping_table *table)
{
	return table->n_over_bound;
}

size_t mapping_table_bytes(const struct mapping_table *table)
{
	return sizeof(*table) + table->n_mappings * sizeof(*table->mappings) + table->paths.size;
}

bool mapping_path_cut_deleted(char *path)
{
	static const char suffix[] = " (deleted)";
	size_t length = strlen(path);
	size_t suffix_length = sizeof(suffix) - 1;

	if (length < suffix_length || strcmp(path + length - suffix_length, suffix) != 0)
		return false;
	path[length - suffix_length] = '\0';
	return true;
}

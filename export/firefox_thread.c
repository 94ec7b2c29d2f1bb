/* SPDX-License-Identifier: Apache-2.0 */
#include "export/firefox_thread.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "export/text.h"
#include "export/timeline.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/base/string_table.h"
#include "profiler/frame.h"
#include "profiler/profile.h"

#define NS_PER_MS       1000000
#define NUMBER_MAX      (1ULL << 53) /* what JavaScript can tell apart */
#define RESOURCE_IS_LIB 1

static int rows_init(struct firefox_rows *rows, size_t n)
{
	rows->row_of = calloc(n + 1, sizeof(*rows->row_of));
	rows->numbers = calloc(n + 1, sizeof(*rows->numbers));
	return rows->row_of && rows->numbers ? 0 : -ENOMEM;
}

static void rows_fini(struct firefox_rows *rows)
{
	free(rows->row_of);
	free(rows->numbers);
}

static void rows_clear(struct firefox_rows *rows)
{
	for (uint32_t i = 0; i < rows->n_rows; i++)
		rows->row_of[rows->numbers[i]] = 0;
	rows->n_rows = 0;
}

/* The row of @number, which gets one if it has none. */
static uint32_t rows_add(struct firefox_rows *rows, uint32_t number)
{
	if (!rows->row_of[number]) {
		rows->numbers[rows->n_rows] = number;
		rows->row_of[number] = ++rows->n_rows;
	}
	return rows->row_of[number] - 1;
}

int firefox_tables_init(const struct timeline *timeline, struct firefox_tables *ret_tables)
{
	const struct profile *profile = timeline->profile;
	_cleanup_(firefox_tables_fini) struct firefox_tables tables = { .timeline = timeline };

	tables.locations = calloc(profile->n_lines + 1, sizeof(*tables.locations));
	tables.first_frames = calloc(profile->n_functions + 1, sizeof(*tables.first_frames));
	if (!tables.locations || !tables.first_frames ||
	    rows_init(&tables.strings, string_table_count(profile->strings)) < 0 ||
	    rows_init(&tables.functions, profile->n_functions) < 0 ||
	    rows_init(&tables.frames, profile->n_lines) < 0 ||
	    rows_init(&tables.resources, profile->n_mappings) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < profile->n_locations; i++) {
		const struct profile_location *location = &profile->locations[i];

		for (uint32_t k = 0; k < location->n_lines; k++)
			tables.locations[location->first_line + k] = (uint32_t)i;
	}
	*ret_tables = tables;
	tables = (struct firefox_tables){ 0 };
	return 0;
}

void firefox_tables_fini(struct firefox_tables *tables)
{
	rows_fini(&tables->strings);
	rows_fini(&tables->functions);
	rows_fini(&tables->frames);
	rows_fini(&tables->resources);
	free(tables->locations);
	free(tables->first_frames);
	free(tables->stacks);
	pair_map_fini(&tables->stack_index);
	*tables = (struct firefox_tables){ 0 };
}

static void clear(struct firefox_tables *tables)
{
	rows_clear(&tables->strings);
	rows_clear(&tables->functions);
	rows_clear(&tables->frames);
	rows_clear(&tables->resources);
	tables->n_stacks = 0;
	pair_map_fini(&tables->stack_index);
	tables->stack_index = (struct pair_map){ 0 };
}

static const struct profile_location *location_of_line(const struct firefox_tables *tables,
						       uint32_t line)
{
	return &tables->timeline->profile->locations[tables->locations[line]];
}

/* *@stack, 1 + a row, becomes that of what it calls: the function at @line. */
static int add_call(struct firefox_tables *tables, uint32_t line, uint32_t *stack)
{
	const struct firefox_stack added = { *stack, rows_add(&tables->frames, line) };
	const struct pair_key key = { added.caller, added.frame };
	int r;

	r = array_reserve((void **)&tables->stacks, &tables->stack_capacity, tables->n_stacks + 1,
			  sizeof(*tables->stacks));
	if (r < 0)
		return r;
	r = pair_map_find_or_add(&tables->stack_index, key, (uint32_t)tables->n_stacks + 1, stack);
	if (r == 1)
		tables->stacks[tables->n_stacks++] = added;
	return r < 0 ? r : 0;
}

/* Sets *@ret_stack to 1 + the row of its leaf; 0 if it has none. */
static int add_stack(struct firefox_tables *tables, uint32_t stack_i, uint32_t *ret_stack)
{
	const struct profile *profile = tables->timeline->profile;
	const struct profile_stack *stack = &profile->stacks[stack_i];
	int r = 0;

	*ret_stack = 0;
	for (uint32_t k = stack->n_frames; k--;) {
		const struct profile_location *location =
			&profile->locations[profile->frames[stack->first_frame + k]];

		for (uint32_t i = location->n_lines; r == 0 && i--;)
			r = add_call(tables, location->first_line + i, ret_stack);
	}
	return r;
}

static const struct profile_moment *moment_at(const struct firefox_tables *tables,
					      const struct timeline_thread *thread, size_t i)
{
	return &tables->timeline->moments[tables->timeline->order[thread->first + i]];
}

static int append_sample_stacks(struct firefox_tables *tables, const struct timeline_thread *thread,
				struct buffer *out)
{
	buffer_append_string(out, "\"samples\":{\"stack\":[");
	for (size_t i = 0; i < thread->n_moments; i++) {
		uint32_t stack;
		int r = add_stack(tables, moment_at(tables, thread, i)->stack, &stack);

		if (r < 0)
			return r;
		if (i)
			buffer_append_char(out, ',');
		if (stack)
			buffer_printf(out, "%" PRIu32, stack - 1);
		else
			buffer_append_string(out, "null");
	}
	return buffer_error(out);
}

/* Without times, samples follow one another. */
static void append_times(const struct firefox_tables *tables, const struct timeline_thread *thread,
			 struct buffer *out)
{
	int64_t end_ns = 0;

	buffer_append_string(out, "],\"time\":[");
	for (size_t i = 0; i < thread->n_moments; i++) {
		const struct profile_moment *moment = moment_at(tables, thread, i);
		int64_t off_ns = moment->time_unix_ns - tables->timeline->start_unix_ns;

		if (!tables->timeline->has_times) {
			end_ns += moment->value < NUMBER_MAX ? (int64_t)moment->value : 0;
			off_ns = end_ns;
		}
		if (off_ns < 0)
			off_ns = 0;
		buffer_printf(out, "%s%" PRId64 ".%06" PRId64, i ? "," : "", off_ns / NS_PER_MS,
			      off_ns % NS_PER_MS);
	}
}

static void append_samples_rest(const struct firefox_tables *tables,
				const struct timeline_thread *thread, struct buffer *out)
{
	append_times(tables, thread, out);
	buffer_append_string(out, "],\"weight\":[");
	for (size_t i = 0; i < thread->n_moments; i++)
		buffer_printf(out, "%s%" PRIu64, i ? "," : "", moment_at(tables, thread, i)->count);
	buffer_append_string(out, "],\"weightType\":\"samples\",\"threadCPUDelta\":[");
	for (size_t i = 0; i < thread->n_moments; i++)
		buffer_printf(out, "%s%" PRIu64, i ? "," : "", moment_at(tables, thread, i)->value);
	buffer_printf(out, "],\"length\":%zu},\n", thread->n_moments);
}

/* Appends what row @row has in one column. */
typedef void cell_fn(struct firefox_tables *tables, uint32_t row, struct buffer *out);

static void append_column(struct firefox_tables *tables, const char *name, cell_fn *append_cell,
			  size_t n_rows, struct buffer *out)
{
	buffer_printf(out, "\"%s\":[", name);
	for (uint32_t row = 0; row < n_rows && !buffer_error(out); row++) {
		if (row)
			buffer_append_char(out, ',');
		append_cell(tables, row, out);
	}
	buffer_append_string(out, "],");
}

static void append_number_or_null(uint32_t number, struct buffer *out)
{
	if (number)
		buffer_printf(out, "%" PRIu32, number);
	else
		buffer_append_string(out, "null");
}

static void cell_null(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	(void)tables;
	(void)row;
	buffer_append_string(out, "null");
}

static void cell_zero(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	(void)tables;
	(void)row;
	buffer_append_char(out, '0');
}

static void cell_false(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	(void)tables;
	(void)row;
	buffer_append_string(out, "false");
}

static uint32_t category_of_frame(const struct firefox_tables *tables, uint32_t row)
{
	static const enum firefox_category categories[FRAME_KIND_COUNT] = {
		[FRAME_NATIVE] = FIREFOX_USER,    [FRAME_KERNEL] = FIREFOX_KERNEL,
		[FRAME_UNMAPPED] = FIREFOX_OTHER, [FRAME_JIT] = FIREFOX_JIT,
		[FRAME_CUT] = FIREFOX_OTHER,
	};

	return categories[location_of_line(tables, tables->frames.numbers[row])->kind];
}

static void cell_stack_frame(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	buffer_printf(out, "%" PRIu32, tables->stacks[row].frame);
}

static void cell_stack_caller(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	if (tables->stacks[row].caller)
		buffer_printf(out, "%" PRIu32, tables->stacks[row].caller - 1);
	else
		buffer_append_string(out, "null");
}

static void cell_stack_category(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	buffer_printf(out, "%" PRIu32, category_of_frame(tables, tables->stacks[row].frame));
}

static void append_stack_table(struct firefox_tables *tables, struct buffer *out)
{
	size_t n = tables->n_stacks;

	buffer_append_string(out, "\"stackTable\":{");
	append_column(tables, "frame", cell_stack_frame, n, out);
	append_column(tables, "prefix", cell_stack_caller, n, out);
	append_column(tables, "category", cell_stack_category, n, out);
	append_column(tables, "subcategory", cell_zero, n, out);
	buffer_printf(out, "\"length\":%zu},\n", n);
}

/* Bytes into its file, or -1. */
static void cell_frame_address(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	const struct profile *profile = tables->timeline->profile;
	const struct profile_location *location =
		location_of_line(tables, tables->frames.numbers[row]);
	uint64_t address = location->address;

	if (location->mapping != PROFILE_NO_MAPPING) {
		const struct profile_mapping *mapping = &profile->mappings[location->mapping];

		address += mapping->file_off - mapping->start_addr;
	}
	if (address < NUMBER_MAX)
		buffer_printf(out, "%" PRIu64, address);
	else
		buffer_append_string(out, "-1");
}

static void cell_frame_depth(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	uint32_t line = tables->frames.numbers[row];
	const struct profile_location *location = location_of_line(tables, line);

	buffer_printf(out, "%" PRIu32, location->first_line + location->n_lines - 1 - line);
}

static void cell_frame_category(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	buffer_printf(out, "%" PRIu32, category_of_frame(tables, row));
}

/* A function is in the file of the frame that is met first; that is nearly always all of them. */
static void cell_frame_function(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	const struct profile *profile = tables->timeline->profile;
	const struct profile_line *line = &profile->lines[tables->frames.numbers[row]];
	uint32_t n_functions = tables->functions.n_rows;
	uint32_t function = rows_add(&tables->functions, line->function);

	if (function == n_functions) /* a new one */
		tables->first_frames[function] = row;
	buffer_printf(out, "%" PRIu32, function);
}

static void cell_frame_line(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	append_number_or_null(tables->timeline->profile->lines[tables->frames.numbers[row]].line,
			      out);
}

static void cell_frame_column(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	append_number_or_null(tables->timeline->profile->lines[tables->frames.numbers[row]].column,
			      out);
}

static void append_frame_table(struct firefox_tables *tables, struct buffer *out)
{
	size_t n = tables->frames.n_rows;

	buffer_append_string(out, "\"frameTable\":{");
	append_column(tables, "address", cell_frame_address, n, out);
	append_column(tables, "inlineDepth", cell_frame_depth, n, out);
	append_column(tables, "category", cell_frame_category, n, out);
	append_column(tables, "subcategory", cell_zero, n, out);
	append_column(tables, "func", cell_frame_function, n, out);
	append_column(tables, "nativeSymbol", cell_null, n, out);
	append_column(tables, "innerWindowID", cell_zero, n, out);
	append_column(tables, "implementation", cell_null, n, out);
	append_column(tables, "line", cell_frame_line, n, out);
	append_column(tables, "column", cell_frame_column, n, out);
	buffer_printf(out, "\"length\":%zu},\n", n);
}

static const struct profile_function *function_at(const struct firefox_tables *tables, uint32_t row)
{
	return &tables->timeline->profile->functions[tables->functions.numbers[row]];
}

static void cell_function_name(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	buffer_printf(out, "%" PRIu32, rows_add(&tables->strings, function_at(tables, row)->name));
}

static void cell_function_file(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	uint32_t filename = function_at(tables, row)->filename;

	if (filename)
		buffer_printf(out, "%" PRIu32, rows_add(&tables->strings, filename));
	else
		buffer_append_string(out, "null");
}

static void cell_function_line(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	append_number_or_null(function_at(tables, row)->start_line, out);
}

static void cell_function_resource(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	uint32_t line = tables->frames.numbers[tables->first_frames[row]];
	uint32_t mapping = location_of_line(tables, line)->mapping;

	if (mapping == PROFILE_NO_MAPPING)
		buffer_append_string(out, "-1");
	else
		buffer_printf(out, "%" PRIu32, rows_add(&tables->resources, mapping));
}

static void append_function_table(struct firefox_tables *tables, struct buffer *out)
{
	size_t n = tables->functions.n_rows;

	buffer_append_string(out, "\"funcTable\":{");
	append_column(tables, "name", cell_function_name, n, out);
	append_column(tables, "isJS", cell_false, n, out);
	append_column(tables, "relevantForJS", cell_false, n, out);
	append_column(tables, "resource", cell_function_resource, n, out);
	append_column(tables, "fileName", cell_function_file, n, out);
	append_column(tables, "lineNumber", cell_function_line, n, out);
	append_column(tables, "columnNumber", cell_null, n, out);
	buffer_printf(out, "\"length\":%zu},\n", n);
}

static void cell_resource_lib(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	buffer_printf(out, "%" PRIu32, tables->resources.numbers[row]);
}

static void cell_resource_name(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	const struct profile_mapping *mapping =
		&tables->timeline->profile->mappings[tables->resources.numbers[row]];

	buffer_printf(out, "%" PRIu32, rows_add(&tables->strings, mapping->filename));
}

static void cell_resource_type(struct firefox_tables *tables, uint32_t row, struct buffer *out)
{
	(void)tables;
	(void)row;
	buffer_printf(out, "%d", RESOURCE_IS_LIB);
}

static void append_resource_table(struct firefox_tables *tables, struct buffer *out)
{
	size_t n = tables->resources.n_rows;

	buffer_append_string(out, "\"resourceTable\":{");
	append_column(tables, "lib", cell_resource_lib, n, out);
	append_column(tables, "name", cell_resource_name, n, out);
	append_column(tables, "host", cell_null, n, out);
	append_column(tables, "type", cell_resource_type, n, out);
	buffer_printf(out, "\"length\":%zu},\n", n);
}

static void append_strings(const struct firefox_tables *tables, struct buffer *out)
{
	const struct string_table *strings = tables->timeline->profile->strings;

	buffer_append_string(out, "\"stringArray\":[");
	for (uint32_t i = 0; i < tables->strings.n_rows && !buffer_error(out); i++) {
		buffer_append_string(out, i ? ",\n\"" : "\"");
		text_append_json(out, string_table_get(strings, tables->strings.numbers[i]));
		buffer_append_char(out, '"');
	}
	buffer_append_char(out, ']');
}

static void append_string(const char *key, const char *text, struct buffer *out)
{
	buffer_printf(out, "\"%s\":\"", key);
	text_append_json(out, text);
	buffer_append_string(out, "\",");
}

static void append_head(const struct timeline_thread *thread, struct buffer *out)
{
	const char *comm = *thread->comm ? thread->comm : "[unknown]";
	bool is_main = !strcmp(thread->pid, thread->tid);

	buffer_append_string(out, "{\"processType\":\"default\",\"processStartupTime\":0,"
				  "\"processShutdownTime\":null,\"registerTime\":0,"
				  "\"unregisterTime\":null,\"pausedRanges\":[],");
	append_string("name", *thread->name ? thread->name : comm, out);
	append_string("processName", comm, out);
	append_string("pid", *thread->pid ? thread->pid : comm, out);
	append_string("tid", *thread->tid ? thread->tid : comm, out);
	buffer_printf(out, "\"isMainThread\":%s,\n", is_main ? "true" : "false");
}

int firefox_thread_append(struct firefox_tables *tables, const struct timeline_thread *thread,
			  struct buffer *out)
{
	int r;

	clear(tables);
	append_head(thread, out);
	r = append_sample_stacks(tables, thread, out);
	if (r < 0)
		return r;
	append_samples_rest(tables, thread, out);
	/* Each table adds to those that follow it. */
	append_stack_table(tables, out);
	append_frame_table(tables, out);
	append_function_table(tables, out);
	append_resource_table(tables, out);
	buffer_append_string(out, "\"nativeSymbols\":{\"libIndex\":[],\"address\":[],\"name\":[],"
				  "\"functionSize\":[],\"length\":0},\n\"markers\":{\"data\":[],"
				  "\"name\":[],\"startTime\":[],\"endTime\":[],\"phase\":[],"
				  "\"category\":[],\"length\":0},\n");
	append_strings(tables, out);
	buffer_append_char(out, '}');
	return buffer_error(out);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/jitdump.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/byte_cursor.h"
#include "unwind/jit_code.h"
#include "unwind/jit_report.h"
#include "unwind/jitdump_format.h"
#include "unwind/number_map.h"

#define RECORD_BYTES  sizeof(struct jitdump_record)
#define SAME_FILENAME "\xff" /* the file of the line before */

/* V8 adds the size of an ELF header to where each line starts, since old versions of perf, which
 * made ELF files of the code, left it out: its first line, of the entry, shows that. */
#define V8_OFFSET 0x40

struct bytes {
	const uint8_t *start;
	size_t size;
};

/* A function as it was loaded. */
struct load {
	uint64_t start_pc;
	uint64_t size_bytes;
	const char *name;
	uint32_t name_length;
	struct bytes lines; /* debug information, or none */
};

struct dump {
	struct jit_code *code;
	struct jit_report *report;
	struct bytes lines; /* debug information for the next load, or none */
	struct load *loads;
	size_t n_loads;
	size_t load_capacity;
	struct number_map by_number; /* of a load, → loads[] */
	struct symbol_row *rows;     /* scratch */
	size_t n_rows;
	size_t row_capacity;
};

static void dump_fini(struct dump *dump)
{
	free(dump->loads);
	free(dump->rows);
	number_map_fini(&dump->by_number);
}

/* A terminated text. NULL: there is no end. */
static const char *take_text(struct byte_cursor *cursor)
{
	const uint8_t *end = memchr(cursor->next, '\0', byte_cursor_left(cursor));

	if (!end) {
		byte_cursor_fail(cursor);
		return NULL;
	}
	return (const char *)byte_cursor_take(cursor, (uint64_t)(end - cursor->next) + 1);
}

static int add_row(struct dump *dump, const struct symbol_row *row)
{
	int r = array_reserve((void **)&dump->rows, &dump->row_capacity, dump->n_rows + 1,
			      sizeof(*dump->rows));

	if (r == 0)
		dump->rows[dump->n_rows++] = *row;
	return r;
}

/* Take the lines of @load off its debug information, as offsets into it. */
static int take_rows(struct dump *dump, const struct load *load)
{
	struct byte_cursor cursor = byte_cursor_at(load->lines.start, load->lines.size);
	uint64_t start_pc = byte_cursor_u64(&cursor);
	uint64_t n = byte_cursor_u64(&cursor);
	struct symbol_row row = { 0 };
	int r = 0;

	dump->n_rows = 0;
	if (start_pc != load->start_pc)
		return 0;
	for (uint64_t i = 0; r == 0 && i < n && dump->n_rows <= JIT_CODE_MAX_ROWS; i++) {
		const char *filename;

		row.elf_vaddr = byte_cursor_u64(&cursor) - start_pc;
		row.line = byte_cursor_u32(&cursor);
		byte_cursor_u32(&cursor); /* what tells lines apart that are called alike */
		filename = take_text(&cursor);
		if (!filename)
			break;
		if (strcmp(filename, SAME_FILENAME) != 0)
			r = jit_code_add_file(dump->code, filename, &row.file);
		if (r == 0)
			r = add_row(dump, &row);
	}
	dump->report->entries[JIT_ENTRY_DAMAGED] += cursor.is_bad;
	return r;
}

static int compare_rows(const void *a, const void *b)
{
	const struct symbol_row *left = a, *right = b;

	return (left->elf_vaddr > right->elf_vaddr) - (left->elf_vaddr < right->elf_vaddr);
}

/* Make pcs of the offsets, of a function that is at @start_pc now, and drop what says nothing. */
static void finish_rows(struct dump *dump, const struct load *load, uint64_t start_pc)
{
	uint64_t excess = dump->n_rows && dump->rows[0].elf_vaddr == V8_OFFSET ? V8_OFFSET : 0;
	size_t n_kept = 0;

	if (dump->n_rows)
		qsort(dump->rows, dump->n_rows, sizeof(*dump->rows), compare_rows);
	for (size_t i = 0; i < dump->n_rows; i++) {
		struct symbol_row row = dump->rows[i];
		const struct symbol_row *last = n_kept ? &dump->rows[n_kept - 1] : NULL;

		if (row.elf_vaddr < excess || row.elf_vaddr - excess >= load->size_bytes)
			continue;
		row.elf_vaddr += start_pc - excess;
		if (last && last->elf_vaddr == row.elf_vaddr)
			n_kept--;
		else if (last && last->file == row.file && last->line == row.line)
			continue;
		dump->rows[n_kept++] = row;
	}
	dump->n_rows = n_kept;
}

static int add_function(struct dump *dump, const struct load *load, uint64_t start_pc)
{
	struct jit_function function = {
		.start_pc = start_pc,
		.name = load->name,
		.name_length = load->name_length,
	};
	int r = 0;

	dump->n_rows = 0;
	if (__builtin_add_overflow(start_pc, load->size_bytes, &function.end_pc))
		function.end_pc = 0; /* it is no code */
	else if (load->lines.size)
		r = take_rows(dump, load);
	if (r < 0)
		return r;
	finish_rows(dump, load, start_pc);
	function.rows = dump->rows;
	function.n_rows = dump->n_rows;
	return jit_code_add(dump->code, &function);
}

/* It may be moved later. */
static int remember_load(struct dump *dump, const struct load *load, uint64_t number)
{
	uint32_t other;
	int r;

	if (dump->n_loads == JIT_CODE_MAX_FUNCTIONS ||
	    number_map_find(&dump->by_number, number, &other))
		return 0;
	r = array_reserve((void **)&dump->loads, &dump->load_capacity, dump->n_loads + 1,
			  sizeof(*dump->loads));
	if (r == 0)
		r = number_map_add(&dump->by_number, number, (uint32_t)dump->n_loads);
	if (r == 0)
		dump->loads[dump->n_loads++] = *load;
	return r;
}

static int read_load(struct dump *dump, struct byte_cursor *cursor)
{
	struct load load = { 0 };
	uint64_t number;
	int r;

	byte_cursor_take(cursor, 4 + 4 + 8); /* process, thread, address in memory */
	load.start_pc = byte_cursor_u64(cursor);
	load.size_bytes = byte_cursor_u64(cursor);
	number = byte_cursor_u64(cursor);
	load.name = take_text(cursor);
	if (!load.name) {
		dump->report->entries[JIT_ENTRY_DAMAGED]++;
		return 0;
	}
	load.name_length = (uint32_t)strlen(load.name);
	load.lines = dump->lines;
	dump->lines.size = 0;
	if (!load.size_bytes)
		return 0; /* there may be functions without code */
	r = add_function(dump, &load, load.start_pc);
	return r < 0 ? r : remember_load(dump, &load, number);
}

static int read_move(struct dump *dump, struct byte_cursor *cursor)
{
	uint64_t start_pc, number;
	uint32_t load;

	byte_cursor_take(cursor, 4 + 4 + 8 + 8); /* as above, and where it was */
	start_pc = byte_cursor_u64(cursor);
	byte_cursor_take(cursor, 8); /* its size */
	number = byte_cursor_u64(cursor);
	if (cursor->is_bad || !number_map_find(&dump->by_number, number, &load)) {
		dump->report->entries[JIT_ENTRY_DAMAGED]++;
		return 0;
	}
	return add_function(dump, &dump->loads[load], start_pc);
}

static int read_record(struct dump *dump, uint64_t id, struct byte_cursor *cursor)
{
	switch (id) {
	case JITDUMP_LOAD:
		return read_load(dump, cursor);
	case JITDUMP_MOVE:
		return read_move(dump, cursor);
	case JITDUMP_DEBUG_INFO:
		dump->lines = (struct bytes){ cursor->next, byte_cursor_left(cursor) };
		return 0;
	default:
		return 0;
	}
}

static uint32_t magic_of(const uint8_t *bytes, size_t size)
{
	struct byte_cursor cursor = byte_cursor_at(bytes, size);

	return byte_cursor_u32(&cursor);
}

bool jitdump_is_one(const uint8_t *bytes, size_t size)
{
	uint32_t magic = magic_of(bytes, size);

	return magic == JITDUMP_MAGIC || magic == JITDUMP_OTHER_MAGIC;
}

/* Take the header off. Returns whether we can read what follows. */
static bool take_header(struct byte_cursor *cursor)
{
	struct byte_cursor header = *cursor;
	uint64_t magic = byte_cursor_u32(&header);
	uint64_t version = byte_cursor_u32(&header);
	uint64_t size = byte_cursor_u32(&header);

	if (magic != JITDUMP_MAGIC || version != JITDUMP_VERSION || size < JITDUMP_HEADER_BYTES)
		return false;
	byte_cursor_take(cursor, size);
	return true;
}

int jitdump_read(const uint8_t *bytes, size_t size, struct jit_code *code,
		 struct jit_report *report)
{
	_cleanup_(dump_fini) struct dump dump = { .code = code, .report = report };
	struct byte_cursor cursor = byte_cursor_at(bytes, size);
	int r = 0;

	if (size < JITDUMP_HEADER_BYTES)
		return 0;
	if (!take_header(&cursor)) {
		report->n_foreign++;
		return 0;
	}
	while (r == 0 && byte_cursor_left(&cursor) >= RECORD_BYTES) {
		struct byte_cursor record = cursor;
		uint64_t id = byte_cursor_u32(&record);
		uint64_t record_bytes = byte_cursor_u32(&record);

		if (record_bytes < RECORD_BYTES) {
			report->entries[JIT_ENTRY_DAMAGED]++;
			break; /* nobody knows where the next one is */
		}
		if (!byte_cursor_take(&cursor, record_bytes))
			break;
		byte_cursor_take(&record, 8); /* the time */
		record.end = cursor.next;
		r = read_record(&dump, id, &record);
	}
	return r;
}

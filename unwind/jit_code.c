/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions are sorted by where they start. A sweep over the addresses keeps those that are open in
 * a heap, the one that was told of last on top: it has the addresses up to the next start.
 */
#include "unwind/jit_code.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/jit_report.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file_writer.h"

struct entry {
	uint64_t start_pc;
	uint64_t end_pc;
	const char *name;
	uint32_t name_length;
	uint32_t turn; /* the later, the greater */
	uint32_t first_row;
	uint32_t n_rows;
};

struct jit_code {
	struct jit_report *report;
	struct symbol_file_writer *writer;
	struct entry *entries; /* a ring, once it is full */
	size_t entry_capacity;
	uint64_t n_added;
	struct symbol_row *rows;
	size_t row_capacity;
	size_t n_rows;
};

DEFINE_CLEANUP(struct jit_code *, jit_code_free)

int jit_code_new(struct jit_report *report, struct jit_code **ret_code)
{
	_cleanup_(jit_code_freep) struct jit_code *code = calloc(1, sizeof(*code));
	int r;

	if (!code)
		return -ENOMEM;
	code->report = report;
	r = symbol_file_writer_new(&code->writer);
	if (r < 0)
		return r;
	*ret_code = steal(code);
	return 0;
}

struct jit_code *jit_code_free(struct jit_code *code)
{
	if (!code)
		return NULL;
	symbol_file_writer_free(code->writer);
	free(code->entries);
	free(code->rows);
	free(code);
	return NULL;
}

int jit_code_add_file(struct jit_code *code, const char *path, uint32_t *ret_file)
{
	return symbol_file_writer_add_file(code->writer, path, ret_file);
}

/* Where the next entry goes: beside the others, or in place of the oldest. */
static int next_entry(struct jit_code *code, struct entry **ret_entry)
{
	size_t index = code->n_added % JIT_CODE_MAX_FUNCTIONS;
	int r = 0;

	if (code->n_added >= JIT_CODE_MAX_FUNCTIONS) {
		code->report->entries[JIT_ENTRY_FORGOTTEN]++;
		code->report->entries[JIT_ENTRY_TAKEN]--;
	} else {
		r = array_reserve((void **)&code->entries, &code->entry_capacity, index + 1,
				  sizeof(*code->entries));
	}
	if (r == 0)
		*ret_entry = &code->entries[index];
	return r;
}

/* Sets how many of the function's rows were taken: all, or none. */
static int add_rows(struct jit_code *code, const struct jit_function *function, uint32_t *ret_n)
{
	int r;

	*ret_n = 0;
	if (!function->n_rows || function->n_rows > JIT_CODE_MAX_ROWS - code->n_rows)
		return 0;
	r = array_reserve((void **)&code->rows, &code->row_capacity,
			  code->n_rows + function->n_rows, sizeof(*code->rows));
	if (r < 0)
		return r;
	memcpy(&code->rows[code->n_rows], function->rows, function->n_rows * sizeof(*code->rows));
	code->n_rows += function->n_rows;
	*ret_n = (uint32_t)function->n_rows;
	return 0;
}

int jit_code_add(struct jit_code *code, const struct jit_function *function)
{
	struct entry added = {
		.start_pc = function->start_pc,
		.end_pc = function->end_pc,
		.name = function->name,
		.name_length = function->name_length < JIT_CODE_MAX_NAME
				       ? (uint32_t)function->name_length
				       : JIT_CODE_MAX_NAME,
		.turn = (uint32_t)code->n_added,
		.first_row = (uint32_t)code->n_rows,
	};
	struct entry *entry = NULL;
	int r;

	if (function->start_pc >= function->end_pc || !function->name_length ||
	    code->n_added == UINT32_MAX) {
		code->report->entries[JIT_ENTRY_DAMAGED]++;
		return 0;
	}
	r = add_rows(code, function, &added.n_rows);
	if (r == 0)
		r = next_entry(code, &entry);
	if (r < 0)
		return r;
	if (added.name_length < function->name_length || added.n_rows < function->n_rows)
		code->report->entries[JIT_ENTRY_CUT]++;
	code->report->entries[JIT_ENTRY_TAKEN]++;
	code->report->n_lines += added.n_rows;
	*entry = added;
	code->n_added++;
	return 0;
}

/* The sweep: what is open at @pc, and the piece of an entry that is not written yet. */
struct sweep {
	struct jit_code *code;
	const struct entry **open; /* a heap: the latest is first */
	size_t n_open;
	uint64_t pc;
	const struct entry *entry; /* of the piece, or NULL */
	uint64_t piece_start, piece_end;
	struct symbol_row *rows; /* scratch */
	size_t row_capacity;
};

static void open_push(struct sweep *sweep, const struct entry *entry)
{
	size_t i = sweep->n_open++;

	while (i && sweep->open[(i - 1) / 2]->turn < entry->turn) {
		sweep->open[i] = sweep->open[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	sweep->open[i] = entry;
}

static void open_pop(struct sweep *sweep)
{
	const struct entry *last = sweep->open[--sweep->n_open];
	size_t i = 0;

	for (size_t child = 1; child < sweep->n_open; child = 2 * i + 1) {
		if (child + 1 < sweep->n_open &&
		    sweep->open[child + 1]->turn > sweep->open[child]->turn)
			child++;
		if (sweep->open[child]->turn < last->turn)
			break;
		sweep->open[i] = sweep->open[child];
		i = child;
	}
	sweep->open[i] = last;
}

/* The rows that lie in the piece, of which the first one has to be where it starts. */
static int piece_rows(struct sweep *sweep, size_t *ret_n)
{
	const struct entry *entry = sweep->entry;
	const struct symbol_row *rows;
	size_t n = 0;
	int r;

	*ret_n = 0;
	if (!entry->n_rows)
		return 0;
	r = array_reserve((void **)&sweep->rows, &sweep->row_capacity, entry->n_rows + 1UL,
			  sizeof(*rows));
	if (r < 0)
		return r;
	rows = &sweep->code->rows[entry->first_row];
	sweep->rows[n++] = (struct symbol_row){ .elf_vaddr = sweep->piece_start };
	for (size_t i = 0; i < entry->n_rows && rows[i].elf_vaddr < sweep->piece_end; i++) {
		if (rows[i].elf_vaddr <= sweep->piece_start)
			n = 0;
		sweep->rows[n] = rows[i];
		if (n++ == 0)
			sweep->rows[0].elf_vaddr = sweep->piece_start;
	}
	*ret_n = n;
	return 0;
}

static int write_piece(struct sweep *sweep)
{
	struct symbol_file_writer *writer = sweep->code->writer;
	const struct entry *entry = sweep->entry;
	struct symbol_function function = {
		.range = { sweep->piece_start, sweep->piece_end },
	};
	int r;

	if (!entry)
		return 0;
	r = piece_rows(sweep, &function.n_rows);
	if (r < 0)
		return r;
	function.rows = sweep->rows;
	r = symbol_file_writer_add_string(writer, entry->name, entry->name_length, &function.name);
	return r < 0 ? r : symbol_file_writer_add_function(writer, &function);
}

/* @entry has the addresses from where the sweep is up to @end_pc. */
static int give(struct sweep *sweep, const struct entry *entry, uint64_t end_pc)
{
	int r = 0;

	if (sweep->entry != entry || sweep->piece_end != sweep->pc) {
		r = write_piece(sweep);
		sweep->entry = entry;
		sweep->piece_start = sweep->pc;
	}
	sweep->piece_end = sweep->pc = end_pc;
	return r;
}

/* Give away what lies before @pc. */
static int sweep_to(struct sweep *sweep, uint64_t pc)
{
	int r = 0;

	while (r == 0 && sweep->n_open && sweep->pc < pc) {
		const struct entry *top = sweep->open[0];

		if (top->end_pc <= sweep->pc)
			open_pop(sweep);
		else
			r = give(sweep, top, top->end_pc < pc ? top->end_pc : pc);
	}
	sweep->pc = pc;
	return r;
}

static int compare_starts(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	return (left->start_pc > right->start_pc) - (left->start_pc < right->start_pc);
}

int jit_code_finish(struct jit_code *code, struct buffer *ret_bytes)
{
	size_t n = code->n_added < JIT_CODE_MAX_FUNCTIONS ? code->n_added : JIT_CODE_MAX_FUNCTIONS;
	_cleanup_(freep) const struct entry **open = calloc(n + 1, sizeof(struct entry *));
	struct symbol_build_report report = { 0 };
	struct sweep sweep = { .code = code, .open = open };
	int r = 0;

	if (!open)
		return -ENOMEM;
	if (n)
		qsort(code->entries, n, sizeof(*code->entries), compare_starts);
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = sweep_to(&sweep, code->entries[i].start_pc);
		open_push(&sweep, &code->entries[i]);
	}
	if (r == 0)
		r = sweep_to(&sweep, UINT64_MAX);
	if (r == 0)
		r = write_piece(&sweep);
	free(sweep.rows);
	return r < 0 ? r : symbol_file_writer_finish(code->writer, NULL, ret_bytes, &report);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_function.h"

#include <stdbool.h>
#include <string.h>

#include "profiler/base/buffer.h"
#include "unwind/symbol_file_format.h"
#include "unwind/symbol_frame.h"

/* Steps that one byte can express. Wider windows of lines leave less room for addresses. */
#define SPECIAL_MIN_STEP -4
#define SPECIAL_MAX_STEP 10

static void append_unsigned(struct buffer *bytes, uint64_t value)
{
	uint8_t encoded[10];
	size_t n = 0;

	do {
		encoded[n] = (uint8_t)(value & 0x7f);
		value >>= 7;
		if (value)
			encoded[n] |= 0x80;
		n++;
	} while (value);
	buffer_append(bytes, encoded, n);
}

static void append_signed(struct buffer *bytes, int64_t value)
{
	uint8_t encoded[10];
	bool is_last = false;
	size_t n = 0;

	while (!is_last) {
		uint8_t low = (uint8_t)(value & 0x7f);

		value >>= 7;
		is_last = (value == 0 && !(low & 0x40)) || (value == -1 && (low & 0x40));
		encoded[n++] = is_last ? low : low | 0x80;
	}
	buffer_append(bytes, encoded, n);
}

/* A chunk's length is known when it is done. Returns where the chunk's bytes start. */
static size_t chunk_begin(struct buffer *chunks, uint32_t type)
{
	uint32_t head[2] = { type, 0 };

	buffer_append(chunks, head, sizeof(head));
	return chunks->size;
}

static void chunk_end(struct buffer *chunks, size_t start)
{
	uint32_t length = (uint32_t)(chunks->size - start);

	if (!buffer_error(chunks))
		memcpy(chunks->data + start - sizeof(length), &length, sizeof(length));
}

struct special_steps {
	int64_t min;
	int64_t max;
};

static struct special_steps choose_steps(const struct symbol_function *function)
{
	struct special_steps steps = { 0 };

	for (size_t i = 1; i < function->n_rows; i++) {
		int64_t step =
			(int64_t)function->rows[i].line - (int64_t)function->rows[i - 1].line;

		if (step < steps.min && step >= SPECIAL_MIN_STEP)
			steps.min = step;
		if (step > steps.max && step <= SPECIAL_MAX_STEP)
			steps.max = step;
	}
	return steps;
}

/* A row in one byte. Returns whether the steps are small enough for that. */
static bool append_special(struct buffer *chunks, const struct special_steps *steps,
			   int64_t line_step, uint64_t pc_step)
{
	uint64_t n_steps = (uint64_t)(steps->max - steps->min + 1), op;

	if (line_step < steps->min || line_step > steps->max || pc_step > UINT8_MAX)
		return false;
	op = GSYM_LINE_FIRST_SPECIAL + (uint64_t)(line_step - steps->min) + pc_step * n_steps;
	if (op > UINT8_MAX)
		return false;
	buffer_append_char(chunks, (char)op);
	return true;
}

static void append_step(struct buffer *chunks, const struct special_steps *steps, int64_t line_step,
			uint64_t pc_step)
{
	if (append_special(chunks, steps, line_step, pc_step))
		return;
	if (line_step) {
		buffer_append_char(chunks, GSYM_LINE_ADVANCE_LINE);
		append_signed(chunks, line_step);
		if (append_special(chunks, steps, 0, pc_step))
			return;
	}
	buffer_append_char(chunks, GSYM_LINE_ADVANCE_PC);
	append_unsigned(chunks, pc_step);
}

static void append_lines(const struct symbol_function *function, struct buffer *chunks)
{
	size_t start = chunk_begin(chunks, GSYM_CHUNK_LINES);
	struct special_steps steps = choose_steps(function);
	struct symbol_row last = {
		.elf_vaddr = function->range.start_vaddr,
		.file = 1,
		.line = function->start_line ? function->start_line : function->rows[0].line,
	};

	append_signed(chunks, steps.min);
	append_signed(chunks, steps.max);
	append_unsigned(chunks, last.line);
	for (size_t i = 0; i < function->n_rows; i++) {
		const struct symbol_row *row = &function->rows[i];

		if (row->file != last.file) {
			buffer_append_char(chunks, GSYM_LINE_SET_FILE);
			append_unsigned(chunks, row->file);
		}
		append_step(chunks, &steps, (int64_t)row->line - (int64_t)last.line,
			    row->elf_vaddr - last.elf_vaddr);
		last = *row;
	}
	buffer_append_char(chunks, GSYM_LINE_END);
	chunk_end(chunks, start);
}

static void append_node(struct buffer *chunks, const struct symbol_inline *node,
			uint64_t parent_vaddr, bool has_children)
{
	append_unsigned(chunks, node->n_ranges);
	for (uint32_t i = 0; i < node->n_ranges; i++) {
		append_unsigned(chunks, node->ranges[i].start_vaddr - parent_vaddr);
		append_unsigned(chunks, node->ranges[i].end_vaddr - node->ranges[i].start_vaddr);
	}
	buffer_append_char(chunks, has_children);
	buffer_append(chunks, &node->name, sizeof(node->name));
	append_unsigned(chunks, node->call_file);
	append_unsigned(chunks, node->call_line);
}

static void append_inlines(const struct symbol_function *function, struct buffer *chunks)
{
	uint64_t start_vaddrs[SYMBOL_MAX_INLINE] = { function->range.start_vaddr };
	size_t start = chunk_begin(chunks, GSYM_CHUNK_INLINES);
	const struct symbol_inline root = {
		.name = function->name,
		.n_ranges = 1,
		.ranges = &function->range,
	};

	append_node(chunks, &root, function->range.start_vaddr, true);
	for (size_t i = 0; i < function->n_inlines; i++) {
		const struct symbol_inline *node = &function->inlines[i];
		uint32_t next_depth = i + 1 < function->n_inlines ? node[1].depth : 0;

		append_node(chunks, node, start_vaddrs[node->depth - 1], next_depth > node->depth);
		start_vaddrs[node->depth] = node->ranges[0].start_vaddr;
		for (uint32_t depth = node->depth; depth > next_depth; depth--)
			append_unsigned(chunks, 0); /* ends the children of the parent */
	}
	chunk_end(chunks, start);
}

void symbol_function_encode(const struct symbol_function *function, struct buffer *chunks)
{
	if (function->n_rows)
		append_lines(function, chunks);
	if (function->n_inlines)
		append_inlines(function, chunks);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/debug_files.h"
#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_line_program.h"
#include "unwind/dwarf_unit.h"
#include "unwind/elf_file_internal.h"
#include "unwind/symbol_file_writer.h"

#define FILE_UNKNOWN UINT32_MAX

/* The last row of an address counts. */
static int add_row(struct dwarf_lines *lines, size_t first_row, const struct symbol_row *row)
{
	struct symbol_row *last =
		lines->n_rows > first_row ? &lines->rows[lines->n_rows - 1] : NULL;
	int r;

	if (last && last->elf_vaddr == row->elf_vaddr) {
		*last = *row;
		return 0;
	}
	r = array_reserve((void **)&lines->rows, &lines->capacity, lines->n_rows + 1,
			  sizeof(*lines->rows));
	if (r == 0)
		lines->rows[lines->n_rows++] = *row;
	return r;
}

int dwarf_lines_file(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
		     uint64_t file_i, uint32_t *ret_file)
{
	int r;

	*ret_file = 0;
	if (file_i >= lines->header.n_files)
		return 0;
	if (lines->files[file_i] == FILE_UNKNOWN) {
		dwarf_line_header_path(&lines->header, file_i, &conversion->path);
		r = buffer_error(&conversion->path);
		if (r == 0)
			r = symbol_file_writer_add_file(conversion->writer, conversion->path.data,
							&lines->files[file_i]);
		if (r < 0)
			return r;
	}
	*ret_file = lines->files[file_i];
	return 0;
}

/* Whether there is code at @elf_vaddr. What the linker drops is left at 0. */
static bool is_code(const struct dwarf_conversion *conversion, uint64_t elf_vaddr)
{
	return elf_vaddr && elf_file_code_end(conversion->files->binary, elf_vaddr);
}

/* Make a sequence of the rows from @first_row on, unless they are no code. */
static int end_sequence(struct dwarf_conversion *conversion, struct dwarf_lines *lines,
			size_t first_row)
{
	struct dwarf_sequence sequence = { .first_row = first_row,
					   .n_rows = lines->n_rows - first_row };
	int r;

	if (!sequence.n_rows)
		return 0;
	sequence.start_vaddr = lines->rows[first_row].elf_vaddr;
	if (!is_code(conversion, sequence.start_vaddr)) {
		lines->n_rows = first_row;
		return 0;
	}
	r = array_reserve((void **)&lines->sequences, &lines->sequences_capacity,
			  lines->n_sequences + 1, sizeof(*lines->sequences));
	if (r == 0)
		lines->sequences[lines->n_sequences++] = sequence;
	return r;
}

static int read_sequences(struct dwarf_conversion *conversion, struct dwarf_lines *lines)
{
	struct dwarf_line_program program = dwarf_line_program_start(&lines->header);
	struct dwarf_line_row row;
	size_t first_row = 0;
	int r = 0;

	while (r == 0 && dwarf_line_program_next(&program, &row)) {
		struct symbol_row added = { .elf_vaddr = row.elf_vaddr };
		bool goes_back = lines->n_rows > first_row &&
				 row.elf_vaddr < lines->rows[lines->n_rows - 1].elf_vaddr;

		/* That must not be; but other sequences may follow. */
		if (goes_back) {
			r = end_sequence(conversion, lines, first_row);
			first_row = lines->n_rows;
		}
		if (r == 0 && !row.is_end) {
			added.line = row.line;
			r = dwarf_lines_file(conversion, lines, row.file_i, &added.file);
		}
		if (r == 0)
			r = add_row(lines, first_row, &added);
		if (r == 0 && row.is_end) {
			r = end_sequence(conversion, lines, first_row);
			first_row = lines->n_rows;
		}
	}
	/* What does not end may go on anywhere. */
	lines->n_rows = first_row;
	return r;
}

static int compare_sequences(const void *a, const void *b)
{
	const struct dwarf_sequence *left = a, *right = b;

	if (left->start_vaddr != right->start_vaddr)
		return left->start_vaddr < right->start_vaddr ? -1 : 1;
	return left->first_row < right->first_row ? -1 : left->first_row > right->first_row;
}

static bool is_sorted(const struct dwarf_lines *lines)
{
	for (size_t i = 1; i < lines->n_sequences; i++)
		if (lines->sequences[i - 1].start_vaddr > lines->sequences[i].start_vaddr)
			return false;
	return true;
}

static int sort_rows(struct dwarf_lines *lines)
{
	struct symbol_row *rows = lines->rows;
	size_t n = 0, capacity = lines->capacity;
	int r;

	if (is_sorted(lines))
		return 0;
	r = array_reserve((void **)&lines->sorted, &lines->sorted_capacity, lines->n_rows,
			  sizeof(*lines->sorted));
	if (r < 0)
		return r;
	qsort(lines->sequences, lines->n_sequences, sizeof(*lines->sequences), compare_sequences);
	for (size_t i = 0; i < lines->n_sequences; i++) {
		struct dwarf_sequence *sequence = &lines->sequences[i];

		memcpy(&lines->sorted[n], &rows[sequence->first_row],
		       sequence->n_rows * sizeof(*rows));
		sequence->first_row = n;
		n += sequence->n_rows;
	}
	lines->rows = lines->sorted;
	lines->capacity = lines->sorted_capacity;
	lines->sorted = rows;
	lines->sorted_capacity = capacity;
	return 0;
}

int dwarf_lines_read(struct dwarf_conversion *conversion, const struct dwarf_unit *unit,
		     struct dwarf_lines *lines)
{
	const struct dwarf_value *offset = dwarf_entry_value(&unit->entry, DWARF_STMT_LIST);
	int r;

	lines->n_rows = 0;
	lines->n_sequences = 0;
	lines->header.n_files = 0;
	if (!offset)
		return 0;
	r = dwarf_line_header_read(&lines->header, unit, offset->number);
	if (r == 0)
		r = array_reserve((void **)&lines->files, &lines->files_capacity,
				  lines->header.n_files, sizeof(*lines->files));
	if (r < 0)
		return r;
	for (size_t i = 0; i < lines->header.n_files; i++)
		lines->files[i] = FILE_UNKNOWN;
	r = read_sequences(conversion, lines);
	return r < 0 ? r : sort_rows(lines);
}

void dwarf_lines_fini(struct dwarf_lines *lines)
{
	dwarf_line_header_fini(&lines->header);
	free(lines->rows);
	free(lines->files);
	free(lines->sequences);
	free(lines->sorted);
	*lines = (struct dwarf_lines){ 0 };
}

/* The first row behind @elf_vaddr. */
static size_t find_after(const struct dwarf_lines *lines, uint64_t elf_vaddr)
{
	size_t low = 0, high = lines->n_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines->rows[middle].elf_vaddr <= elf_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool says_the_same(const struct dwarf_lines *rows, const struct symbol_row *row)
{
	const struct symbol_row *last = rows->n_rows ? &rows->rows[rows->n_rows - 1] : NULL;

	return last ? last->file == row->file && last->line == row->line : !row->file;
}

int dwarf_lines_cut(const struct dwarf_lines *lines, struct symbol_range range,
		    struct dwarf_lines *ret_rows)
{
	size_t i = find_after(lines, range.start_vaddr);
	int r = 0;

	ret_rows->n_rows = 0;
	for (i -= i > 0; r == 0 && i < lines->n_rows; i++) {
		struct symbol_row row = lines->rows[i];

		if (row.elf_vaddr >= range.end_vaddr)
			break;
		if (row.elf_vaddr < range.start_vaddr)
			row.elf_vaddr = range.start_vaddr;
		if (!says_the_same(ret_rows, &row))
			r = add_row(ret_rows, 0, &row);
	}
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_lines.h"

#include <dwarf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/base/array.h"
#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_name.h"
#include "unwind/elf_file_internal.h"

/* The last row of an address counts. */
static int add_row(struct dwarf_lines *lines, const struct symbol_row *row)
{
	int r;

	if (lines->n_rows && lines->rows[lines->n_rows - 1].elf_vaddr == row->elf_vaddr) {
		lines->rows[lines->n_rows - 1] = *row;
		return 0;
	}
	r = array_reserve((void **)&lines->rows, &lines->capacity, lines->n_rows + 1,
			  sizeof(*lines->rows));
	if (r == 0)
		lines->rows[lines->n_rows++] = *row;
	return r;
}

/* Whether @elf_vaddr is code, or just behind it, where sequences end. */
static bool is_code(const struct dwarf_conversion *conversion, uint64_t elf_vaddr, bool is_end)
{
	return elf_vaddr >= is_end && elf_file_code_end(conversion->file, elf_vaddr - is_end);
}

static int read_line(struct dwarf_conversion *conversion, Dwarf_Line *line,
		     struct dwarf_lines *lines)
{
	struct symbol_row row = { 0 };
	Dwarf_Addr elf_vaddr;
	bool is_end;
	int number, r;

	if (dwarf_lineaddr(line, &elf_vaddr) != 0 || dwarf_lineendsequence(line, &is_end) != 0 ||
	    !is_code(conversion, elf_vaddr, is_end))
		return 0;
	row.elf_vaddr = elf_vaddr;
	if (!is_end && dwarf_lineno(line, &number) == 0) {
		row.line = number > 0 ? (uint32_t)number : 0;
		r = dwarf_name_of_file(conversion, dwarf_linesrc(line, NULL, NULL), &row.file);
		if (r < 0)
			return r;
	}
	return add_row(lines, &row);
}

int dwarf_lines_read(struct dwarf_conversion *conversion, Dwarf_Die *unit,
		     struct dwarf_lines *lines)
{
	Dwarf_Attribute attribute;
	Dwarf_Lines *table;
	size_t n_lines;
	int r = 0;

	lines->n_rows = 0;
	if (!dwarf_attr(unit, DW_AT_stmt_list, &attribute))
		return 0;
	if (dwarf_getsrclines(unit, &table, &n_lines) != 0)
		return -EBADMSG;
	for (size_t i = 0; r == 0 && i < n_lines; i++)
		r = read_line(conversion, dwarf_onesrcline(table, i), lines);
	return r;
}

void dwarf_lines_fini(struct dwarf_lines *lines)
{
	free(lines->rows);
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
			r = add_row(ret_rows, &row);
	}
	return r;
}

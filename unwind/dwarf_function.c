/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_function.h"

#include <dwarf.h>

#include "unwind/dwarf_name.h"
#include "unwind/dwarf_reader.h"
#include "unwind/elf_file_internal.h"
#include "unwind/symbol_file_build.h"
#include "unwind/symbol_table.h"

void dwarf_unit_fini(struct dwarf_unit *unit)
{
	dwarf_lines_fini(&unit->lines);
	dwarf_lines_fini(&unit->cut_lines);
	dwarf_inlines_fini(&unit->inlines);
	dwarf_inlines_fini(&unit->cut_inlines);
}

static int add_function(struct dwarf_reader *reader, struct dwarf_unit *unit,
			struct symbol_range range, uint32_t name)
{
	struct symbol_function function = { .range = range, .name = name };
	int r = dwarf_lines_cut(&unit->lines, range, &unit->cut_lines);

	if (r == 0)
		r = dwarf_inlines_cut(&unit->inlines, range, &unit->cut_inlines);
	if (r < 0)
		return r;
	function.rows = unit->cut_lines.rows;
	function.n_rows = unit->cut_lines.n_rows;
	function.inlines = unit->cut_inlines.nodes;
	function.n_inlines = unit->cut_inlines.n_nodes;
	unit->n_functions++;
	return symbol_file_writer_add_function(reader->writer, &function);
}

/* Add one range of the function. Only the code at its entry may be called something else. */
static int add_range(struct dwarf_reader *reader, struct dwarf_unit *unit, Dwarf_Die *die,
		     struct symbol_range range)
{
	uint64_t code_end = elf_file_code_end(reader->file, range.start_vaddr);
	uint32_t name;
	int r;

	if (range.start_vaddr >= range.end_vaddr || range.end_vaddr > code_end) {
		reader->report->n_dropped_ranges++;
		return 0;
	}
	r = dwarf_name_at(reader, die, range.start_vaddr, &name);
	if (r < 0 || !name)
		return r;
	return add_function(reader, unit, range, name);
}

int dwarf_function_read(struct dwarf_reader *reader, struct dwarf_unit *unit, Dwarf_Die *die,
			struct dwarf_die_stack *ret_nested)
{
	struct symbol_range range;
	ptrdiff_t offset = 0;
	bool has_inlines = false;
	Dwarf_Addr base;
	int r = 0;

	while (r == 0 && (offset = dwarf_ranges(die, offset, &base, &range.start_vaddr,
						&range.end_vaddr)) > 0) {
		if (!has_inlines)
			r = dwarf_inlines_read(reader, die, &unit->inlines, ret_nested);
		has_inlines = true;
		if (r == 0)
			r = add_range(reader, unit, die, range);
	}
	return r;
}

/* Whether the unit has lines for @elf_vaddr. */
static bool has_line(const struct dwarf_unit *unit, uint64_t elf_vaddr)
{
	const struct symbol_row *rows = unit->lines.rows;
	size_t low = 0, high = unit->lines.n_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle].elf_vaddr <= elf_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low && rows[low - 1].file;
}

int dwarf_function_add_symbols(struct dwarf_reader *reader, struct dwarf_unit *unit)
{
	const struct symbol_table *symbols = reader->pieces;
	const struct dwarf_lines *lines = &unit->lines;
	uint32_t name;
	int r = 0;

	if (!lines->n_rows)
		return 0;
	unit->inlines.n_nodes = 0;
	for (size_t i = symbol_table_find_from(symbols, lines->rows[0].elf_vaddr);
	     r == 0 && i < symbols->n_symbols; i++) {
		const struct symbol *symbol = &symbols->symbols[i];

		if (symbol->start_vaddr > lines->rows[lines->n_rows - 1].elf_vaddr)
			break;
		if (!has_line(unit, symbol->start_vaddr))
			continue;
		r = symbol_file_writer_add_string(reader->writer, symbol->name, symbol->name_length,
						  &name);
		if (r == 0)
			r = add_function(
				reader, unit,
				(struct symbol_range){ symbol->start_vaddr, symbol->end_vaddr },
				name);
	}
	return r;
}

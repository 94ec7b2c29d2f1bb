/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_function.h"

#include <stdlib.h>

#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_name.h"
#include "unwind/elf_file_internal.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file_writer.h"
#include "unwind/symbol_table.h"

void dwarf_unit_fini(struct dwarf_unit *unit)
{
	dwarf_lines_fini(&unit->lines);
	dwarf_lines_fini(&unit->cut_lines);
	dwarf_inlines_fini(&unit->inlines);
	dwarf_inlines_fini(&unit->cut_inlines);
	free(unit->nested.pending);
}

static int add_function(struct dwarf_conversion *conversion, struct dwarf_unit *unit,
			struct symbol_range range, uint32_t name, bool is_symbol)
{
	struct symbol_function function = {
		.range = range,
		.name = name,
		.fills_gaps = is_symbol,
	};
	uint32_t known;
	int r = dwarf_lines_cut(&unit->lines, range, &unit->cut_lines);

	if (r == 0)
		r = dwarf_inlines_cut(&unit->inlines, range, &unit->cut_inlines);
	if (r < 0)
		return r;
	function.rows = unit->cut_lines.rows;
	function.n_rows = unit->cut_lines.n_rows;
	function.inlines = unit->cut_inlines.nodes;
	function.n_inlines = unit->cut_inlines.n_nodes;
	r = symbol_file_writer_add_function(conversion->writer, &function);
	if (r < 0 || number_map_find(&conversion->starts, range.start_vaddr, &known))
		return r;
	return number_map_add(&conversion->starts, range.start_vaddr, is_symbol ? 0 : name);
}

/* Add one range of the function, unless it is no code, or somebody else described it already. */
static int add_range(struct dwarf_conversion *conversion, struct dwarf_unit *unit, Dwarf_Die *die,
		     struct symbol_range range)
{
	uint64_t code_end = elf_file_code_end(conversion->file, range.start_vaddr);
	uint32_t name, known;
	int r;

	if (range.start_vaddr >= range.end_vaddr || range.end_vaddr > code_end) {
		conversion->report->n_dropped_ranges++;
		return 0;
	}
	r = dwarf_name_at(conversion, die, range.start_vaddr, &name);
	if (r < 0 || !name)
		return r;
	/* Each unit describes its copy of an inline function; the linker kept one. */
	if (number_map_find(&conversion->starts, range.start_vaddr, &known) && known == name) {
		conversion->report->n_dropped_ranges++;
		return 0;
	}
	if (!unit->has_inlines)
		r = dwarf_inlines_read(conversion, die, &unit->inlines, &unit->nested);
	unit->has_inlines = true;
	return r < 0 ? r : add_function(conversion, unit, range, name, false);
}

int dwarf_function_read(struct dwarf_conversion *conversion, struct dwarf_unit *unit,
			Dwarf_Die *die)
{
	struct dwarf_pending_die child = { 0 };
	struct symbol_range range;
	ptrdiff_t offset = 0;
	bool has_code = false;
	Dwarf_Addr base;
	int r = 0;

	unit->has_inlines = false;
	while (r == 0 && (offset = dwarf_ranges(die, offset, &base, &range.start_vaddr,
						&range.end_vaddr)) > 0) {
		r = add_range(conversion, unit, die, range);
		has_code = true;
	}
	if (r < 0 || has_code || dwarf_child(die, &child.die) != 0)
		return r;
	return dwarf_die_stack_push(&unit->nested, &child);
}

/* Whether the unit has lines for @elf_vaddr. */
static bool has_line(struct dwarf_unit *unit, uint64_t elf_vaddr)
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
	/* A row where its sequence ends, which libdw sorts behind the end, covers nothing. */
	return low && rows[low - 1].file && dwarf_haspc(&unit->die, elf_vaddr) == 1;
}

static int add_symbol(struct dwarf_conversion *conversion, struct dwarf_unit *unit,
		      const struct symbol *symbol)
{
	struct symbol_range range = { symbol->start_vaddr, symbol->end_vaddr };
	uint32_t name, known;
	int r;

	if (number_map_find(&conversion->starts, symbol->start_vaddr, &known) ||
	    !has_line(unit, symbol->start_vaddr))
		return 0;
	r = symbol_file_writer_add_string(conversion->writer, symbol->name, symbol->name_length,
					  &name);
	return r < 0 ? r : add_function(conversion, unit, range, name, true);
}

int dwarf_function_add_symbols(struct dwarf_conversion *conversion, struct dwarf_unit *unit)
{
	const struct symbol_table *symbols = conversion->pieces;
	const struct dwarf_lines *lines = &unit->lines;
	size_t i;
	int r = 0;

	if (!lines->n_rows)
		return 0;
	unit->inlines.n_nodes = 0;
	i = symbol_table_find_from(symbols, lines->rows[0].elf_vaddr);
	for (; r == 0 && i < symbols->n_symbols; i++) {
		if (symbols->symbols[i].start_vaddr > lines->rows[lines->n_rows - 1].elf_vaddr)
			break;
		r = add_symbol(conversion, unit, &symbols->symbols[i]);
	}
	return r;
}

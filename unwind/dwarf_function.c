/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_function.h"

#include "unwind/debug_files.h"
#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_entry.h"
#include "unwind/dwarf_name.h"
#include "unwind/elf_file_internal.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file_writer.h"
#include "unwind/symbol_table.h"

void dwarf_work_fini(struct dwarf_work *work)
{
	dwarf_lines_fini(&work->lines);
	dwarf_lines_fini(&work->cut_lines);
	dwarf_inlines_fini(&work->inlines);
	dwarf_inlines_fini(&work->cut_inlines);
	dwarf_ranges_fini(&work->ranges);
}

static int add_function(struct dwarf_conversion *conversion, struct dwarf_work *work,
			struct symbol_range range, uint32_t name, bool is_symbol)
{
	struct symbol_function function = {
		.range = range,
		.name = name,
		.fills_gaps = is_symbol,
	};
	uint32_t known;
	int r = dwarf_lines_cut(&work->lines, range, &work->cut_lines);

	if (r == 0)
		r = dwarf_inlines_cut(&work->inlines, range, &work->cut_inlines);
	if (r < 0)
		return r;
	function.rows = work->cut_lines.rows;
	function.n_rows = work->cut_lines.n_rows;
	function.inlines = work->cut_inlines.nodes;
	function.n_inlines = work->cut_inlines.n_nodes;
	r = symbol_file_writer_add_function(conversion->writer, &function);
	if (r < 0 || number_map_find(&conversion->starts, range.start_vaddr, &known))
		return r;
	return number_map_add(&conversion->starts, range.start_vaddr, is_symbol ? 0 : name);
}

/* Whether @range is code. What the linker drops is left at 0. */
static bool is_code(const struct dwarf_conversion *conversion, const struct symbol_range *range)
{
	return range->start_vaddr &&
	       range->end_vaddr <= elf_file_code_end(conversion->files->binary, range->start_vaddr);
}

/* Add one range of the function, unless it is no code, or somebody else described it already. */
static int add_range(struct dwarf_conversion *conversion, struct dwarf_work *work,
		     const struct dwarf_entry *entry, struct dwarf_cursor *cursor,
		     struct symbol_range range)
{
	uint32_t name, known;
	int r;

	if (!is_code(conversion, &range)) {
		conversion->report->n_dropped_ranges++;
		return 0;
	}
	r = dwarf_name_at(conversion, entry, range.start_vaddr, &name);
	if (r == 0 && !name)
		conversion->report->losses[SYMBOL_LOSS_NAME]++;
	if (r < 0 || !name)
		return r;
	/* Each unit describes its copy of an inline function; the linker kept one. */
	if (number_map_find(&conversion->starts, range.start_vaddr, &known) && known == name) {
		conversion->report->n_dropped_ranges++;
		return 0;
	}
	if (!work->has_inlines)
		r = dwarf_inlines_read(conversion, &work->lines, cursor, &work->inlines);
	work->has_inlines = true;
	return r < 0 ? r : add_function(conversion, work, range, name, false);
}

int dwarf_function_read(struct dwarf_conversion *conversion, struct dwarf_work *work,
			struct dwarf_cursor *cursor)
{
	struct dwarf_entry entry;
	int r;

	work->has_inlines = false;
	work->ranges.n = 0;
	dwarf_cursor_read(cursor, &entry);
	r = dwarf_ranges_read(conversion->unit, &entry, &work->ranges);
	for (size_t i = 0; r == 0 && i < work->ranges.n; i++)
		r = add_range(conversion, work, &entry, cursor, work->ranges.ranges[i]);
	return r;
}

/* Whether the unit has lines for @elf_vaddr. */
static bool has_line(struct dwarf_work *work, uint64_t elf_vaddr)
{
	const struct symbol_row *rows = work->lines.rows;
	size_t low = 0, high = work->lines.n_rows;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows[middle].elf_vaddr <= elf_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low && rows[low - 1].file;
}

static int add_symbol(struct dwarf_conversion *conversion, struct dwarf_work *work,
		      const struct symbol *symbol)
{
	struct symbol_range range = { symbol->start_vaddr, symbol->end_vaddr };
	uint32_t name, known;
	int r;

	if (number_map_find(&conversion->starts, symbol->start_vaddr, &known) ||
	    !has_line(work, symbol->start_vaddr))
		return 0;
	r = symbol_file_writer_add_string(conversion->writer, symbol->name, symbol->name_length,
					  &name);
	return r < 0 ? r : add_function(conversion, work, range, name, true);
}

/* Add those symbols that start in the rows of @sequence. */
static int add_symbols_in(struct dwarf_conversion *conversion, struct dwarf_work *work,
			  const struct dwarf_sequence *sequence)
{
	const struct symbol_table *symbols = conversion->pieces;
	const struct symbol_row *last_row =
		&work->lines.rows[sequence->first_row + sequence->n_rows - 1];
	size_t i = symbol_table_find_from(symbols, sequence->start_vaddr);
	int r = 0;

	for (; r == 0 && i < symbols->n_symbols; i++) {
		if (symbols->symbols[i].start_vaddr > last_row->elf_vaddr)
			break;
		r = add_symbol(conversion, work, &symbols->symbols[i]);
	}
	return r;
}

int dwarf_function_add_symbols(struct dwarf_conversion *conversion, struct dwarf_work *work)
{
	int r = 0;

	work->inlines.n_nodes = 0;
	for (size_t i = 0; r == 0 && i < work->lines.n_sequences; i++)
		r = add_symbols_in(conversion, work, &work->lines.sequences[i]);
	return r;
}

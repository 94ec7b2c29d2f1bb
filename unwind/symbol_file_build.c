/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_file_build.h"

#include <errno.h>

#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "unwind/debug_files.h"
#include "unwind/dwarf_conversion.h"
#include "unwind/dwarf_reader.h"
#include "unwind/elf_file.h"
#include "unwind/go_function.h"
#include "unwind/symbol_file_writer.h"
#include "unwind/symbol_section.h"
#include "unwind/symbol_table.h"

DEFINE_CLEANUP(struct symbol_file_writer *, symbol_file_writer_free)

/* Symbols name what debug information does not: assembler, libraries without it. */
static int add_pieces(const struct dwarf_conversion *conversion, struct symbol_file_writer *writer)
{
	const struct symbol_table *pieces = conversion->pieces;
	uint32_t name;
	int r = 0;

	for (size_t i = 0; r == 0 && i < pieces->n_symbols; i++) {
		const struct symbol *piece = &pieces->symbols[i];
		struct symbol_function function = {
			.range = { piece->start_vaddr, piece->end_vaddr },
			.fills_gaps = true,
		};

		if (number_map_find(&conversion->starts, piece->start_vaddr, &name) && !name)
			continue; /* with its lines */
		r = symbol_file_writer_add_string(writer, piece->name, piece->name_length,
						  &function.name);
		if (r == 0)
			r = symbol_file_writer_add_function(writer, &function);
	}
	return r;
}

/*
 * All sources but symbols. A unit of Go says the same as Go's own table: where the debug
 * information has no other, nothing is left to be said that SYMBOL_FUNCTIONS has not.
 */
static int read_sources(struct dwarf_conversion *conversion, struct elf_file *file,
			enum symbol_depth depth)
{
	int r;

	if (depth == SYMBOL_FUNCTIONS)
		return go_function_read_all(file, conversion->writer);
	conversion->skips_go = go_function_is_in(file);
	r = dwarf_reader_run(conversion);
	if (r < 0 || !conversion->skips_go)
		return r;
	return conversion->starts.n_used ? go_function_read_all(file, conversion->writer)
					 : -ENODATA;
}

static void count_lost_sections(const struct debug_files *files, struct symbol_build_report *report)
{
	struct elf_file *const given[] = { files->binary, files->debug, files->alternate,
					   files->package };

	for (size_t i = 0; i < ARRAY_SIZE(given); i++)
		if (given[i])
			report->losses[SYMBOL_LOSS_SECTION] += elf_file_lost_sections(given[i]);
	for (size_t i = 0; i < files->n_objects; i++)
		report->losses[SYMBOL_LOSS_SECTION] += elf_file_lost_sections(files->objects[i]);
}

int symbol_file_build(const struct debug_files *files, enum symbol_depth depth,
		      struct buffer *ret_bytes, struct symbol_build_report *ret_report)
{
	_cleanup_(symbol_file_writer_freep) struct symbol_file_writer *writer = NULL;
	_cleanup_(symbol_sections_fini) struct symbol_sections sections = { 0 };
	_cleanup_(symbol_table_fini) struct symbol_table symbols = { 0 }, pieces = { 0 };
	struct symbol_build_report report = { 0 };
	_cleanup_(dwarf_conversion_fini) struct dwarf_conversion conversion = {
		.files = files, .symbols = &symbols, .pieces = &pieces, .report = &report
	};
	int r = symbol_file_writer_new(&writer);

	conversion.writer = writer;
	if (r == 0)
		r = symbol_sections_open(files, &sections);
	if (r == 0)
		r = symbol_table_read(&sections, &symbols);
	if (r == 0)
		r = symbol_table_cut(&symbols, &pieces);
	if (r == 0)
		r = read_sources(&conversion, files->binary, depth);
	if (r == 0)
		r = add_pieces(&conversion, writer);
	if (r == 0)
		r = symbol_file_writer_finish(writer, elf_file_describe(files->binary), ret_bytes,
					      &report);
	count_lost_sections(files, &report);
	if (r == 0)
		*ret_report = report;
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_function.h"

#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/elf_file_internal.h"
#include "unwind/go_inlines.h"
#include "unwind/go_rows.h"
#include "unwind/symbol_file_writer.h"

/* A file that is converted, and room that its functions use one after the other. */
struct go_functions {
	struct go_conversion conversion;
	struct go_rows rows;
	struct go_inlines inlines;
	struct symbol_row *lines;
	size_t n_lines;
	size_t lines_capacity;
};

static void go_functions_fini(struct go_functions *functions)
{
	pclntab_reader_fini(&functions->conversion.reader);
	number_map_fini(&functions->conversion.files);
	go_rows_fini(&functions->rows);
	go_inlines_fini(&functions->inlines);
	free(functions->lines);
}

/* Neighbouring rows may differ only in their call. */
static int make_lines(struct go_functions *functions)
{
	const struct go_rows *rows = &functions->rows;
	int r = array_reserve((void **)&functions->lines, &functions->lines_capacity, rows->n,
			      sizeof(*functions->lines));

	functions->n_lines = 0;
	for (size_t i = 0; r == 0 && i < rows->n; i++) {
		const struct go_row *row = &rows->rows[i];

		if (i == 0 || row->file != row[-1].file || row->line != row[-1].line)
			functions->lines[functions->n_lines++] =
				(struct symbol_row){ row->elf_vaddr, row->file, row->line };
	}
	return r;
}

static int read_source(struct go_functions *functions, const struct pclntab_function *function,
		       const struct pclntab_source *source)
{
	int r = go_rows_read(&functions->conversion, function, source, &functions->rows);

	if (r == 0)
		r = make_lines(functions);
	if (r == 0)
		r = go_inlines_read(&functions->conversion, function, source, &functions->rows,
				    &functions->inlines);
	return r;
}

/* One whose source is damaged still has its name. */
static int read_function(struct go_functions *functions, const struct pclntab_function *function)
{
	struct symbol_file_writer *writer = functions->conversion.writer;
	struct symbol_function added = { .range = { function->start_vaddr, function->end_vaddr } };
	struct pclntab_source source = { 0 };
	int r = symbol_file_writer_add_string(writer, function->name, strlen(function->name),
					      &added.name);

	if (r == 0 && pclntab_source_read(&functions->conversion.reader, function, &source)) {
		r = read_source(functions, function, &source);
		added.start_line = source.start_line;
		added.n_rows = functions->n_lines;
		added.rows = functions->lines;
		added.n_inlines = functions->inlines.n_nodes;
		added.inlines = functions->inlines.nodes;
	}
	return r < 0 ? r : symbol_file_writer_add_function(writer, &added);
}

bool go_function_is_in(struct elf_file *file)
{
	struct pclntab table;

	return pclntab_find(file, &table);
}

/* Function number @i, if it makes sense. */
static int read_number(struct go_functions *functions, const struct elf_file *file, uint32_t i)
{
	struct pclntab_function function;

	if (!pclntab_function(&functions->conversion.reader.table, i, &function) ||
	    function.end_vaddr > elf_file_code_end(file, function.start_vaddr))
		return 0;
	return read_function(functions, &function);
}

int go_function_read_all(struct elf_file *file, struct symbol_file_writer *writer)
{
	_cleanup_(go_functions_fini) struct go_functions functions = { .conversion.writer =
									       writer };
	int r = 0;

	if (!pclntab_reader_init(&functions.conversion.reader, file))
		return 0;
	for (uint32_t i = 0; r == 0 && i < functions.conversion.reader.table.n_functions; i++)
		r = read_number(&functions, file, i);
	return r;
}

int go_function_read_some(struct elf_file *file, const uint64_t *elf_vaddrs, size_t n,
			  struct symbol_file_writer *writer)
{
	_cleanup_(go_functions_fini) struct go_functions functions = { .conversion.writer =
									       writer };
	uint32_t function_i;
	int r = 0;

	if (!pclntab_reader_init(&functions.conversion.reader, file))
		return 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (pclntab_find_function(&functions.conversion.reader.table, elf_vaddrs[i],
					  &function_i))
			r = read_number(&functions, file, function_i);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_rows.h"

#include <stdlib.h>

#include "profiler/base/array.h"
#include "unwind/symbol_file_writer.h"

/* One of the tables of values, read along with the others. */
struct column {
	struct pclntab_walk walk;
	uint64_t end_vaddr; /* of where the value holds */
	int32_t value;      /* −1 where the table has none */
};

static struct column column_from(const struct pclntab *table,
				 const struct pclntab_function *function, uint32_t values)
{
	return (struct column){
		.walk = pclntab_walk_from(table, function, values),
		.end_vaddr = values ? function->start_vaddr : function->end_vaddr,
		.value = -1,
	};
}

static void column_move_to(struct column *column, uint64_t elf_vaddr)
{
	uint64_t start_vaddr;

	while (column->end_vaddr <= elf_vaddr) {
		if (!pclntab_next_value(&column->walk, &start_vaddr, &column->value)) {
			column->value = -1;
			column->end_vaddr = column->walk.end_vaddr;
			return;
		}
		column->end_vaddr = column->walk.next_vaddr;
	}
}

/* The writer's number of a file that @source's unit has another number of. */
static int find_file(struct go_conversion *conversion, const struct pclntab_source *source,
		     int32_t number, uint32_t *ret_file)
{
	uint32_t key;
	const char *path = pclntab_source_file(&conversion->reader, source, number, &key);
	int r;

	*ret_file = 0;
	if (!path || number_map_find(&conversion->files, key, ret_file))
		return 0;
	r = symbol_file_writer_add_file(conversion->writer, path, ret_file);
	return r < 0 ? r : number_map_add(&conversion->files, key, *ret_file);
}

static int append(struct go_rows *rows, const struct go_row *row)
{
	int r = array_reserve((void **)&rows->rows, &rows->capacity, rows->n + 1, sizeof(*row));

	if (r == 0)
		rows->rows[rows->n++] = *row;
	return r;
}

int go_rows_read(struct go_conversion *conversion, const struct pclntab_function *function,
		 const struct pclntab_source *source, struct go_rows *rows)
{
	const struct pclntab *table = &conversion->reader.table;
	struct column files = column_from(table, function, source->file_values);
	struct column lines = column_from(table, function, source->line_values);
	struct column calls = column_from(table, function, source->call_values);
	struct go_row row = { .elf_vaddr = function->start_vaddr };
	int r = 0;

	rows->n = 0;
	while (r == 0 && row.elf_vaddr < function->end_vaddr) {
		column_move_to(&files, row.elf_vaddr);
		column_move_to(&lines, row.elf_vaddr);
		column_move_to(&calls, row.elf_vaddr);
		if (files.value < 0 && lines.value < 0 && row.elf_vaddr != function->start_vaddr)
			break; /* padding */
		row.line = files.value < 0 || lines.value < 0 ? 0 : (uint32_t)lines.value;
		row.call = calls.value;
		r = find_file(conversion, source, row.line ? files.value : -1, &row.file);
		if (r == 0)
			r = append(rows, &row);
		row.elf_vaddr =
			files.end_vaddr < lines.end_vaddr ? files.end_vaddr : lines.end_vaddr;
		if (calls.end_vaddr < row.elf_vaddr)
			row.elf_vaddr = calls.end_vaddr;
	}
	return r;
}

void go_rows_fini(struct go_rows *rows)
{
	free(rows->rows);
}

const struct go_row *go_rows_find(const struct go_rows *rows, uint64_t elf_vaddr)
{
	size_t low = 0, high = rows->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->rows[middle].elf_vaddr <= elf_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &rows->rows[low - 1] : NULL;
}

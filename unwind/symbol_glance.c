/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_glance.h"

#include <stdbool.h>

#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"
#include "unwind/go_function.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file_writer.h"
#include "unwind/symbol_section.h"
#include "unwind/symbol_table.h"

DEFINE_CLEANUP(struct symbol_file_writer *, symbol_file_writer_free)

struct places {
	uint64_t vaddrs[SYMBOL_GLANCE_MAX_PLACES]; /* sorted */
	size_t n;
};

static void add_place(struct places *places, uint64_t elf_vaddr)
{
	size_t i = places->n++;

	for (; i > 0 && places->vaddrs[i - 1] > elf_vaddr; i--)
		places->vaddrs[i] = places->vaddrs[i - 1];
	places->vaddrs[i] = elf_vaddr;
}

static struct places find_places(const struct elf_description *description,
				 const uint64_t *file_offs, size_t n)
{
	struct places places = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		for (uint32_t k = 0; k < description->n_segments; k++) {
			const struct elf_segment *segment = &description->segments[k];
			uint64_t off = file_offs[i] - segment->file_off;

			if (off < segment->size_bytes && places.n < SYMBOL_GLANCE_MAX_PLACES)
				add_place(&places, segment->elf_vaddr + off);
		}
	}
	return places;
}

/* Whether one of them is in @symbol. Every symbol of the file is asked: there is no branch here
 * that a processor would have to guess. */
static bool are_in(const struct places *places, const struct section_symbol *symbol)
{
	const uint64_t *first = places->vaddrs;

	for (size_t n = places->n; n > 1; n -= n / 2)
		first += first[n / 2 - 1] < symbol->start_vaddr ? n / 2 : 0;
	return *first - symbol->start_vaddr < symbol->size_bytes;
}

/* The symbols that have one of @places in them, cut where they overlap: of the last section that
 * has any, for .symtab comes behind .dynsym, and has what that has. */
static int read_pieces(const struct symbol_sections *sections, const struct places *places,
		       struct symbol_table *ret_pieces)
{
	_cleanup_(symbol_table_fini) struct symbol_table table = { 0 };
	struct section_symbol symbol;
	int r = 0;

	for (size_t i = sections->n; r == 0 && i > 0 && !table.n_symbols; i--) {
		const struct symbol_section *section = &sections->list[i - 1];

		for (size_t k = 0; r == 0 && symbol_section_next(section, &k, &symbol);)
			if (are_in(places, &symbol))
				r = symbol_table_add(&table, section, &symbol);
	}
	if (r < 0)
		return r;
	symbol_table_settle(&table);
	return symbol_table_cut(&table, ret_pieces);
}

/* What goes on behind @elf_vaddr may be of a symbol that was passed over. */
static int name_place(const struct symbol_table *pieces, uint64_t elf_vaddr,
		      struct symbol_file_writer *writer)
{
	struct symbol_function function = {
		.range = { elf_vaddr, elf_vaddr + 1 },
		.fills_gaps = true,
	};
	int r = 0;

	for (size_t i = 0; i < pieces->n_symbols; i++) {
		const struct symbol *piece = &pieces->symbols[i];

		if (elf_vaddr < piece->start_vaddr || elf_vaddr >= piece->end_vaddr)
			continue;
		r = symbol_file_writer_add_string(writer, piece->name, piece->name_length,
						  &function.name);
		return r < 0 ? r : symbol_file_writer_add_function(writer, &function);
	}
	return r;
}

int symbol_glance_build(const struct debug_files *files, const uint64_t *file_offs, size_t n,
			struct buffer *ret_bytes)
{
	_cleanup_(symbol_file_writer_freep) struct symbol_file_writer *writer = NULL;
	_cleanup_(symbol_sections_fini) struct symbol_sections sections = { 0 };
	_cleanup_(symbol_table_fini) struct symbol_table pieces = { 0 };
	const struct elf_description *description = elf_file_describe(files->binary);
	const struct places places = find_places(description, file_offs, n);
	struct symbol_build_report report = { 0 };
	int r = symbol_file_writer_new(&writer);

	if (r == 0)
		r = symbol_sections_open(files, &sections);
	if (r == 0)
		r = read_pieces(&sections, &places, &pieces);
	if (r == 0)
		r = go_function_read_some(files->binary, places.vaddrs, places.n, writer);
	for (size_t i = 0; r == 0 && i < places.n; i++)
		r = name_place(&pieces, places.vaddrs[i], writer);
	return r < 0 ? r : symbol_file_writer_finish(writer, description, ret_bytes, &report);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_table.h"

#include <gelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/symbol_section.h"

enum {
	RANK_SIZED = 1,
	RANK_FUNCTION = 2,
};

static uint32_t rank_of(const struct section_symbol *symbol)
{
	bool is_visible = GELF_ST_VISIBILITY(symbol->other) == STV_DEFAULT ||
			  GELF_ST_VISIBILITY(symbol->other) == STV_PROTECTED;
	uint32_t rank = symbol->size_bytes ? RANK_SIZED : 0;

	if (GELF_ST_TYPE(symbol->info) != STT_NOTYPE)
		rank |= RANK_FUNCTION;
	if (is_visible && GELF_ST_BIND(symbol->info) != STB_LOCAL)
		rank |= SYMBOL_RANK_PUBLIC;
	return rank;
}

/* "memcpy@@GLIBC_2.14" is memcpy. */
static uint32_t length_without_version(const char *name)
{
	const char *at = name[0] ? strchr(name + 1, '@') : NULL;

	return (uint32_t)(at ? (size_t)(at - name) : strlen(name));
}

int symbol_table_add(struct symbol_table *table, const struct symbol_section *section,
		     const struct section_symbol *symbol)
{
	const char *name = symbol_section_name(section, symbol);
	uint64_t end_vaddr = symbol_section_end(section, symbol);
	int r;

	if (!name || !end_vaddr)
		return 0;
	r = array_reserve((void **)&table->symbols, &table->capacity, table->n_symbols + 1,
			  sizeof(*table->symbols));
	if (r < 0)
		return r;
	table->symbols[table->n_symbols++] = (struct symbol){
		.start_vaddr = symbol->start_vaddr,
		.end_vaddr = end_vaddr,
		.name = name,
		.name_length = length_without_version(name),
		.rank = rank_of(symbol),
	};
	return 0;
}

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *left = a, *right = b;
	int order;

	if (left->start_vaddr != right->start_vaddr)
		return left->start_vaddr < right->start_vaddr ? -1 : 1;
	if (left->rank != right->rank)
		return left->rank > right->rank ? -1 : 1;
	/* Of equals, the plain name: write before __write. The rest keeps the order defined. */
	if (left->name_length != right->name_length)
		return left->name_length < right->name_length ? -1 : 1;
	order = memcmp(left->name, right->name, left->name_length);
	return order ? order
		     : (left->end_vaddr < right->end_vaddr) - (left->end_vaddr > right->end_vaddr);
}

/* The same name twice, from .symtab and from .dynsym, is one alias. */
static void drop_repeated(struct symbol_table *table)
{
	size_t n_kept = 0;

	for (size_t i = 0; i < table->n_symbols; i++) {
		const struct symbol *symbol = &table->symbols[i];
		const struct symbol *last = n_kept ? &table->symbols[n_kept - 1] : NULL;

		if (last && last->start_vaddr == symbol->start_vaddr &&
		    last->name_length == symbol->name_length &&
		    memcmp(last->name, symbol->name, symbol->name_length) == 0)
			continue;
		table->symbols[n_kept++] = *symbol;
	}
	table->n_symbols = n_kept;
}

static void end_unsized(struct symbol_table *table)
{
	uint64_t next_vaddr = UINT64_MAX;

	for (size_t i = table->n_symbols; i-- > 0;) {
		struct symbol *symbol = &table->symbols[i];

		if (i + 1 < table->n_symbols && symbol[1].start_vaddr != symbol->start_vaddr)
			next_vaddr = symbol[1].start_vaddr;
		if (!(symbol->rank & RANK_SIZED) && symbol->end_vaddr > next_vaddr)
			symbol->end_vaddr = next_vaddr;
	}
}

void symbol_table_settle(struct symbol_table *table)
{
	if (table->n_symbols)
		qsort(table->symbols, table->n_symbols, sizeof(*table->symbols), compare_symbols);
	drop_repeated(table);
	end_unsized(table);
}

int symbol_table_read(const struct symbol_sections *sections, struct symbol_table *ret_table)
{
	struct section_symbol symbol;
	int r = 0;

	for (size_t i = 0; i < sections->n; i++) {
		const struct symbol_section *section = &sections->list[i];

		for (size_t k = 0; r == 0 && symbol_section_next(section, &k, &symbol);)
			r = symbol_table_add(ret_table, section, &symbol);
	}
	if (r == 0)
		symbol_table_settle(ret_table);
	return r;
}

void symbol_table_fini(struct symbol_table *table)
{
	free(table->symbols);
	*table = (struct symbol_table){ 0 };
}

size_t symbol_table_find_from(const struct symbol_table *table, uint64_t elf_vaddr)
{
	size_t low = 0, high = table->n_symbols;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->symbols[middle].start_vaddr < elf_vaddr)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t elf_vaddr,
				       size_t *ret_n)
{
	size_t first = symbol_table_find_from(table, elf_vaddr), end = first;

	while (end < table->n_symbols && table->symbols[end].start_vaddr == elf_vaddr)
		end++;
	*ret_n = end - first;
	return end > first ? &table->symbols[first] : NULL;
}

/* Symbols that enclose an address, the innermost last, while pieces are cut from left to right. */
struct cutter {
	struct symbol_table open;
	struct symbol_table *pieces;
	uint64_t cut_vaddr;    /* everything before is done */
	uint64_t inside_until; /* where the last of the symbols ends that are open */
};

static int push_symbol(struct symbol_table *table, const struct symbol *symbol)
{
	int r = array_reserve((void **)&table->symbols, &table->capacity, table->n_symbols + 1,
			      sizeof(*table->symbols));

	if (r == 0)
		table->symbols[table->n_symbols++] = *symbol;
	return r;
}

/* Give what lies before @elf_vaddr to the innermost open symbols. */
static int cut_before(struct cutter *cutter, uint64_t elf_vaddr)
{
	struct symbol_table *open = &cutter->open;
	int r = 0;

	while (r == 0 && open->n_symbols && cutter->cut_vaddr < elf_vaddr) {
		struct symbol piece = open->symbols[open->n_symbols - 1];

		if (piece.end_vaddr <= elf_vaddr)
			open->n_symbols--;
		if (piece.end_vaddr <= cutter->cut_vaddr)
			continue;
		piece.start_vaddr = cutter->cut_vaddr;
		if (piece.end_vaddr > elf_vaddr)
			piece.end_vaddr = elf_vaddr;
		cutter->cut_vaddr = piece.end_vaddr;
		r = push_symbol(cutter->pieces, &piece);
	}
	return r;
}

int symbol_table_cut(const struct symbol_table *table, struct symbol_table *ret_pieces)
{
	struct cutter cutter = { .pieces = ret_pieces };
	uint64_t last_vaddr = UINT64_MAX;
	int r = 0;

	for (size_t i = 0; r == 0 && i < table->n_symbols; i++) {
		const struct symbol *symbol = &table->symbols[i];
		bool is_alias = symbol->start_vaddr == last_vaddr;

		if (is_alias || symbol->end_vaddr <= symbol->start_vaddr)
			continue;
		last_vaddr = symbol->start_vaddr;
		/* A label inside of a function is no function. */
		if (!(symbol->rank & RANK_SIZED) && symbol->start_vaddr < cutter.inside_until)
			continue;
		r = cut_before(&cutter, symbol->start_vaddr);
		if (r < 0)
			break;
		cutter.cut_vaddr = symbol->start_vaddr;
		if (symbol->end_vaddr > cutter.inside_until)
			cutter.inside_until = symbol->end_vaddr;
		r = push_symbol(&cutter.open, symbol);
	}
	if (r == 0)
		r = cut_before(&cutter, UINT64_MAX);
	symbol_table_fini(&cutter.open);
	return r;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Symbol table: the functions that .symtab and .dynsym name, and where each one lies.
 *
 * Symbols are sorted by where they start; aliases, which start at the same address, by how good a
 * name they are: visible from outside before local, a function before a label. A symbol without
 * a size reaches to the next one, or to the end of its code.
 */

#include <stddef.h>
#include <stdint.h>

struct section_symbol;
struct symbol_section;
struct symbol_sections;

struct symbol {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
	const char *name;     /* not terminated: a version may follow. Borrowed from the file */
	uint32_t name_length; /* in bytes */
	uint32_t rank;        /* of two aliases, the greater is the better name */
};

#define SYMBOL_RANK_PUBLIC 8 /* from here on, others may link against the name */

struct symbol_table {
	struct symbol *symbols;
	size_t n_symbols;
	size_t capacity;
};

/*
 * Read all of @sections, which must outlive the result, into the zeroed @ret_table. Files without
 * symbols give an empty table, and so does what is damaged of one.
 *
 * Returns 0 or -ENOMEM.
 */
int symbol_table_read(const struct symbol_sections *sections, struct symbol_table *ret_table);

/* The same for some of the symbols: add them, in any order, and settle the table. */
int symbol_table_add(struct symbol_table *table, const struct symbol_section *section,
		     const struct section_symbol *symbol);
void symbol_table_settle(struct symbol_table *table);

/* Works on a zeroed struct. */
void symbol_table_fini(struct symbol_table *table);

/*
 * The aliases that start at @elf_vaddr, the best name first. Borrowed: lives as long as @table.
 * Sets *@ret_n to how many there are; returns NULL if there is none.
 */
const struct symbol *symbol_table_find(const struct symbol_table *table, uint64_t elf_vaddr,
				       size_t *ret_n);

/* The number of the first symbol that starts at @elf_vaddr or behind it. */
size_t symbol_table_find_from(const struct symbol_table *table, uint64_t elf_vaddr);

/*
 * Append the symbols to the zeroed @ret_pieces as ranges that do not overlap: where one lies inside
 * of another, the inner one has the name, and the outer one goes on behind it. One alias each.
 *
 * Returns 0 or -ENOMEM.
 */
int symbol_table_cut(const struct symbol_table *table, struct symbol_table *ret_pieces);

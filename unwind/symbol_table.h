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

#include "profiler/base/buffer.h"

struct debug_files;
struct elf_file;

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

	struct elf_file *mini; /* what MiniDebugInfo was read from, or NULL */
	struct buffer mini_bytes;
};

/*
 * Read the symbols of the binary and its debug file, which must outlive the result, into the zeroed
 * @ret_table; where neither has a .symtab, those of the binary's MiniDebugInfo, too. Files without
 * symbols give an empty table, and so does what is damaged of one.
 *
 * Returns 0, -EFBIG if a section has more than any program's, or -ENOMEM.
 */
int symbol_table_read(const struct debug_files *files, struct symbol_table *ret_table);

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

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Unwind rows: from each address of a file to a rule, while a table is compiled.
 *
 *     unwind_rows_append × n ──► unwind_rows_overlay ──► unwind_rows_settle ──► unwind table
 *
 * A row holds from its address to that of the next one. It is 8 bytes, so that a million of them
 * can be sorted and merged in no time; rules are numbers in a set of distinct ones.
 */

#include <stddef.h>
#include <stdint.h>

#include "bpf/unwind_table.h"

#define UNWIND_MAX_ROWS  ((size_t)16 << 20) /* of one file; 40 times as many as LLVM has */
#define UNWIND_MAX_VADDR (1ULL << 48)

struct unwind_row {
	uint64_t rule : 16;
	uint64_t elf_vaddr : 48;
};

struct unwind_rows {
	struct unwind_row *items;
	size_t n;
	size_t capacity;
};

#define UNWIND_RULE_SLOTS (2 * UNWIND_MAX_FILE_RULES)

/* Distinct rules, numbered as they come. Number 0 is UNWIND_CFA_NONE, number 1 is
 * UNWIND_CFA_UNSUPPORTED. */
struct unwind_rule_set {
	struct unwind_rule rules[UNWIND_MAX_FILE_RULES];
	uint32_t n;
	uint16_t slots[UNWIND_RULE_SLOTS]; /* open hash: numbers of rules, 0 = free */
};

enum {
	UNWIND_RULE_NONE = 0,
	UNWIND_RULE_UNSUPPORTED = 1,
};

void unwind_rule_set_init(struct unwind_rule_set *set);

/* The number of @rule, which is added if it is new; UNWIND_RULE_UNSUPPORTED if the set is full. */
uint16_t unwind_rule_set_add(struct unwind_rule_set *set, struct unwind_rule rule);

/* Works on a zeroed struct; leaves a zeroed struct. */
void unwind_rows_fini(struct unwind_rows *rows);

/* Make room for one more row. Returns 0, -ENOMEM, or -EFBIG: there are UNWIND_MAX_ROWS. */
int unwind_rows_grow(struct unwind_rows *rows);

/*
 * Append that @rule holds from @elf_vaddr on. Of two rows in a row at the same address the later
 * one holds. Rows from UNWIND_MAX_VADDR on are dropped. Here for its speed: it is called for each
 * of millions.
 *
 * Returns 0, -ENOMEM, or -EFBIG: there are UNWIND_MAX_ROWS.
 */
static inline int unwind_rows_append(struct unwind_rows *rows, uint64_t elf_vaddr, uint16_t rule)
{
	struct unwind_row *last = rows->n ? &rows->items[rows->n - 1] : NULL;
	int r;

	if (elf_vaddr >= UNWIND_MAX_VADDR)
		return 0;
	if (last && last->elf_vaddr == elf_vaddr)
		last->rule = rule;
	if (last && last->rule == rule)
		return 0;
	if (rows->n == rows->capacity) {
		r = unwind_rows_grow(rows);
		if (r < 0)
			return r;
	}
	rows->items[rows->n++] = (struct unwind_row){ .rule = rule, .elf_vaddr = elf_vaddr };
	return 0;
}

/* The number of the first row that lies behind @elf_vaddr: the one before it holds there. */
size_t unwind_rows_find_behind(const struct unwind_rows *rows, uint64_t elf_vaddr);

/*
 * Drop rows that say what the row before says. Ranges without a rule of at most @gap_bytes between
 * two functions are padding, and become part of what is before them.
 *
 * Rules that no row has any more, which would cost room in maps, leave @set, which takes no more of
 * them: the new number of each is in its slots, by the old one that is in the rows.
 */
void unwind_rows_settle(struct unwind_rows *rows, struct unwind_rule_set *set, uint32_t gap_bytes);

/*
 * Lay @over, sorted, over *@rows: where it has a rule, that one holds. Takes the rows of @over,
 * which is left empty.
 *
 * Returns 0, -ENOMEM or -EFBIG, with both as they were.
 */
int unwind_rows_overlay(struct unwind_rows *rows, struct unwind_rows *over);

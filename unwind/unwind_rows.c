/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/unwind_rows.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"

static_assert(sizeof(struct unwind_row) == 8, "rows are packed");
static_assert(sizeof(struct unwind_rule) == sizeof(uint64_t), "rules are compared as one word");

static uint64_t rule_bits(const struct unwind_rule *rule)
{
	uint64_t bits;

	memcpy(&bits, rule, sizeof(bits));
	return bits;
}

void unwind_rule_set_init(struct unwind_rule_set *set)
{
	set->n = 1; /* UNWIND_RULE_NONE; as slot value 0 is free, it is not in the hash */
	unwind_rule_set_add(set, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_UNSUPPORTED });
}

uint16_t unwind_rule_set_add(struct unwind_rule_set *set, struct unwind_rule rule)
{
	uint64_t bits = rule_bits(&rule);
	size_t slot = (bits * 0x9e3779b97f4a7c15ULL) >> 51;

	static_assert(UNWIND_RULE_SLOTS == 1 << (64 - 51), "the hash has as many bits as needed");
	if (rule.cfa_kind == UNWIND_CFA_NONE)
		return UNWIND_RULE_NONE;
	for (; set->slots[slot]; slot = (slot + 1) % UNWIND_RULE_SLOTS)
		if (rule_bits(&set->rules[set->slots[slot]]) == bits)
			return set->slots[slot];
	if (set->n == UNWIND_MAX_FILE_RULES)
		return UNWIND_RULE_UNSUPPORTED;
	set->rules[set->n] = rule;
	set->slots[slot] = (uint16_t)set->n;
	return (uint16_t)set->n++;
}

void unwind_rows_fini(struct unwind_rows *rows)
{
	free(rows->items);
	*rows = (struct unwind_rows){ 0 };
}

int unwind_rows_grow(struct unwind_rows *rows)
{
	if (rows->n >= UNWIND_MAX_ROWS)
		return -EFBIG;
	return array_reserve((void **)&rows->items, &rows->capacity, rows->n + 1,
			     sizeof(*rows->items));
}

size_t unwind_rows_find_behind(const struct unwind_rows *rows, uint64_t elf_vaddr)
{
	size_t start = 0, end = rows->n;

	while (start < end) {
		size_t middle = start + (end - start) / 2;

		if (rows->items[middle].elf_vaddr > elf_vaddr)
			end = middle;
		else
			start = middle + 1;
	}
	return start;
}

/* A rule that may be stretched over padding: one that says too much there would do harm. */
static bool can_stretch(const struct unwind_rule *rule)
{
	return rule->cfa_kind != UNWIND_CFA_END && rule->cfa_kind != UNWIND_CFA_SIGNAL &&
	       rule->cfa_kind != UNWIND_CFA_NONE;
}

void unwind_rows_settle(struct unwind_rows *rows, const struct unwind_rule_set *set,
			uint32_t gap_bytes)
{
	struct unwind_row *items = rows->items;
	uint32_t last_rule = UINT32_MAX; /* none */
	size_t kept = 0;

	for (size_t i = 0; i < rows->n; i++) {
		struct unwind_row row = items[i];
		bool is_padding = row.rule == UNWIND_RULE_NONE && kept && i + 1 < rows->n &&
				  items[i + 1].elf_vaddr - row.elf_vaddr <= gap_bytes &&
				  can_stretch(&set->rules[last_rule]);
		bool is_kept = !is_padding && row.rule != last_rule;

		/* Without a branch, which would be taken by chance. */
		items[kept] = row;
		kept += is_kept;
		last_rule = is_kept ? (uint32_t)row.rule : last_rule;
	}
	rows->n = kept;
}

int unwind_rows_overlay(struct unwind_rows *rows, struct unwind_rows *over)
{
	_cleanup_(unwind_rows_fini) struct unwind_rows merged = { 0 };
	uint16_t below = UNWIND_RULE_NONE, above = UNWIND_RULE_NONE;
	size_t i = 0, j = 0;
	int r;

	if (over->n == 0)
		return 0;
	if (rows->n == 0) {
		struct unwind_rows empty = *rows;

		*rows = *over;
		*over = empty;
		return 0;
	}
	while (i < rows->n || j < over->n) {
		bool is_below = j == over->n || (i < rows->n && rows->items[i].elf_vaddr <
									over->items[j].elf_vaddr);
		struct unwind_row row = is_below ? rows->items[i++] : over->items[j++];

		if (is_below)
			below = row.rule;
		else
			above = row.rule;
		r = unwind_rows_append(&merged, row.elf_vaddr,
				       above == UNWIND_RULE_NONE ? below : above);
		if (r < 0)
			return r;
	}
	unwind_rows_fini(over);
	unwind_rows_fini(rows);
	*rows = merged;
	merged = (struct unwind_rows){ 0 };
	return 0;
}

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
	memset(set->slots, 0, sizeof(set->slots));
	set->n = 1; /* UNWIND_RULE_NONE; as slot value 0 is free, it is not in the hash */
	set->rules[UNWIND_RULE_NONE] = (struct unwind_rule){ .cfa_kind = UNWIND_CFA_NONE };
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

/* Drop the rules whose slot is 0, and put the new numbers of the others there. */
static void number_rules(struct unwind_rule_set *set)
{
	uint16_t *number = set->slots;
	uint32_t n = UNWIND_RULE_UNSUPPORTED + 1; /* these two are always there */

	number[UNWIND_RULE_NONE] = UNWIND_RULE_NONE;
	number[UNWIND_RULE_UNSUPPORTED] = UNWIND_RULE_UNSUPPORTED;
	for (uint32_t rule = n; rule < set->n; rule++)
		if (number[rule]) {
			set->rules[n] = set->rules[rule];
			number[rule] = (uint16_t)n++;
		}
	set->n = n;
}

void unwind_rows_settle(struct unwind_rows *rows, struct unwind_rule_set *set, uint32_t gap_bytes)
{
	struct unwind_row *items = rows->items;
	uint32_t last_rule = UINT32_MAX; /* none */
	size_t kept = 0;

	memset(set->slots, 0, sizeof(set->slots));
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
		set->slots[last_rule] = 1;
	}
	rows->n = kept;
	number_rules(set);
}

/* The number of the first row from @start on that does not lie before @elf_vaddr; near ones are
 * found soon. */
static size_t find_from(const struct unwind_rows *rows, size_t start, uint64_t elf_vaddr)
{
	size_t step = 1, end;

	while (start + step <= rows->n && rows->items[start + step - 1].elf_vaddr < elf_vaddr) {
		start += step;
		step *= 2;
	}
	end = start + step <= rows->n ? start + step - 1 : rows->n;
	while (start < end) {
		size_t middle = start + (end - start) / 2;

		if (rows->items[middle].elf_vaddr < elf_vaddr)
			start = middle + 1;
		else
			end = middle;
	}
	return start;
}

/* Append rows that are neither alike nor out of order, as many as there are. */
static int append_all(struct unwind_rows *rows, const struct unwind_row *items, size_t n)
{
	int r;

	if (n == 0)
		return 0;
	r = unwind_rows_append(rows, items[0].elf_vaddr, items[0].rule);
	if (r < 0)
		return r;
	if (rows->n + n > UNWIND_MAX_ROWS)
		return -EFBIG;
	r = array_reserve((void **)&rows->items, &rows->capacity, rows->n + n,
			  sizeof(*rows->items));
	if (r < 0)
		return r;
	memcpy(rows->items + rows->n, items + 1, (n - 1) * sizeof(*items));
	rows->n += n - 1;
	return 0;
}

/* Between the rows that are laid over, others are copied as they are. */
static int merge(const struct unwind_rows *rows, const struct unwind_rows *over,
		 struct unwind_rows *merged)
{
	uint16_t below = UNWIND_RULE_NONE, above = UNWIND_RULE_NONE;
	size_t i = 0;
	int r = 0;

	for (size_t j = 0; r == 0 && j < over->n; j++) {
		struct unwind_row row = over->items[j];
		size_t end = find_from(rows, i, row.elf_vaddr);

		if (above == UNWIND_RULE_NONE)
			r = append_all(merged, rows->items + i, end - i);
		if (end < rows->n && rows->items[end].elf_vaddr == row.elf_vaddr)
			end++;
		if (end > i)
			below = rows->items[end - 1].rule;
		i = end;
		above = row.rule;
		if (r == 0)
			r = unwind_rows_append(merged, row.elf_vaddr,
					       above == UNWIND_RULE_NONE ? below : above);
	}
	return r;
}

/* Put @piece in the place of the rows [@start, @end). */
static int splice(struct unwind_rows *rows, size_t start, size_t end,
		  const struct unwind_rows *piece)
{
	size_t n_behind = rows->n - end, n = start + piece->n + n_behind;
	int r = n > UNWIND_MAX_ROWS ? -EFBIG
				    : array_reserve((void **)&rows->items, &rows->capacity, n,
						    sizeof(*rows->items));

	if (r < 0)
		return r;
	memmove(rows->items + start + piece->n, rows->items + end, n_behind * sizeof(*rows->items));
	if (piece->n)
		memcpy(rows->items + start, piece->items, piece->n * sizeof(*rows->items));
	rows->n = n;
	return 0;
}

static bool have_rules(const struct unwind_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->items[i].rule != UNWIND_RULE_NONE)
			return true;
	return false;
}

int unwind_rows_overlay(struct unwind_rows *rows, struct unwind_rows *over)
{
	_cleanup_(unwind_rows_fini) struct unwind_rows merged = { 0 };
	struct unwind_rows touched; /* borrowed */
	struct unwind_row last;
	size_t start, end;
	int r;

	if (!have_rules(over)) {
		unwind_rows_fini(over);
		return 0;
	}
	if (rows->n == 0) {
		struct unwind_rows empty = *rows;

		*rows = *over;
		*over = empty;
		return 0;
	}
	start = find_from(rows, 0, over->items[0].elf_vaddr);
	start -= start > 0; /* what holds where @over begins */
	last = over->items[over->n - 1];
	end = last.rule == UNWIND_RULE_NONE ? unwind_rows_find_behind(rows, last.elf_vaddr)
					    : rows->n;
	touched = (struct unwind_rows){ .items = rows->items + start, .n = end - start };
	r = merge(&touched, over, &merged);
	if (r == 0)
		r = splice(rows, start, end, &merged);
	if (r < 0)
		return r;
	unwind_rows_fini(over);
	return 0;
}

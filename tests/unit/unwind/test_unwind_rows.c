/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/unwind_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>

#include "profiler/base/array.h"

static struct unwind_rule sp_plus(int32_t off)
{
	return (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = off };
}

static struct unwind_rule_set *new_set(void)
{
	struct unwind_rule_set *set = calloc(1, sizeof(*set));

	assert_non_null(set);
	unwind_rule_set_init(set);
	return set;
}

static void append(struct unwind_rows *rows, uint64_t elf_vaddr, uint16_t rule)
{
	assert_int_equal(unwind_rows_append(rows, elf_vaddr, rule), 0);
}

static void assert_row(const struct unwind_rows *rows, size_t i, uint64_t elf_vaddr, uint16_t rule)
{
	assert_true(i < rows->n);
	assert_int_equal(rows->items[i].elf_vaddr, elf_vaddr);
	assert_int_equal(rows->items[i].rule, rule);
}

static void equal_rules_have_one_number(void **state)
{
	struct unwind_rule_set *set = new_set();
	uint16_t first = unwind_rule_set_add(set, sp_plus(8));

	(void)state;
	assert_int_equal(unwind_rule_set_add(set, sp_plus(16)), first + 1);
	assert_int_equal(unwind_rule_set_add(set, sp_plus(8)), first);
	assert_int_equal(unwind_rule_set_add(set, (struct unwind_rule){ 0 }), UNWIND_RULE_NONE);
	assert_int_equal(set->rules[first].cfa_off, 8);
	free(set);
}

static void a_full_set_takes_no_more(void **state)
{
	struct unwind_rule_set *set = new_set();

	(void)state;
	for (int32_t i = 2; i < UNWIND_MAX_FILE_RULES; i++)
		assert_int_equal(unwind_rule_set_add(set, sp_plus(8 * i)), i);
	assert_int_equal(unwind_rule_set_add(set, sp_plus(1)), UNWIND_RULE_UNSUPPORTED);
	assert_int_equal(unwind_rule_set_add(set, sp_plus(80)), 10);
	free(set);
}

static void of_rows_at_one_address_the_last_holds(void **state)
{
	struct unwind_rows rows = { 0 };

	(void)state;
	append(&rows, 16, 2);
	append(&rows, 16, 3);
	append(&rows, 32, 3);
	append(&rows, UNWIND_MAX_VADDR, 4);
	assert_int_equal(rows.n, 1);
	assert_row(&rows, 0, 16, 3);
	unwind_rows_fini(&rows);
}

static void padding_belongs_to_what_is_before_it(void **state)
{
	struct unwind_rule_set *set = new_set();
	struct unwind_rows rows = { 0 };
	uint16_t rule = unwind_rule_set_add(set, sp_plus(8));
	uint16_t other = unwind_rule_set_add(set, sp_plus(16));

	(void)state;
	append(&rows, 0x100, rule);
	append(&rows, 0x110, UNWIND_RULE_NONE);
	append(&rows, 0x120, rule); /* goes on */
	append(&rows, 0x130, UNWIND_RULE_NONE);
	append(&rows, 0x170, other); /* just near enough */
	append(&rows, 0x180, UNWIND_RULE_NONE);
	append(&rows, 0x1c1, rule); /* too far */
	unwind_rows_settle(&rows, set, 64);
	assert_int_equal(rows.n, 4);
	assert_row(&rows, 0, 0x100, rule);
	assert_row(&rows, 1, 0x170, other);
	assert_row(&rows, 2, 0x180, UNWIND_RULE_NONE);
	assert_row(&rows, 3, 0x1c1, rule);
	unwind_rows_fini(&rows);
	free(set);
}

static void ends_of_stacks_are_not_stretched(void **state)
{
	struct unwind_rule_set *set = new_set();
	struct unwind_rows rows = { 0 };
	uint16_t end = unwind_rule_set_add(set, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_END });
	uint16_t rule = unwind_rule_set_add(set, sp_plus(8));

	(void)state;
	append(&rows, 0x100, end);
	append(&rows, 0x110, UNWIND_RULE_NONE);
	append(&rows, 0x120, rule);
	unwind_rows_settle(&rows, set, 64);
	assert_int_equal(rows.n, 3);
	unwind_rows_fini(&rows);
	free(set);
}

static void rules_without_rows_leave(void **state)
{
	struct unwind_rule_set *set = new_set();
	struct unwind_rows rows = { 0 };
	uint16_t left = unwind_rule_set_add(set, sp_plus(8));
	uint16_t kept = unwind_rule_set_add(set, sp_plus(16));

	(void)state;
	append(&rows, 0x100, kept);
	unwind_rows_settle(&rows, set, 64);
	assert_int_equal(set->n, UNWIND_RULE_UNSUPPORTED + 2);
	assert_int_equal(set->slots[kept], left);
	assert_int_equal(set->rules[left].cfa_off, 16);
	unwind_rows_fini(&rows);
	free(set);
}

static void the_upper_rows_hold_where_they_say_something(void **state)
{
	struct unwind_rows rows = { 0 }, over = { 0 };

	(void)state;
	append(&rows, 0x100, 2);
	append(&rows, 0x200, 3);
	append(&rows, 0x300, UNWIND_RULE_NONE);
	append(&over, 0x180, 7);
	append(&over, 0x280, UNWIND_RULE_NONE);
	append(&over, 0x400, 8);
	assert_int_equal(unwind_rows_overlay(&rows, &over), 0);
	assert_int_equal(rows.n, 5);
	assert_row(&rows, 0, 0x100, 2);
	assert_row(&rows, 1, 0x180, 7);
	assert_row(&rows, 2, 0x280, 3);
	assert_row(&rows, 3, 0x300, UNWIND_RULE_NONE);
	assert_row(&rows, 4, 0x400, 8);
	assert_int_equal(over.n, 0);
	unwind_rows_fini(&rows);
}

static void rows_laid_over_nothing_stay_as_they_are(void **state)
{
	struct unwind_rows rows = { 0 }, over = { 0 };

	(void)state;
	append(&over, 0x180, 7);
	assert_int_equal(unwind_rows_overlay(&rows, &over), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(unwind_rows_overlay(&rows, &over), 0);
	assert_int_equal(rows.n, 1);
	unwind_rows_fini(&rows);
	unwind_rows_fini(&over);
}

static uint16_t rule_at(const struct unwind_rows *rows, uint64_t elf_vaddr)
{
	size_t i = unwind_rows_find_behind(rows, elf_vaddr);

	return i ? rows->items[i - 1].rule : UNWIND_RULE_NONE;
}

static uint16_t rule_of_many(uint64_t elf_vaddr)
{
	return elf_vaddr < 16 || elf_vaddr >= 16 * 1000 ? UNWIND_RULE_NONE : 2 + elf_vaddr / 16 % 5;
}

static void lays_little_over_much(void **state)
{
	static const struct unwind_row little[] = {
		{ 9, 0 }, { 0, 8 }, { 9, 0x100 }, { 0, 0x101 }, { 9, 0x12f }, { 0, 0x1ff0 },
	};
	struct unwind_rows rows = { 0 }, over = { 0 };

	(void)state;
	for (uint64_t i = 1; i <= 1000; i++)
		assert_int_equal(unwind_rows_append(&rows, 16 * i, rule_of_many(16 * i)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(little); i++)
		assert_int_equal(unwind_rows_append(&over, little[i].elf_vaddr, little[i].rule), 0);
	assert_int_equal(unwind_rows_overlay(&rows, &over), 0);
	for (uint64_t at = 0; at < 16 * 1002; at++) {
		bool is_over = at < 8 || at == 0x100 || (at >= 0x12f && at < 0x1ff0);

		assert_int_equal(rule_at(&rows, at), is_over ? 9 : rule_of_many(at));
	}
	unwind_rows_fini(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_rules_have_one_number),
		cmocka_unit_test(a_full_set_takes_no_more),
		cmocka_unit_test(of_rows_at_one_address_the_last_holds),
		cmocka_unit_test(padding_belongs_to_what_is_before_it),
		cmocka_unit_test(ends_of_stacks_are_not_stretched),
		cmocka_unit_test(rules_without_rows_leave),
		cmocka_unit_test(the_upper_rows_hold_where_they_say_something),
		cmocka_unit_test(rows_laid_over_nothing_stay_as_they_are),
		cmocka_unit_test(lays_little_over_much),
	};

	return cmocka_run_group_tests_name("unwind rows", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_claims.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "unwind/symbol_function.h"

static void add(struct symbol_claims *claims, struct symbol_range range, uint32_t name,
		uint32_t n_inlines)
{
	const struct symbol_claim claim = {
		.start_vaddr = range.start_vaddr,
		.end_vaddr = range.end_vaddr,
		.first_piece = name,
		.n_pieces = 1,
		.name = name,
		.n_inlines = n_inlines,
	};

	assert_int_equal(symbol_claims_add(claims, &claim), 0);
}

static void is(const struct symbol_claim *claim, uint64_t start_vaddr, uint64_t end_vaddr,
	       uint32_t name)
{
	assert_int_equal(claim->start_vaddr, start_vaddr);
	assert_int_equal(claim->end_vaddr, end_vaddr);
	assert_int_equal(claim->name, name);
}

static void a_later_start_ends_an_earlier_function(void **state)
{
	struct symbol_claims functions = { 0 }, fillers = { 0 };
	uint32_t n_dropped = 3;

	(void)state;
	add(&functions, (struct symbol_range){ 20, 30 }, 1, 0);
	add(&functions, (struct symbol_range){ 10, 25 }, 2, 0);
	assert_int_equal(symbol_claims_settle(&functions, &fillers, &n_dropped), 0);
	assert_int_equal(functions.n, 2);
	is(&functions.claims[0], 10, 20, 2);
	is(&functions.claims[1], 20, 30, 1);
	assert_int_equal(n_dropped, 4);
	symbol_claims_fini(&functions);
}

static void of_two_with_one_start_the_one_with_more_inlined_functions_stays(void **state)
{
	struct symbol_claims functions = { 0 }, fillers = { 0 };
	uint32_t n_dropped = 0;

	(void)state;
	add(&functions, (struct symbol_range){ 10, 20 }, 1, 0);
	add(&functions, (struct symbol_range){ 10, 20 }, 2, 1);
	add(&functions, (struct symbol_range){ 30, 40 }, 4, 0);
	add(&functions, (struct symbol_range){ 30, 40 }, 3, 0);
	assert_int_equal(symbol_claims_settle(&functions, &fillers, &n_dropped), 0);
	assert_int_equal(functions.n, 2);
	is(&functions.claims[0], 10, 20, 2);
	is(&functions.claims[1], 30, 40, 3);
	assert_int_equal(n_dropped, 2);
	symbol_claims_fini(&functions);
}

static void a_filler_has_what_no_function_has(void **state)
{
	struct symbol_claims functions = { 0 }, fillers = { 0 };
	uint32_t n_dropped = 0;

	(void)state;
	add(&functions, (struct symbol_range){ 20, 30 }, 1, 0);
	add(&fillers, (struct symbol_range){ 10, 40 }, 2, 0);
	add(&fillers, (struct symbol_range){ 50, 60 }, 3, 0);
	assert_int_equal(symbol_claims_settle(&functions, &fillers, &n_dropped), 0);
	assert_int_equal(functions.n, 4);
	is(&functions.claims[0], 10, 20, 2);
	is(&functions.claims[1], 20, 30, 1);
	is(&functions.claims[2], 30, 40, 2);
	is(&functions.claims[3], 50, 60, 3);
	assert_int_equal(functions.claims[0].n_pieces, 1);
	assert_int_equal(functions.claims[2].n_pieces, 0); /* its lines count from the start */
	assert_int_equal(functions.claims[3].n_pieces, 1);
	assert_int_equal(n_dropped, 0);
	symbol_claims_fini(&functions);
	symbol_claims_fini(&fillers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_start_ends_an_earlier_function),
		cmocka_unit_test(of_two_with_one_start_the_one_with_more_inlined_functions_stays),
		cmocka_unit_test(a_filler_has_what_no_function_has),
	};

	return cmocka_run_group_tests_name("symbol claims", tests, NULL, NULL);
}

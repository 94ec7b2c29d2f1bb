/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/cpp_name.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unwind/demangle.h"

static void what_compilers_make_is_bounded(void **state)
{
	(void)state;
	assert_true(cpp_name_is_bounded("_Z3foov"));
	assert_true(cpp_name_is_bounded("_ZN5SparecviEv"));
	assert_true(cpp_name_is_bounded("_Z4callIJiPKcEEvDpOT_"));
	assert_true(cpp_name_is_bounded("_Z4sizeIJidEEDTsZT_EDpT_"));
	assert_true(cpp_name_is_bounded("_ZN4ConvcvT_IT_IiEEIdEEv"));
	/* A word that ends in "c", before "void", and parameters with arguments. */
	assert_true(
		cpp_name_is_bounded("_Z1fI4SpecvEvT_IiET_IiET_IiET_IiET_IiET_IiET_IiET_IiET_IiE"));
}

/* @start and @part again and again, of CPP_NAME_MAX_LETTERS in all, or a few less, and @end. */
static char *fill(char *symbol, const char *start, const char *part, const char *end)
{
	char *next = stpcpy(symbol, start);

	while (next + strlen(part) + strlen(end) <= symbol + CPP_NAME_MAX_LETTERS)
		next = stpcpy(next, part);
	stpcpy(next, end);
	return symbol;
}

static void nothing_longer_is(void **state)
{
	char symbol[CPP_NAME_MAX_LETTERS + 2];

	(void)state;
	assert_true(cpp_name_is_bounded(fill(symbol, "_Z1f", "i", "")));
	assert_int_equal(strlen(symbol), CPP_NAME_MAX_LETTERS);
	strcat(symbol, "i");
	assert_false(cpp_name_is_bounded(symbol));
}

static void conversions_that_are_read_twice_and_twice_again_are_not(void **state)
{
	(void)state;
	assert_true(cpp_name_is_bounded("_ZcvT_IcvT_IcvT_IcvT_IcvT_IcvT_I"));
	assert_false(cpp_name_is_bounded("_ZcvT_IcvT0_IcvT_IcvT_IcvT_IcvT_IcvT_IcvT_IcvT_I"));
}

static void references_in_templates_without_number_are_not(void **state)
{
	char symbol[CPP_NAME_MAX_LETTERS + 1];

	(void)state;
	assert_false(cpp_name_is_bounded(fill(symbol, "_Z1f", "1aIRT_E", "")));
	assert_true(cpp_name_is_bounded(fill(symbol, "_Z1f", "1aIRiE", "")));
}

/* @n_steps, each a pair of the one before, within what is not written; and a pack of the last, as
 * @pack has it at @number. */
static const char *make_pack(char *symbol, size_t n_steps, char *pack, size_t number)
{
	static const char numbers[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char step[] = "S0_IS1_S1_E";

	strcpy(symbol, "_ZN1aCI1FvSt4pairIiiE");
	for (size_t i = 1; i <= n_steps; i++) {
		step[5] = numbers[i];
		step[8] = numbers[i];
		strcat(symbol, step);
	}
	pack[number] = numbers[n_steps + 1];
	return strcat(symbol, pack);
}

static void packs_of_what_doubles_and_doubles_are_not(void **state)
{
	char symbol[1024], type[] = "EEDpS1_", expression[] = "EEDTspcvS1_Li0EE";
	char with_arguments[] = "EEDpT_IS1_E", parameter[] = "S1_EEDpOT_";

	(void)state;
	assert_true(cpp_name_is_bounded(make_pack(symbol, 4, type, 5)));
	assert_false(cpp_name_is_bounded(make_pack(symbol, 20, type, 5)));
	assert_false(cpp_name_is_bounded(make_pack(symbol, 33, type, 5)));
	assert_false(cpp_name_is_bounded(make_pack(symbol, 33, with_arguments, 8)));
	assert_true(cpp_name_is_bounded(make_pack(symbol, 33, parameter, 1)));
	assert_true(cpp_name_is_bounded(make_pack(symbol, 4, expression, 9)));
	assert_false(cpp_name_is_bounded(make_pack(symbol, 33, expression, 9)));
}

/* Those that take most stack, of many thousands of words of the grammar that were tried. */
static void *demangle_deepest(void *unused)
{
	static const char *const nested[][2] = {
		{ "_Z1f", "F" },   { "_Z1f", "PF" },      { "_Z1f", "P" },  { "_Z1f", "PK" },
		{ "_Z1f", "Z1a" }, { "_Z1fIX", "il" },    { "_Z1f", "GV" }, { "_Z1f", "1aI" },
		{ "_Z1f", "DT" },  { "_Z1fIX", "cl" },    { "_Z", "Z1aF" }, { "_Z1fDT", "nx" },
		{ "_Z1f", "M1a" }, { "_Z1fIX", "LZ1aF" }, { "_Z1f", "A_" }, { "_Z1f", "1aIRiERT_" },
	};
	char symbol[CPP_NAME_MAX_LETTERS + 1], name[DEMANGLE_MAX_BYTES];

	for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
		demangle(fill(symbol, nested[i][0], nested[i][1], ""), name);
		demangle(fill(symbol, nested[i][0], nested[i][1], "i"), name);
	}
	return unused;
}

static void the_deepest_of_them_need_no_more_stack_than_is_said(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, DEMANGLE_STACK_BYTES);
	assert_int_equal(pthread_create(&thread, &attributes, demangle_deepest, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	pthread_attr_destroy(&attributes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_compilers_make_is_bounded),
		cmocka_unit_test(nothing_longer_is),
		cmocka_unit_test(conversions_that_are_read_twice_and_twice_again_are_not),
		cmocka_unit_test(references_in_templates_without_number_are_not),
		cmocka_unit_test(packs_of_what_doubles_and_doubles_are_not),
		cmocka_unit_test(the_deepest_of_them_need_no_more_stack_than_is_said),
	};

	return cmocka_run_group_tests_name("cpp_name", tests, NULL, NULL);
}

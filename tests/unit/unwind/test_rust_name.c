/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/rust_name.h"

#include <libiberty/demangle.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char text[NAME_TEXT_MAX_BYTES];

static void becomes(const char *symbol, const char *expected)
{
	size_t length;

	assert_int_equal(rust_name_read(symbol, text, &length), 0);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(text, expected, length);
}

static void reads_functions_of_crates_types_and_traits(void **state)
{
	(void)state;
	becomes("_RNvCs1234_7mycrate3foo", "mycrate::foo");
	becomes("_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>");
	becomes("_RNvXs0_C1ahNtC4core7Display3fmt", "<u8 as core::Display>::fmt");
	becomes("_RNCNvC1a4main0", "a::main::{closure#0}");
	becomes("_RINvC1a1bKj123456789abcdef01_E", "a::b::<0x123456789abcdef01>");
}

static void reads_names_that_are_not_ascii(void **state)
{
	(void)state;
	becomes("_RNvC1au8gdel_5qa", "a::g\xc3\xb6"
				     "del");
}

static void leaves_out_what_says_which_copy_it_is(void **state)
{
	(void)state;
	becomes("_RNvC1a1bC1c", "a::b");
	becomes("_RNvC1a1b.llvm.123", "a::b");
}

static void reads_all_that_libiberty_reads_and_no_more(void **state)
{
	static const char *const symbols[] = {
		"_RNvCs1234_7mycrate3foo",
		"_RINvNtC3std3mem8align_ofdE",
		"_RNCNvC1a4main0",
		"_RNCNCNvC1a4mains0_0s_0",
		"_RNSNvC1a1b0",
		"_RNKNvC1a1b3foo",
		"_RNvMC1aINtB2_1SKj5_Kc78_Kb1_Kin7_KpE1m",
		"_RNvMs_C1aNtB4_1S1m",
		"_RNvXs0_C1ahNtC4core7Display3fmt",
		"_RNvYhNtC1a1T1f",
		"_RINvC1a1bRehQL0_tPxOySaAhj3_TEThETabcdfE",
		"_RINvC1a1bFEuFhtEjFUKCPhEzFK8fast_fooEuE",
		"_RINvC1a1bFG_RL0_hEuFG0_RL1_hRL0_tEuE",
		"_RINvC1a1bDNtB4_4SendEL_DINtB4_1ThEp1AtNtB4_1UEL_DG_NtB4_1Tp1BsEL_E",
		"_RINvC1a1bL_pvE",
		"_RNvC1au8gdel_5qa",
		"_RNvC1au4maau",
		"_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
		"_RINvC1a1bKc9_Kca_Kcd_Kc27_Kce9_E",
		"_RNvC1a1bC1c.llvm.123",
		"_RNvC1a",
		"_RNvC1a1bX",
		"_RINvC1a1bKb2_E",
		"_RNvC1a-b1b",
		"_Rx",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		char *expected = rust_demangle(symbols[i], 0);
		size_t length;

		if (expected)
			becomes(symbols[i], expected);
		else
			assert_int_equal(rust_name_read(symbols[i], text, &length), -EINVAL);
		free(expected);
	}
}

/* Each argument is a pair of the one before it; the last is of 2^40 letters. */
static void cuts_what_is_too_long(void **state)
{
	static const char digits[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char symbol[1024] = "_RINvC1a1bTRhRhE";
	size_t at = strlen("INvC1a1b"), length;

	(void)state;
	while (strlen(symbol) < 400) {
		size_t next = strlen(symbol) - strlen("_R");
		char pair[] = "TB00_B00_E";

		pair[2] = digits[(at - 1) / 62];
		pair[3] = digits[(at - 1) % 62];
		pair[6] = pair[2];
		pair[7] = pair[3];
		strcat(symbol, pair);
		at = next;
	}
	strcat(symbol, "E");
	assert_int_equal(rust_name_read(symbol, text, &length), 0);
	assert_int_equal(length, NAME_TEXT_MAX_BYTES);
	assert_memory_equal(text, "a::b::<(&u8, &u8), ((&u8, &u8), (&u8, &u8)), (((", 48);
}

static void refuses_what_is_too_deep_or_binds_too_much(void **state)
{
	char symbol[4096] = "_RINvC1a1b";
	size_t length;

	(void)state;
	assert_int_equal(rust_name_read("_RINvC1a1bFGzzzzzzzz_EuE", text, &length), -E2BIG);
	assert_int_equal(rust_name_read("_RNvMINvC1a1bFGzzzzzzzz_EuEC1a1c", text, &length), -E2BIG);
	memset(symbol + strlen(symbol), 'R', NAME_DEPTH_MAX);
	strcat(symbol, "hE");
	assert_int_equal(rust_name_read(symbol, text, &length), -E2BIG);
	assert_int_equal(rust_name_read("_RNvB_1b", text, &length), -E2BIG); /* refers to itself */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_functions_of_crates_types_and_traits),
		cmocka_unit_test(reads_names_that_are_not_ascii),
		cmocka_unit_test(leaves_out_what_says_which_copy_it_is),
		cmocka_unit_test(reads_all_that_libiberty_reads_and_no_more),
		cmocka_unit_test(cuts_what_is_too_long),
		cmocka_unit_test(refuses_what_is_too_deep_or_binds_too_much),
	};

	return cmocka_run_group_tests_name("rust_name", tests, NULL, NULL);
}

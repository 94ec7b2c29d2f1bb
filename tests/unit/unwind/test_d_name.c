/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/d_name.h"

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

	assert_int_equal(d_name_read(symbol, text, &length), 0);
	assert_int_equal(length, strlen(expected));
	assert_memory_equal(text, expected, length);
}

static void reads_functions_in_modules(void **state)
{
	(void)state;
	becomes("_Dmain", "D main");
	becomes("_D3foo3barFiZv", "foo.bar(int)");
	becomes("_D3foo3barFZ3quxMFZv", "foo.bar().qux()");
	becomes("_D3foo3Bar3getMxFZi", "foo.Bar.get() const");
}

static void follows_back_references(void **state)
{
	(void)state;
	becomes("_D3fooQeFZv", "foo.foo()");
	becomes("_D3foo3barFAiQcZv", "foo.bar(int[], int[])");
}

static void puts_types_in_the_order_of_the_language(void **state)
{
	(void)state;
	becomes("_D3foo3barFHAyaiZv", "foo.bar(int[immutable(char)[]])");
	becomes("_D3foo3barFPFNaiZlZv", "foo.bar(long(int) pure function)");
	becomes("_D3foo3barFDxFiZlZv", "foo.bar(long(int) delegate const)");
}

static void reads_all_that_libiberty_reads_and_no_more(void **state)
{
	static const char *const symbols[] = {
		"_D3foo3barFiZv",
		"_Dmain",
		"_D3std4math__T3absTdZQhFNaNbNiNfdZd",
		"_D3foo__T3barVii1VAyaa3_61625cVdeN1A8P3VceNANcINFZ3bazv",
		"_D3foo__T3barVai97Vai10Vui955Vwi66304VbI1VkI7VmI8VlI9ZQBfv",
		"_D3foo3BarS3QuxFHAyaG4iPFNaNbiZvDxFNfZiZ1x3FoO",
		"_D3foo3Bar6__initZ",
		"_D3foo3Bar6__vtblZ",
		"_D3foo3Bar7__ClassZ",
		"_D3foo12__ModuleInfoZ",
		"_D3foo3Bar11__InterfaceZ",
		"_D3foo3Bar6__ctorMFiZC3foo3Bar",
		"_D3foo3Bar6__dtorMFZv",
		"_D3foo3Bar10__postblitMFZv",
		"_D3foo3Bar3getMxFNaNbNdNiNfZi",
		"_D3foo3barFNkKAiJkIKlLfMPvXi",
		"_D3foo3barUMB2isNgaNhG4fxyOdYv",
		"_D3foo3barFZ4__S13quxMFZv",
		"_D3foo__T3barS_D3qux3getFZiZQBav",
		"_D3foo__T3barS163qux3getZ3bazv",
		"_D3foo__T3barX5_Zfoov__T1aTnTNnTziTzkZQBdv",
		"_D3foo__T3barVS3foo1Ss2i1i2VAiA2i3i4VHiiA1i5i6VPvnVAwwai1__a0_ZQBbv",
		"_D3foo00_D",
		"_D3foo3bar",
		"_D3foo3barQzFZv",
		"_Dx",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		char *expected = dlang_demangle(symbols[i], 0);
		size_t length;

		if (expected)
			becomes(symbols[i], expected);
		else
			assert_int_equal(d_name_read(symbols[i], text, &length), -EINVAL);
		free(expected);
	}
}

static void refuses_what_is_too_long_too_deep_or_too_much_work(void **state)
{
	char symbol[4096];
	size_t length;

	(void)state;
	assert_int_equal(d_name_read("_D1f__T1aTB4000000000iiiZZ", text, &length), -EINVAL);
	strcpy(symbol, "_D1f");
	memset(symbol + 4, 'P', NAME_DEPTH_MAX);
	strcpy(symbol + 4 + NAME_DEPTH_MAX, "v");
	assert_int_equal(d_name_read(symbol, text, &length), -E2BIG);
	strcpy(symbol + 4 + NAME_DEPTH_MAX - 1, "v");
	assert_int_equal(d_name_read(symbol, text, &length), 0);
	strcpy(symbol, "_D1f");
	while (strlen(symbol) < 1000)
		strcat(symbol, "C1aF");
	assert_int_equal(d_name_read(symbol, text, &length), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_functions_in_modules),
		cmocka_unit_test(follows_back_references),
		cmocka_unit_test(puts_types_in_the_order_of_the_language),
		cmocka_unit_test(reads_all_that_libiberty_reads_and_no_more),
		cmocka_unit_test(refuses_what_is_too_long_too_deep_or_too_much_work),
	};

	return cmocka_run_group_tests_name("d_name", tests, NULL, NULL);
}

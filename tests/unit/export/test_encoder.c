/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "export/encoder.h"

static void finds_an_encoder_by_name(void **state)
{
	(void)state;
	for (const struct encoder *encoder = encoders; encoder->name; encoder++)
		assert_ptr_equal(encoder_find(encoder->name), encoder);
	assert_null(encoder_find("jpeg"));
	assert_null(encoder_find(""));
}

static void finds_an_encoder_by_the_ending_of_a_path(void **state)
{
	(void)state;
	assert_string_equal(encoder_find_by_path("/tmp/a.pb.gz")->name, "pprof");
	assert_string_equal(encoder_find_by_path("a.b.folded")->name, "folded");
	assert_string_equal(encoder_find_by_path("a.svg")->name, "svg");
	assert_string_equal(encoder_find_by_path("a.speedscope.json")->name, "speedscope");
	assert_string_equal(encoder_find_by_path("a.perf")->name, "perf");
	assert_string_equal(encoder_find_by_path("a.html")->name, "html");
	assert_null(encoder_find_by_path("a.gz"));
	assert_string_equal(encoder_find_by_path("a.firefox.json")->name, "firefox");
	assert_null(encoder_find_by_path("a.json"));
	assert_null(encoder_find_by_path(""));
}

static void the_first_is_pprof(void **state)
{
	(void)state;
	assert_string_equal(encoders[0].name, "pprof");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_is_pprof),
		cmocka_unit_test(finds_an_encoder_by_name),
		cmocka_unit_test(finds_an_encoder_by_the_ending_of_a_path),
	};

	return cmocka_run_group_tests_name("encoder", tests, NULL, NULL);
}

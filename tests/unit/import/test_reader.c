/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "export/encoder.h"
#include "export/folded.h"
#include "import/complaint.h"
#include "import/reader.h"
#include "known_profile.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "profiler/profile.h"
#include "reading.h"

DEFINE_CLEANUP(struct profile *, profile_free)

static const char *format_of(const char *text)
{
	return reader_find(text, strlen(text))->name;
}

static void tells_formats_by_their_bytes(void **state)
{
	(void)state;
	assert_string_equal(format_of("main;a 1\n"), "folded");
	assert_string_equal(format_of("a 5 1.0: 77 cycles: \n\t 12 f (x)\n"), "perf");
	assert_string_equal(format_of("# c\n\na 5 1.0: 77 cycles: \n\t 12 f (x)\n"), "perf");
	assert_string_equal(format_of("\n  {"), "speedscope");
	assert_string_equal(format_of("\x0a\x04\x08\x01\x10\x02"), "pprof");
}

static void reads_whatever_an_encoder_writes_with_names(void **state)
{
	static const char *const formats[] = { "pprof", "folded", "perf", "speedscope" };

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		_cleanup_(profile_freep) struct profile *known = known_profile_new_timed();
		_cleanup_(profile_freep) struct profile *read = NULL;
		_cleanup_(buffer_fini) struct buffer bytes = { 0 };
		struct complaint complaint = { "" };
		uint64_t count = 0;

		assert_int_equal(encoder_find(formats[i])->encode(known, &bytes), 0);
		assert_int_equal(reader_read(bytes.data, bytes.size, &read, &complaint), 0);
		for (size_t k = 0; k < read->n_samples; k++)
			count += read->samples[k].count;
		assert_int_equal(count, 61);
	}
}

static void says_that_there_is_nothing(void **state)
{
	(void)state;
	assert_complaint(reader_read, "", "it is empty");
	assert_complaint(reader_read, "\x1f\x8b\x08",
			 "what gzip made of it is damaged, or ends early");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_formats_by_their_bytes),
		cmocka_unit_test(reads_whatever_an_encoder_writes_with_names),
		cmocka_unit_test(says_that_there_is_nothing),
	};

	return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "import/profile_builder.h"
#include "import/speedscope_thread.h"
#include "profiler/base/cleanup.h"

static void assert_labels(const char *name, bool is_ours, const char *const expected[4])
{
	static const char *const names[] = { "comm", "pid", "thread", "tid" };
	_cleanup_(builder_fini) struct profile_builder builder = { 0 };
	uint32_t label_set;

	assert_int_equal(builder_init(&builder), 0);
	assert_int_equal(speedscope_thread_add(&builder, name, is_ours, &label_set), 0);
	for (int i = 0; i < 4; i++)
		assert_string_equal(profile_label_text(builder.profile, label_set, names[i]),
				    expected[i]);
}

#define LABELS(...)                                                                                \
	(const char *const[4])                                                                     \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}

static void takes_our_names_apart(void **state)
{
	(void)state;
	assert_labels("api 4711, thread worker 4712", true,
		      LABELS("api", "4711", "worker", "4712"));
	assert_labels("api, thread 17", true, LABELS("api", "", "", "17"));
	assert_labels("api", true, LABELS("api", "", "", ""));
	assert_labels("a, thread b 1, thread c d 2", true, LABELS("a, thread b", "1", "c d", "2"));
	assert_labels("", true, LABELS("", "", "", ""));
}

static void leaves_names_of_others_whole(void **state)
{
	(void)state;
	assert_labels("api 4711, thread 1", false, LABELS("api 4711, thread 1", "", "", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_our_names_apart),
		cmocka_unit_test(leaves_names_of_others_whole),
	};

	return cmocka_run_group_tests_name("speedscope_thread", tests, NULL, NULL);
}

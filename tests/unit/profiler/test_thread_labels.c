/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/thread_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/dictionary.h"
#include "profiler/store.h"

static void has_every_label_in_the_order_of_their_names(void **state)
{
	struct store_process process = { 1, 4711, "api", "", "/system.slice" };
	struct thread_labels labels;
	struct dictionary *dictionary;

	(void)state;
	assert_int_equal(dictionary_new(1, &dictionary), 0);
	assert_int_equal(dictionary_add_process(dictionary, &process), 0);
	assert_int_equal(dictionary_add_thread(dictionary, 1, 1, UINT32_MAX, "worker"), 0);
	thread_labels_init(&labels, dictionary, 0);
	for (int i = 1; i < LABEL_COUNT; i++)
		assert_true(strcmp(labels.labels[i - 1].name, labels.labels[i].name) < 0);
	assert_string_equal(labels.labels[LABEL_CGROUP].value, "/system.slice");
	assert_string_equal(labels.labels[LABEL_COMM].value, "api");
	assert_string_equal(labels.labels[LABEL_EXE].value, "");
	assert_string_equal(labels.labels[LABEL_PID].value, "4711");
	assert_string_equal(labels.labels[LABEL_THREAD].value, "worker");
	assert_string_equal(labels.labels[LABEL_TID].value, "4294967295");
	dictionary_free(dictionary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_every_label_in_the_order_of_their_names),
	};

	return cmocka_run_group_tests_name("thread_labels", tests, NULL, NULL);
}

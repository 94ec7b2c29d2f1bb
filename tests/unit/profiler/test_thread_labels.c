/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/thread_labels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/array.h"
#include "profiler/dictionary.h"
#include "profiler/store.h"

/* "name=value," of a thread "worker" of a process with these labels. */
static void show(const struct store_process *process, char *ret_text, size_t text_bytes)
{
	struct thread_labels labels;
	struct dictionary *dictionary;
	size_t length = 0;

	assert_int_equal(dictionary_new(1, &dictionary), 0);
	assert_int_equal(dictionary_add_process(dictionary, process, 0), 0);
	assert_int_equal(
		dictionary_add_thread(dictionary, 1, process->process, UINT32_MAX, "worker"), 0);
	thread_labels_init(&labels, dictionary, 0);
	for (size_t i = 0; i < labels.n_labels; i++)
		length += (size_t)snprintf(ret_text + length, text_bytes - length, "%s=%s,",
					   labels.labels[i].name, labels.labels[i].value);
	dictionary_free(dictionary);
}

static void has_the_labels_of_process_and_thread_in_the_order_of_their_names(void **state)
{
	static const struct label labels[] = { { "cgroup", "/system.slice" },
					       { "comm", "api" },
					       { "exe", "" },
					       { "service_name", "api" },
					       { "unit", "api.service" } };
	const struct store_process process = { 1, 4711, labels, ARRAY_SIZE(labels) };
	char text[256];

	(void)state;
	show(&process, text, sizeof(text));
	assert_string_equal(text, "cgroup=/system.slice,comm=api,pid=4711,service_name=api,"
				  "thread=worker,tid=4294967295,unit=api.service,");
}

static void tells_no_pid_that_the_process_has_not(void **state)
{
	const struct store_process process = { 1, 0, NULL, 0 };
	char text[256];

	(void)state;
	show(&process, text, sizeof(text));
	assert_string_equal(text, "thread=worker,tid=4294967295,");
}

static void takes_a_label_of_the_thread_from_nowhere_else(void **state)
{
	static const struct label labels[] = { { "pid", "1" }, { "thread", "x" }, { "tid", "2" } };
	const struct store_process process = { 1, 3, labels, ARRAY_SIZE(labels) };
	char text[256];

	(void)state;
	show(&process, text, sizeof(text));
	assert_string_equal(text, "pid=3,thread=worker,tid=4294967295,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_labels_of_process_and_thread_in_the_order_of_their_names),
		cmocka_unit_test(tells_no_pid_that_the_process_has_not),
		cmocka_unit_test(takes_a_label_of_the_thread_from_nowhere_else),
	};

	return cmocka_run_group_tests_name("thread_labels", tests, NULL, NULL);
}

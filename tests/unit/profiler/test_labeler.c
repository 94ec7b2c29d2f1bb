/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/labeler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/label_set.h"

/* "name=value," of the labels of a process. */
static void expect(const struct process_facts *facts, const char *expected)
{
	_cleanup_(label_set_fini) struct label_set labels = { 0 };
	char text[1024] = "";
	size_t length = 0;

	assert_int_equal(labeler_label(facts, &labels), 0);
	for (size_t i = 0; i < labels.n_labels; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s=%s,",
					   labels.labels[i].name, labels.labels[i].value);
	assert_string_equal(text, expected);
}

static void calls_a_service_by_its_program(void **state)
{
	const struct process_facts facts = { "worker", "/usr/bin/api", "/" };

	(void)state;
	expect(&facts, "cgroup=/,comm=worker,exe=/usr/bin/api,service_name=api,");
}

static void calls_it_by_its_name_if_no_program_is_known(void **state)
{
	const struct process_facts facts = { "kthreadd", "", "" };

	(void)state;
	expect(&facts, "comm=kthreadd,service_name=kthreadd,");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_a_service_by_its_program),
		cmocka_unit_test(calls_it_by_its_name_if_no_program_is_known),
	};

	return cmocka_run_group_tests_name("labeler", tests, NULL, NULL);
}

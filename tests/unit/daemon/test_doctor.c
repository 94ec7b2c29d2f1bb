/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/cleanup.h"
#include "profiler/daemon/doctor.h"
#include "profiler/daemon/options.h"
#include "profiler/daemon/sandbox.h"

enum { NAME_COLUMN = 6, TEXT_COLUMN = 30 };

/* What the doctor printed here, whatever this process may do; freed at exit. */
static char *report;
static int exit_status;

static int call_the_doctor(void **state)
{
	static const char *const folders[] = { "/nonexistent", NULL };
	const struct options options = { .cache = NULL, .debug_folders = folders };
	size_t size;
	FILE *out = open_memstream(&report, &size);

	(void)state;
	if (!out)
		return -1;
	exit_status = doctor_main(&options, out);
	return fclose(out);
}

static int free_report(void **state)
{
	(void)state;
	free(report);
	return 0;
}

/* Whether there is a line about @name; *@ret_verdict is its first word. */
static bool find_line(const char *name, char ret_verdict[5])
{
	for (const char *line = report; line && *line; line = strchr(line, '\n') + 1) {
		if (strncmp(line + NAME_COLUMN, name, strlen(name)) ||
		    line[NAME_COLUMN + strlen(name)] != ' ')
			continue;
		return sscanf(line, "%4s", ret_verdict) == 1;
	}
	return false;
}

static void every_line_has_its_columns(void **state)
{
	const char *line = report;

	(void)state;
	for (; *line != '\n'; line = strchr(line, '\n') + 1) {
		assert_true(!strncmp(line, "ok    ", NAME_COLUMN) ||
			    !strncmp(line, "warn  ", NAME_COLUMN) ||
			    !strncmp(line, "fail  ", NAME_COLUMN));
		assert_int_not_equal(line[NAME_COLUMN], ' ');
		assert_int_equal(line[TEXT_COLUMN - 1], ' ');
		assert_int_not_equal(line[TEXT_COLUMN], ' ');
	}
}

static void a_needed_capability_that_is_missing_is_a_failure(void **state)
{
	const struct needed_capability *missing = sandbox_missing();
	char verdict[5];

	(void)state;
	for (const struct needed_capability *needed = sandbox_needed; needed->name; needed++) {
		assert_true(find_line(needed->name, verdict));
		assert_string_equal(verdict, needed == missing ? "fail" : "ok");
		if (needed == missing)
			break;
	}
}

static void the_cache_of_tables_may_be_none(void **state)
{
	char verdict[5];

	(void)state;
	assert_true(find_line("cache", verdict));
	assert_string_equal(verdict, "ok");
}

static void says_where_names_would_come_from(void **state)
{
	static const char *const names[] = { "kernel's lines", "modules' lines", "debuginfod",
					     "pods", "disassembly" };
	char verdict[5];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_true(find_line(names[i], verdict));
		assert_string_not_equal(verdict, "fail");
	}
	assert_true(find_line("debug files", verdict));
	assert_string_equal(verdict, "warn"); /* a folder that was named is not there */
}

static void the_exit_status_tells_whether_something_failed(void **state)
{
	bool has_failure = !strncmp(report, "fail", 4) || strstr(report, "\nfail");

	(void)state;
	assert_int_equal(exit_status, has_failure);
	assert_int_equal(strstr(report, "\nSampling works here.\n") != NULL, !has_failure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_has_its_columns),
		cmocka_unit_test(a_needed_capability_that_is_missing_is_a_failure),
		cmocka_unit_test(the_cache_of_tables_may_be_none),
		cmocka_unit_test(says_where_names_would_come_from),
		cmocka_unit_test(the_exit_status_tells_whether_something_failed),
	};

	return cmocka_run_group_tests_name("doctor", tests, call_the_doctor, free_report);
}

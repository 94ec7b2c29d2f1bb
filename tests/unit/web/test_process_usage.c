/* SPDX-License-Identifier: Apache-2.0 */
#include "web/process_usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/base/clock.h"

static void reads_a_line_with_a_strange_name(void **state)
{
	struct process_usage usage = { 0 };

	(void)state;
	process_usage_parse("7 (a) R 1 (b) S 1 7 7 0 -1 4194304 900 0 0 0 11 22 0 0 20 0 3 0 250 "
			    "8192000 40 18446744073709551615 1 1\n",
			    &usage);
	assert_int_equal(usage.threads, 3);
	assert_int_equal(usage.virtual_bytes, 8192000);
	assert_int_equal(usage.resident_bytes, 40 * sysconf(_SC_PAGESIZE));
}

static void leaves_0_where_nothing_can_be_told(void **state)
{
	struct process_usage_files files = { -1, -1 };
	struct process_usage usage;

	(void)state;
	process_usage_read(&files, &usage);
	assert_int_equal(usage.resident_bytes, 0);
	assert_int_equal(usage.open_fds, 0);
	process_usage_parse("", &usage);
	process_usage_parse("1 (x) R", &usage);
	assert_int_equal(usage.threads, 0);
}

static void reads_this_process(void **state)
{
	struct process_usage_files files;
	struct process_usage before, after;
	int fd;

	(void)state;
	process_usage_files_init(&files);
	process_usage_read(&files, &before);
	fd = dup(0);
	process_usage_read(&files, &after);
	close(fd);
	assert_int_equal(before.threads, 1);
	assert_true(before.resident_bytes > 0 && before.virtual_bytes > before.resident_bytes);
	assert_int_equal(after.open_fds, before.open_fds + 1);
	assert_true(after.max_fds >= after.open_fds);
	assert_true(clock_unix_ns() - after.start_unix_ns < 600 * NS_PER_SECOND);
	assert_true(after.start_unix_ns <= clock_unix_ns());
	process_usage_files_fini(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "reads a line with a strange name", reads_a_line_with_a_strange_name },
		{ "leaves 0 where nothing can be told", leaves_0_where_nothing_can_be_told },
		{ "reads this process", reads_this_process },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

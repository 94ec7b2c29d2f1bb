/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/daemon/file_opener.h"

#include "bpf/wire.h"

static const struct stat status = { .st_ino = 7, .st_ctim = { 1000, 5 } };

static void knows_a_file_by_its_number_or_by_its_time(void **state)
{
	const struct file_key both = { .inode = 7, .change_time = 1000ULL << 32 | 5 };
	const struct file_key other_number = { .inode = 8, .change_time = both.change_time };
	const struct file_key other_time = { .inode = 7, .change_time = 1000ULL << 32 | 6 };

	(void)state;
	assert_true(file_opener_is_file(&status, &both));
	assert_true(file_opener_is_file(&status, &other_number));
	assert_true(file_opener_is_file(&status, &other_time));
}

static void takes_no_other_file_for_it(void **state)
{
	const struct file_key other = { .inode = 8, .change_time = 1001ULL << 32 | 5 };

	(void)state;
	assert_false(file_opener_is_file(&status, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_a_file_by_its_number_or_by_its_time),
		cmocka_unit_test(takes_no_other_file_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

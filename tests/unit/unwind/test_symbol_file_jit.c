/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/symbol_file_jit.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "unwind/jit_report.h"

static void is_named(const struct buffer *bytes, uint64_t pc, const char *expected)
{
	struct symbol_frame frame = { .function = "" };
	struct symbol_file *symbols;
	int fd = fixture_memfd(bytes->data, bytes->size);

	assert_int_equal(symbol_file_map(fd, &symbols), 0);
	symbol_file_find(symbols, pc, &frame, 1);
	assert_string_equal(frame.function, expected);
	symbol_file_free(symbols);
	close(fd);
}

static void the_later_file_counts_where_both_name_an_address(void **state)
{
	static const char first[] = "1000 10 first\n2000 10 only\n", second[] = "1000 10 second\n";
	const int fds[] = { fixture_memfd(first, strlen(first)),
			    fixture_memfd(second, strlen(second)) };
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct jit_report report = { 0 };

	(void)state;
	assert_int_equal(symbol_file_build_jit(fds, 2, &bytes, &report), 0);
	is_named(&bytes, 0x1000, "second");
	is_named(&bytes, 0x2000, "only");
	close(fds[0]);
	close(fds[1]);
}

static void reads_a_map_from_its_start_wherever_it_stands(void **state)
{
	static const char map[] = "1000 10 name\n";
	_cleanup_(closep) int fd = fixture_memfd(map, strlen(map));
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct jit_report report = { 0 };

	(void)state;
	assert_int_equal(lseek(fd, 0, SEEK_END), strlen(map));
	assert_int_equal(symbol_file_build_jit(&fd, 1, &bytes, &report), 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), strlen(map));
	is_named(&bytes, 0x1000, "name");
}

static void an_empty_map_has_no_names(void **state)
{
	_cleanup_(closep) int fd = fixture_memfd("", 0);
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct jit_report report = { 0 };

	(void)state;
	assert_int_equal(symbol_file_build_jit(&fd, 1, &bytes, &report), -ENODATA);
}

/* Of which the start is a hole. */
static void of_a_map_that_is_too_long_the_end_is_read(void **state)
{
	static const char first[] = "1000 10 first\n", last[] = "\n2000 10 last\n";
	_cleanup_(closep) int fd = fixture_memfd(first, strlen(first));
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	struct jit_report report = { 0 };

	(void)state;
	assert_int_equal(pwrite(fd, last, strlen(last), PERF_MAP_MAX_BYTES), strlen(last));
	assert_int_equal(symbol_file_build_jit(&fd, 1, &bytes, &report), 0);
	is_named(&bytes, 0x1000, "");
	is_named(&bytes, 0x2000, "last");
	assert_int_equal(report.unread_bytes, strlen(last));
	assert_int_equal(report.entries[JIT_ENTRY_DAMAGED], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_later_file_counts_where_both_name_an_address),
		cmocka_unit_test(reads_a_map_from_its_start_wherever_it_stands),
		cmocka_unit_test(an_empty_map_has_no_names),
		cmocka_unit_test(of_a_map_that_is_too_long_the_end_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

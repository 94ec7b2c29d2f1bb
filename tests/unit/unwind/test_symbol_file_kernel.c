/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/buffer.h"

static const char kallsyms[] = "ffffffff81000000 T _text\n"
			       "ffffffff81000000 T startup_64\n"
			       "ffffffff81000100 t helper\n"
			       "ffffffff81000100 t $x\n"
			       "ffffffff81000180 D not_code\n"
			       "ffffffff81000200 W weak_one\n"
			       "ffffffff81400000 T far_away\n"
			       "ffffffffc0200000 t bpf_prog_1234_name\t[bpf]\n"
			       "ffffffffc0100040 t fuse_second\t[fuse]\n"
			       "ffffffffc0100000 t fuse_first\t[fuse]\n";

struct kernel {
	struct symbol_file *symbols;
	struct kernel_range *ranges;
	size_t n_ranges;
};

static struct kernel make_kernel_of(const char *text)
{
	struct buffer bytes = { 0 };
	struct kernel kernel;
	int fd;

	assert_int_equal(symbol_file_build_kernel(text, strlen(text), &bytes, &kernel.ranges,
						  &kernel.n_ranges),
			 0);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &kernel.symbols), 0);
	buffer_fini(&bytes);
	close(fd);
	return kernel;
}

static struct kernel make_kernel(void)
{
	return make_kernel_of(kallsyms);
}

static void free_kernel(struct kernel *kernel)
{
	symbol_file_free(kernel->symbols);
	free(kernel->ranges);
}

static void is_named(const struct kernel *kernel, uint64_t addr, const char *expected)
{
	struct symbol_frame frame = { .function = "" };
	size_t n = symbol_file_find(kernel->symbols, addr, &frame, 1);

	assert_int_equal(n, expected[0] != '\0');
	assert_string_equal(frame.function, expected);
}

static void names_functions_of_kernel_modules_and_bpf(void **state)
{
	struct kernel kernel = make_kernel();

	(void)state;
	is_named(&kernel, 0xffffffff81000000, "_text");
	is_named(&kernel, 0xffffffff810001ff, "helper");
	is_named(&kernel, 0xffffffff81000200, "weak_one");
	is_named(&kernel, 0xffffffff81400010, "far_away");
	is_named(&kernel, 0xffffffffc010003f, "fuse_first");
	is_named(&kernel, 0xffffffffc0100040, "fuse_second");
	is_named(&kernel, 0xffffffffc0200001, "bpf_prog_1234_name");
	free_kernel(&kernel);
}

/* As kernels have it that are built to be called through a thunk, or patched to. */
static void padding_is_of_the_function_behind_it(void **state)
{
	static const char text[] = "ffffffff81000000 T first\n"
				   "ffffffff81000100 t __pfx_second\n"
				   "ffffffff81000110 t second\n"
				   "ffffffff81000200 t __pfx_lonely\n"
				   "ffffffff81000300 T third\n";
	struct kernel kernel = make_kernel_of(text);

	(void)state;
	is_named(&kernel, 0xffffffff810000ff, "first");
	is_named(&kernel, 0xffffffff81000100, "second");
	is_named(&kernel, 0xffffffff81000110, "second");
	is_named(&kernel, 0xffffffff81000200, "__pfx_lonely");
	assert_int_equal(symbol_file_function_count(kernel.symbols), 4);
	free_kernel(&kernel);
}

static void names_nothing_far_behind_a_function(void **state)
{
	struct kernel kernel = make_kernel();

	(void)state;
	is_named(&kernel, 0xffffffff80ffffff, "");
	is_named(&kernel, 0xffffffff81300000, "");
	is_named(&kernel, 0xffffffffc0300000, "");
	free_kernel(&kernel);
}

static void gives_the_range_of_each_module(void **state)
{
	struct kernel kernel = make_kernel();

	(void)state;
	assert_int_equal(kernel.n_ranges, 3);
	assert_string_equal(kernel.ranges[0].name, "[kernel.kallsyms]");
	assert_int_equal(kernel.ranges[0].start_addr, 0xffffffff81000000);
	assert_true(kernel.ranges[0].end_addr > 0xffffffff81400000);
	assert_string_equal(kernel.ranges[1].name, "[fuse]");
	assert_int_equal(kernel.ranges[1].start_addr, 0xffffffffc0100000);
	assert_string_equal(kernel.ranges[2].name, "[bpf]");
	assert_true(kernel.ranges[1].end_addr <= kernel.ranges[2].start_addr);
	free_kernel(&kernel);
}

static void refuses(const char *text, int expected)
{
	struct kernel_range *ranges = NULL;
	struct buffer bytes = { 0 };
	size_t n_ranges;

	assert_int_equal(symbol_file_build_kernel(text, strlen(text), &bytes, &ranges, &n_ranges),
			 expected);
	assert_null(ranges);
	buffer_fini(&bytes);
}

static void tells_that_addresses_are_hidden(void **state)
{
	(void)state;
	refuses("", -ENODATA);
	refuses("0000000000000000 T _text\n0000000000000000 t helper\n", -ENODATA);
}

static void refuses_lines_of_another_kind(void **state)
{
	(void)state;
	refuses("what is this\n", -EBADMSG);
	refuses("ffffffff81000000 T\n", -EBADMSG);
	refuses("ffffffff81000000ff T x\n", -EBADMSG);
	refuses("\n", -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_functions_of_kernel_modules_and_bpf),
		cmocka_unit_test(padding_is_of_the_function_behind_it),
		cmocka_unit_test(names_nothing_far_behind_a_function),
		cmocka_unit_test(gives_the_range_of_each_module),
		cmocka_unit_test(tells_that_addresses_are_hidden),
		cmocka_unit_test(refuses_lines_of_another_kind),
	};

	return cmocka_run_group_tests_name("symbol file of the kernel", tests, NULL, NULL);
}

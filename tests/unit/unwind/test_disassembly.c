/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/disassembly.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/buffer.h"
#include "unwind/elf_file.h"

int disassembly_sample(int a);

/* Its first instructions are the same whatever the compiler does. */
__attribute__((noinline)) int disassembly_sample(int a)
{
#if defined(__x86_64__)
	__asm__ volatile("nop; xor %%ecx, %%ecx; .byte 0x06; nop" ::: "ecx");
#else
	__asm__ volatile("nop; mov x9, xzr; .inst 0; nop" ::: "x9");
#endif
	return a + 1;
}

static int disassemble(struct code_range range, struct buffer *lines)
{
	int fd = fixture_open("/proc/self/exe"), r;
	struct elf_file *file;

	assert_int_equal(elf_file_open(fd, &file), 0);
	r = disassembly_append(file, range, lines);
	elf_file_free(file);
	close(fd);
	return r;
}

static struct code_range sample_range(uint64_t n_bytes)
{
	uint64_t start_vaddr = fixture_function_vaddr("/proc/self/exe", "disassembly_sample");

	return (struct code_range){ start_vaddr, start_vaddr + n_bytes };
}

static void without_capstone_it_says_so(void **state)
{
	struct buffer lines = { 0 };

	(void)state;
	assert_int_equal(disassemble(sample_range(16), &lines), -ENOSYS);
	assert_int_equal(lines.size, 0);
}

static void lines_follow_one_another_and_skip_what_is_no_instruction(void **state)
{
	const struct code_range range = sample_range(16);
	struct buffer lines = { 0 };
	const struct code_line *line;
	uint64_t next_vaddr = range.start_vaddr;
	unsigned int n_nops = 0, n_skipped = 0;

	(void)state;
	assert_int_equal(disassemble(range, &lines), 0);
	line = (const void *)lines.data;
	for (size_t i = 0; i < lines.size / sizeof(*line); i++, line++) {
		assert_int_equal(line->elf_vaddr, next_vaddr);
		assert_in_range(line->n_bytes, 1, CODE_LINE_MAX_BYTES);
		next_vaddr += line->n_bytes;
		n_nops += strcmp(line->text, "nop") == 0;
		n_skipped += strncmp(line->text, ".byte", 5) == 0;
	}
	assert_true(n_nops >= 1);
	assert_true(n_skipped >= 1);
	assert_true(next_vaddr <= range.end_vaddr);
	buffer_fini(&lines);
}

static void refuses_what_is_no_code_of_the_file(void **state)
{
	struct code_range empty = sample_range(0), far = { UINT64_MAX - 100, UINT64_MAX };
	struct buffer lines = { 0 };

	(void)state;
	assert_int_equal(disassemble(empty, &lines), -ENODATA);
	assert_int_equal(disassemble(far, &lines), -ENODATA);
	assert_int_equal(disassemble(sample_range(CODE_MAX_BYTES + 1), &lines), -EFBIG);
	assert_int_equal(lines.size, 0);
}

static void ends_where_the_buffer_does(void **state)
{
	struct buffer lines = { .limit = sizeof(struct code_line) };

	(void)state;
	assert_int_equal(disassemble(sample_range(16), &lines), -EFBIG);
	buffer_fini(&lines);
}

static int load(void **state)
{
	(void)state;
	disassembly_load();
	return 0;
}

int main(void)
{
	const struct CMUnitTest before[] = { cmocka_unit_test(without_capstone_it_says_so) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_follow_one_another_and_skip_what_is_no_instruction),
		cmocka_unit_test(refuses_what_is_no_code_of_the_file),
		cmocka_unit_test(ends_where_the_buffer_does),
	};
	int n_failed = cmocka_run_group_tests_name("disassembly, not loaded", before, NULL, NULL);

	return n_failed + cmocka_run_group_tests_name("disassembly", tests, load, NULL);
}

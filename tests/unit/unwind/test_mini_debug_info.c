/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/mini_debug_info.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <lzma.h>

#include "elf_builder.h"
#include "fixture.h"
#include "profiler/base/buffer.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file.h"

static size_t pack(const void *bytes, size_t size, uint8_t *ret_packed, size_t capacity)
{
	size_t n = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, bytes, size, ret_packed,
						 &n, capacity),
			 LZMA_OK);
	return n;
}

/* What comes of a file with such a .gnu_debugdata. */
static int open_packed(const void *packed, size_t size, struct buffer *bytes,
		       struct elf_file **ret_mini)
{
	const struct built_section section = { ".gnu_debugdata", packed, size, 0 };
	struct buffer elf = { 0 };
	struct elf_file *file;
	int fd, r;

	elf_build(&elf, EM_X86_64, &section, 1, true);
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(fd, &file), 0);
	r = mini_debug_info_open(file, bytes, ret_mini);
	elf_file_free(file);
	close(fd);
	buffer_fini(&elf);
	return r;
}

static void opens_the_file_that_is_packed(void **state)
{
	const struct built_section section = { ".marker", "here", 4, 0 };
	struct buffer elf = { 0 }, bytes = { 0 };
	struct elf_file *mini;
	uint8_t packed[8192];
	size_t n;

	(void)state;
	elf_build(&elf, EM_X86_64, &section, 1, true);
	n = pack(elf.data, elf.size, packed, sizeof(packed));
	assert_int_equal(open_packed(packed, n, &bytes, &mini), 0);
	assert_int_equal(bytes.size, elf.size);
	assert_memory_equal(elf_content_section(mini, ".marker").bytes, "here", 4);
	elf_file_free(mini);
	buffer_fini(&bytes);
	/* Cut, it is none. */
	assert_int_equal(open_packed(packed, n - 20, &bytes, &mini), -ENODATA);
	buffer_fini(&bytes);
	buffer_fini(&elf);
}

static void takes_nothing_else_for_one(void **state)
{
	struct buffer bytes = { 0 };
	struct elf_file *mini;
	uint8_t packed[4096];
	size_t n = pack("no ELF file", 11, packed, sizeof(packed));

	(void)state;
	assert_int_equal(open_packed(packed, n, &bytes, &mini), -ENODATA);
	buffer_fini(&bytes);
	assert_int_equal(open_packed("not packed", 10, &bytes, &mini), -ENODATA);
	buffer_fini(&bytes);
	assert_int_equal(open_packed(NULL, 0, &bytes, &mini), -ENODATA);
	buffer_fini(&bytes);
}

static void unpacks_no_more_than_its_bound(void **state)
{
	const size_t size = (size_t)80 << 20, capacity = 1 << 20;
	char *zeros = calloc(1, size);
	uint8_t *packed = malloc(capacity);
	struct buffer bytes = { 0 };
	struct elf_file *mini;
	size_t n;

	(void)state;
	assert_non_null(zeros);
	assert_non_null(packed);
	n = pack(zeros, size, packed, capacity);
	assert_int_equal(open_packed(packed, n, &bytes, &mini), -ENODATA);
	assert_true(bytes.size <= (size_t)64 << 20);
	buffer_fini(&bytes);
	free(zeros);
	free(packed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_the_file_that_is_packed),
		cmocka_unit_test(takes_nothing_else_for_one),
		cmocka_unit_test(unpacks_no_more_than_its_bound),
	};

	return cmocka_run_group_tests_name("MiniDebugInfo", tests, NULL, NULL);
}

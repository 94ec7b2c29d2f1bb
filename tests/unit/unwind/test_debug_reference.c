/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/debug_reference.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/debug_files.h"
#include "unwind/elf_file.h"

/* An ELF file with the bytes as its section @name. */
struct built_file {
	int fd;
	struct elf_file *elf;
};

static struct built_file file_with(const char *name, const void *bytes, size_t size)
{
	const struct built_section section = { .name = name, .bytes = bytes, .size = size };
	struct buffer elf = { 0 };
	struct built_file file;

	elf_build(&elf, EM_X86_64, &section, 1, true);
	file.fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(file.fd, &file.elf), 0);
	buffer_fini(&elf);
	return file;
}

static void close_file(struct built_file *file)
{
	elf_file_free(file->elf);
	close(file->fd);
}

/* Read what is missing beside a binary with that section alone. */
static size_t missing_with(const char *name, const void *bytes, size_t size,
			   struct debug_reference *ret_reference)
{
	struct built_file file = file_with(name, bytes, size);
	size_t n = debug_references_read(&(struct debug_files){ .binary = file.elf }, ret_reference,
					 1);

	close_file(&file);
	return n;
}

static void tells_the_name_and_checksum_of_a_separate_debug_file(void **state)
{
	static const char link[] = "a.debug\0\x01\x02\x03\x04";
	struct debug_reference reference;

	(void)state;
	assert_int_equal(missing_with(".gnu_debuglink", link, 12, &reference), 1);
	assert_int_equal(reference.kind, DEBUG_REFERENCE_LINK);
	assert_string_equal(reference.name, "a.debug");
	assert_int_equal(reference.crc32, 0x04030201);
}

static void tells_the_name_and_build_id_of_what_dwz_took_out(void **state)
{
	static const char link[] = "../x.dwz\0\xaa\xbb\xcc";
	struct debug_reference reference;

	(void)state;
	assert_int_equal(missing_with(".gnu_debugaltlink", link, 12, &reference), 1);
	assert_int_equal(reference.kind, DEBUG_REFERENCE_ALTERNATE);
	assert_string_equal(reference.name, "../x.dwz");
	assert_int_equal(reference.build_id.n_bytes, 3);
	assert_memory_equal(reference.build_id.bytes, "\xaa\xbb\xcc", 3);
}

static void knows_no_name_that_does_not_end(void **state)
{
	static const char link[] = "abcd\1\2\3\4";
	struct debug_reference reference;
	char name[2000];

	(void)state;
	assert_int_equal(missing_with(".gnu_debuglink", link, 8, &reference), 0);
	assert_int_equal(missing_with(".gnu_debugaltlink", link, 8, &reference), 0);
	assert_int_equal(missing_with(".gnu_debuglink", "abc\0\1\2\3", 7, &reference), 0);
	memset(name, 'x', sizeof(name));
	name[1500] = '\0';
	assert_int_equal(missing_with(".gnu_debuglink", name, sizeof(name), &reference), 0);
	assert_int_equal(missing_with(".gnu_debugaltlink", name, sizeof(name), &reference), 0);
}

static void misses_nothing_that_is_there(void **state)
{
	struct built_file binary = file_with(".gnu_debuglink", "a\0\0\0\1\2\3\4", 8);
	struct built_file debug = file_with(".gnu_debugaltlink", "b\0id", 4);
	struct debug_files files = { .binary = binary.elf, .debug = debug.elf };
	struct debug_reference references[2];

	(void)state;
	assert_int_equal(debug_references_read(&files, references, ARRAY_SIZE(references)), 1);
	assert_int_equal(references[0].kind, DEBUG_REFERENCE_ALTERNATE);
	assert_int_equal(debug_references_read(&files, references, 0), 0);
	files.alternate = debug.elf;
	assert_int_equal(debug_references_read(&files, references, ARRAY_SIZE(references)), 0);
	close_file(&binary);
	close_file(&debug);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_name_and_checksum_of_a_separate_debug_file),
		cmocka_unit_test(tells_the_name_and_build_id_of_what_dwz_took_out),
		cmocka_unit_test(knows_no_name_that_does_not_end),
		cmocka_unit_test(misses_nothing_that_is_there),
	};

	return cmocka_run_group_tests_name("debug references", tests, NULL, NULL);
}

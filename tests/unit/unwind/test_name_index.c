/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/name_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "fixture.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/symbol_build_report.h"
#include "unwind/symbol_file.h"
#include "unwind/symbol_file_writer.h"

/* Functions that are called @names, one after the other. */
static struct symbol_file *make_file(const char *const *names, size_t n_names)
{
	struct symbol_build_report report = { 0 };
	struct symbol_file_writer *writer;
	struct buffer bytes = { 0 };
	struct symbol_file *file;
	int fd;

	assert_int_equal(symbol_file_writer_new(&writer), 0);
	for (size_t i = 0; i < n_names; i++) {
		struct symbol_function function = { .range = { 0x1000 * (i + 1),
							       0x1000 * (i + 1) + 0x800 } };

		assert_int_equal(symbol_file_writer_add_string(writer, names[i], strlen(names[i]),
							       &function.name),
				 0);
		assert_int_equal(symbol_file_writer_add_function(writer, &function), 0);
	}
	assert_int_equal(symbol_file_writer_finish(writer, NULL, &bytes, &report), 0);
	symbol_file_writer_free(writer);
	fd = fixture_memfd(bytes.data, bytes.size);
	assert_int_equal(symbol_file_map(fd, &file), 0);
	buffer_fini(&bytes);
	close(fd);
	return file;
}

static const char *const symbols[] = {
	"_ZN4Pool4takeEi", "plain",        "ada__text_io__put_line", "gopkg.in/yaml%2ev3.Decode",
	"_ZN4PoolC1Ev",    "_ZN4PoolC2Ev", "Pool::Pool()",
};

/* Whether all names have the same checksum. */
static bool all_collide;

/* The linker's names for what stands in for a function, and for the function itself. */
uLong __wrap_crc32_z(uLong sum, const Bytef *bytes, z_size_t size);
uLong __real_crc32_z(uLong sum, const Bytef *bytes, z_size_t size);

uLong __wrap_crc32_z(uLong sum, const Bytef *bytes, z_size_t size)
{
	return all_collide ? 1 : __real_crc32_z(sum, bytes, size);
}

/* The number of the function called @name among @names, from 0; or -1. */
static int find_among(const char *const *names, size_t n_names, const char *name)
{
	struct symbol_file *file = make_file(names, n_names);
	struct code_range range = { 0 };
	struct name_index *index;
	bool is_found;

	assert_int_equal(name_index_new(file, &index), 0);
	is_found = name_index_find(index, file, name, &range);
	if (is_found)
		assert_int_equal(range.end_vaddr - range.start_vaddr, 0x800);
	name_index_free(index);
	symbol_file_free(file);
	return is_found ? (int)(range.start_vaddr / 0x1000) - 1 : -1;
}

static int find(const char *name)
{
	return find_among(symbols, ARRAY_SIZE(symbols), name);
}

static void finds_a_function_by_the_name_of_the_linker(void **state)
{
	(void)state;
	assert_int_equal(find("_ZN4Pool4takeEi"), 0);
	assert_int_equal(find("plain"), 1);
	assert_int_equal(find("_ZN4PoolC2Ev"), 5);
}

static void finds_a_function_by_its_demangled_name(void **state)
{
	(void)state;
	assert_int_equal(find("Pool::take(int)"), 0);
	assert_int_equal(find("ada.text_io.put_line"), 2);
	assert_int_equal(find("gopkg.in/yaml.v3.Decode"), 3);
}

static void prefers_the_name_of_the_linker(void **state)
{
	(void)state;
	assert_int_equal(find("Pool::Pool()"), 6);
}

static void finds_nothing_by_a_part_of_a_name(void **state)
{
	(void)state;
	assert_int_equal(find("Pool::take"), -1);
	assert_int_equal(find("plai"), -1);
	assert_int_equal(find(""), -1);
}

/* Each would be demangled for every question, while others wait. */
static void of_names_that_were_made_to_collide_it_looks_at_some(void **state)
{
	const char *names[NAME_INDEX_MAX_NAMESAKES + 2];
	const int n = NAME_INDEX_MAX_NAMESAKES;

	(void)state;
	for (int i = 0; i < n + 2; i++)
		names[i] = "other";
	all_collide = true;
	names[n - 1] = "plain";
	assert_int_equal(find_among(names, ARRAY_SIZE(names), "plain"), n - 1);
	names[n - 1] = "other";
	names[n] = "plain";
	assert_int_equal(find_among(names, ARRAY_SIZE(names), "plain"), -1);
	all_collide = false;
}

static void says_how_large_it_is(void **state)
{
	struct symbol_file *file = make_file(symbols, ARRAY_SIZE(symbols));
	struct name_index *index;

	(void)state;
	assert_int_equal(name_index_new(file, &index), 0);
	assert_in_range(name_index_bytes(index), 12 * 8, 1024);
	name_index_free(index);
	symbol_file_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_function_by_the_name_of_the_linker),
		cmocka_unit_test(finds_a_function_by_its_demangled_name),
		cmocka_unit_test(prefers_the_name_of_the_linker),
		cmocka_unit_test(finds_nothing_by_a_part_of_a_name),
		cmocka_unit_test(of_names_that_were_made_to_collide_it_looks_at_some),
		cmocka_unit_test(says_how_large_it_is),
	};

	return cmocka_run_group_tests_name("name_index", tests, NULL, NULL);
}

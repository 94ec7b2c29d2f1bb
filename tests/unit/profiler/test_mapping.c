/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "profiler/mapping.h"

static struct mapping_table *parse(const char *text, enum mapping_selection selection)
{
	struct mapping_table *table = NULL;

	assert_int_equal(mapping_table_parse(text, strlen(text), selection, &table), 0);
	return table;
}

/* The only mapping of a text of one line. */
static struct mapping only(const char *text, struct mapping_table **ret_table)
{
	*ret_table = parse(text, MAPPINGS_ALL);
	assert_int_equal(mapping_table_count(*ret_table), 1);
	return *mapping_table_get(*ret_table, 0);
}

static void reads_every_field_of_a_line(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;
	struct mapping mapping;

	(void)state;
	mapping = only("7f00-8f00 r-xp 0000a000 fe:1f 247026                     /usr/bin/a b\n",
		       &table);
	assert_int_equal(mapping.start_pc, 0x7f00);
	assert_int_equal(mapping.end_pc, 0x8f00);
	assert_int_equal(mapping.file_off, 0xa000);
	assert_int_equal(mapping.dev_major, 0xfe);
	assert_int_equal(mapping.dev_minor, 0x1f);
	assert_int_equal(mapping.inode, 247026);
	assert_string_equal(mapping.path, "/usr/bin/a b");
	assert_int_equal(mapping.kind, MAPPING_FILE);
	assert_true(mapping.executable);
	assert_false(mapping.deleted);
}

static const char three_mappings[] = "1000-2000 r--p 00000000 fe:00 7 /bin/x\n"
				     "2000-4000 r-xp 00001000 fe:00 7 /bin/x\n"
				     "4000-5000 rw-p 00003000 fe:00 7 /bin/x\n"
				     "9000-a000 r-xp 00000000 fe:00 8 /lib/y\n";

static void finds_the_mapping_that_holds_a_pc(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	table = parse(three_mappings, MAPPINGS_EXECUTABLE);
	assert_int_equal(mapping_table_count(table), 2);
	assert_null(mapping_table_find(table, 0x1fff));
	assert_string_equal(mapping_table_find(table, 0x2000)->path, "/bin/x");
	assert_string_equal(mapping_table_find(table, 0x3fff)->path, "/bin/x");
	assert_null(mapping_table_find(table, 0x4000));
	assert_string_equal(mapping_table_find(table, 0x9fff)->path, "/lib/y");
	assert_null(mapping_table_find(table, 0xa000));
	assert_null(mapping_table_find(table, UINT64_MAX));
}

static void finds_the_file_offset_of_a_pc(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	table = parse(three_mappings, MAPPINGS_EXECUTABLE);
	assert_int_equal(mapping_file_off(mapping_table_find(table, 0x2345), 0x2345), 0x1345);
}

static void finds_nothing_in_an_empty_table(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	table = parse("", MAPPINGS_ALL);
	assert_int_equal(mapping_table_count(table), 0);
	assert_null(mapping_table_find(table, 0x1000));
}

static void keeps_all_mappings_when_asked(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	table = parse(three_mappings, MAPPINGS_ALL);
	assert_int_equal(mapping_table_count(table), 4);
	assert_false(mapping_table_find(table, 0x1000)->executable);
}

static void tells_kinds_apart(void **state)
{
	static const struct {
		const char *path;
		enum mapping_kind kind;
		bool deleted;
	} cases[] = {
		{ "/usr/bin/cat", MAPPING_FILE, false },
		{ "/usr/bin/cat (deleted)", MAPPING_FILE, true },
		{ "/memfd:jit (deleted)", MAPPING_MEMFD, true },
		{ "/memfd:jit", MAPPING_FILE, false },
		{ "/dev/zero (deleted)", MAPPING_ANONYMOUS, true },
		{ "/dev/zero", MAPPING_FILE, false },
		{ "/SYSV00000000 (deleted)", MAPPING_ANONYMOUS, true },
		{ "", MAPPING_ANONYMOUS, false },
		{ "[anon:arena]", MAPPING_ANONYMOUS, false },
		{ "[heap]", MAPPING_HEAP, false },
		{ "[stack]", MAPPING_STACK, false },
		{ "[stack:812]", MAPPING_STACK, false },
		{ "[vdso]", MAPPING_VDSO, false },
		{ "[vsyscall]", MAPPING_VSYSCALL, false },
		{ "[uprobes]", MAPPING_SPECIAL, false },
		{ "anon_inode:[perf_event]", MAPPING_SPECIAL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;
		struct mapping mapping;
		char line[128];

		snprintf(line, sizeof(line), "1000-2000 r-xp 0 00:00 0 %s\n", cases[i].path);
		mapping = only(line, &table);
		assert_int_equal(mapping.kind, cases[i].kind);
		assert_int_equal(mapping.deleted, cases[i].deleted);
	}
}

static void cuts_deleted_off_the_path(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	assert_string_equal(only("1-2 r-xp 0 0:0 3 /a (deleted) (deleted)\n", &table).path,
			    "/a (deleted)");
}

static void decodes_a_newline_and_nothing_else(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	assert_string_equal(only("1-2 r-xp 0 0:0 3 /a\\012b\\040c\\01\n", &table).path,
			    "/a\nb\\040c\\01");
}

static void accepts_a_last_line_without_its_newline(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	assert_string_equal(only("1-2 r-xp 0 0:0 3 /a", &table).path, "/a");
}

static void accepts_the_last_page_of_the_address_space(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	table = parse("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]\n",
		      MAPPINGS_EXECUTABLE);
	assert_int_equal(mapping_table_find(table, 0xffffffffff600400)->kind, MAPPING_VSYSCALL);
}

static void skips_and_counts_a_line_that_does_not_parse(void **state)
{
	static const char *const lines[] = {
		"\n",
		"hello\n",
		"1000\n",
		"1000-2000\n",
		"1000-2000 r-x\n",
		"1000-2000 r-xp 0\n",
		"1000-2000 r-xp 0 fe\n",
		"1000-2000 r-xp 0 fe:0\n",
		"1000-2000 r-xp 0 fe:0 x /bin/x\n",
		"1000-2000 r-xp 0 fe:0 1/bin/x\n",
		"2000-2000 r-xp 0 fe:0 1 /bin/x\n",
		"3000-2000 r-xp 0 fe:0 1 /bin/x\n",
		"1000-10000000000002000 r-xp 0 fe:0 1 /bin/x\n",
		"1000-2000 r-xp 0 100000000:0 1 /bin/x\n",
		"1000-2000 r-xp 0 fe:0 99999999999999999999 /bin/x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;
		char text[256];

		snprintf(text, sizeof(text), "%s%s", lines[i], three_mappings);
		table = parse(text, MAPPINGS_ALL);
		assert_int_equal(mapping_table_n_skipped(table), 1);
		assert_int_equal(mapping_table_count(table), 4);
	}
}

static void skips_a_path_with_a_nul(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;
	static const char text[] = "1-2 r-xp 0 0:0 3 /a\0b\n";

	(void)state;
	assert_int_equal(mapping_table_parse(text, sizeof(text) - 1, MAPPINGS_ALL, &table), 0);
	assert_int_equal(mapping_table_n_skipped(table), 1);
	assert_int_equal(mapping_table_count(table), 0);
}

static void keeps_what_is_new_of_a_mapping_that_grew_meanwhile(void **state)
{
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	table = parse("1000-2000 r-xp 00000000 fe:00 7 /bin/x\n"
		      "1000-3000 r-xp 00000000 fe:00 7 /bin/x\n"
		      "2000-3000 r-xp 00001000 fe:00 7 /bin/x\n",
		      MAPPINGS_ALL);
	assert_int_equal(mapping_table_count(table), 2);
	assert_int_equal(mapping_table_n_skipped(table), 1);
	assert_int_equal(mapping_table_get(table, 1)->start_pc, 0x2000);
	assert_int_equal(mapping_file_off(mapping_table_find(table, 0x2fff), 0x2fff), 0x1fff);
}

static void bounds_a_table_and_counts_the_rest(void **state)
{
	_cleanup_(buffer_fini) struct buffer text = { 0 };
	_cleanup_(mapping_table_freep) struct mapping_table *table = NULL;

	(void)state;
	for (unsigned i = 1; i <= MAPPING_TABLE_MAX + 5; i++)
		buffer_printf(&text, "%x000-%x000 r-xp 0 fe:0 7 /%u\n", i, i + 1, i);
	assert_int_equal(buffer_error(&text), 0);
	assert_int_equal(mapping_table_parse(text.data, text.size, MAPPINGS_ALL, &table), 0);
	assert_int_equal(mapping_table_count(table), MAPPING_TABLE_MAX);
	assert_int_equal(mapping_table_n_over_bound(table), 5);
	assert_string_equal(mapping_table_find(table, 0x3039fff)->path, "/12345");
	assert_true(mapping_table_bytes(table) < (2 << 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_field_of_a_line),
		cmocka_unit_test(finds_the_mapping_that_holds_a_pc),
		cmocka_unit_test(finds_the_file_offset_of_a_pc),
		cmocka_unit_test(finds_nothing_in_an_empty_table),
		cmocka_unit_test(keeps_all_mappings_when_asked),
		cmocka_unit_test(tells_kinds_apart),
		cmocka_unit_test(cuts_deleted_off_the_path),
		cmocka_unit_test(decodes_a_newline_and_nothing_else),
		cmocka_unit_test(accepts_a_last_line_without_its_newline),
		cmocka_unit_test(accepts_the_last_page_of_the_address_space),
		cmocka_unit_test(skips_and_counts_a_line_that_does_not_parse),
		cmocka_unit_test(skips_a_path_with_a_nul),
		cmocka_unit_test(keeps_what_is_new_of_a_mapping_that_grew_meanwhile),
		cmocka_unit_test(bounds_a_table_and_counts_the_rest),
	};

	return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}

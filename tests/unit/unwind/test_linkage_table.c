/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/linkage_table.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_rows.h"

#define TABLE_VADDR (BUILT_VADDR + BUILT_HEADER_BYTES)

struct found {
	struct unwind_rule_set *set;
	struct unwind_rows rows; /* that are there before */
	struct unwind_rows over;
};

static struct found read_sections(const struct built_section *sections, size_t n, uint16_t machine,
				  struct unwind_rows rows)
{
	struct found found = { .set = calloc(1, sizeof(*found.set)), .rows = rows };
	struct buffer elf = { 0 };
	struct elf_file *file;
	int fd;

	unwind_rule_set_init(found.set);
	elf_build(&elf, machine, sections, n, 1);
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(linkage_table_read(file, &found.rows, found.set, &found.over), 0);
	elf_file_free(file);
	close(fd);
	buffer_fini(&elf);
	return found;
}

static struct found read_table(const char *name, const void *bytes, size_t size, uint16_t machine)
{
	const struct built_section section = { .name = name, .bytes = bytes, .size = size };

	return read_sections(&section, 1, machine, (struct unwind_rows){ 0 });
}

static void found_fini(struct found *found)
{
	unwind_rows_fini(&found->rows);
	unwind_rows_fini(&found->over);
	free(found->set);
}

static struct unwind_rule rule_at(const struct found *found, size_t off)
{
	size_t i = unwind_rows_find_behind(&found->over, TABLE_VADDR + off);

	return found->set->rules[i ? found->over.items[i - 1].rule : UNWIND_RULE_NONE];
}

/* How many bytes lie between sp and the caller's; 0: there is no rule. */
static int depth_at(const struct found *found, size_t off)
{
	struct unwind_rule rule = rule_at(found, off);

	assert_true(rule.cfa_kind == UNWIND_CFA_NONE || rule.cfa_kind == UNWIND_CFA_SP);
	return rule.cfa_off;
}

static const uint8_t lazy[] = {
	0xff, 0x35, 1, 2, 3, 4, 0xff, 0x25, 1,    2,    3,    4,    0x0f, 0x1f, 0x40, 0, /* head */
	0xff, 0x25, 1, 2, 3, 4, 0x68, 0,    0,    0,    0,    0xe9, 1,    2,    3,    4, /* entry */
	0xff, 0x25, 1, 2, 3, 4, 0x68, 1,    0,    0,    0,    0xe9, 1,    2,    3,    4, 0x4c,
	0x8b, 0x1d, 1, 2, 3, 4, 0x41, 0xff, 0xe3, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
};

static void an_entry_pushes_its_number_and_the_head_a_word_more(void **state)
{
	struct found found = read_table(".plt", lazy, sizeof(lazy), EM_X86_64);

	(void)state;
	assert_int_equal(depth_at(&found, 0), 16);
	assert_int_equal(depth_at(&found, 5), 16);
	assert_int_equal(depth_at(&found, 6), 24);
	assert_int_equal(depth_at(&found, 15), 24);
	for (size_t entry = 16; entry <= 32; entry += 16) {
		assert_int_equal(depth_at(&found, entry), 8);
		assert_int_equal(depth_at(&found, entry + 10), 8);
		assert_int_equal(depth_at(&found, entry + 11), 16);
		assert_int_equal(depth_at(&found, entry + 15), 16);
	}
	found_fini(&found);
}

static void code_of_another_form_is_left_alone(void **state)
{
	struct found found = read_table(".plt", lazy, sizeof(lazy), EM_X86_64);

	(void)state;
	assert_int_equal(depth_at(&found, 48), 0);
	assert_int_equal(depth_at(&found, 63), 0);
	found_fini(&found);
	found = read_table(".text", lazy, sizeof(lazy), EM_X86_64);
	assert_int_equal(found.over.n, 0);
	found_fini(&found);
}

static void landing_pads_come_before_an_entry(void **state)
{
	static const uint8_t pushes[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x68, 1, 0, 0,
					  0,    0xf2, 0xe9, 1,    2,    3, 4, 0x90 };
	static const uint8_t jumps[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 1,
					 2,    3,    4,    0x0f, 0x1f, 0x44, 0,    0 };
	struct found found = read_table(".plt", pushes, sizeof(pushes), EM_X86_64);

	(void)state;
	assert_int_equal(depth_at(&found, 8), 8);
	assert_int_equal(depth_at(&found, 9), 16);
	assert_int_equal(depth_at(&found, sizeof(pushes)), 0);
	found_fini(&found);
	found = read_table(".plt.sec", jumps, sizeof(jumps), EM_X86_64);
	assert_int_equal(depth_at(&found, 0), 8);
	assert_int_equal(depth_at(&found, 15), 8);
	assert_int_equal(depth_at(&found, sizeof(jumps)), 0);
	found_fini(&found);
}

static void where_there_is_a_rule_it_holds(void **state)
{
	const struct built_section section = { .name = ".plt", .bytes = lazy, .size = 48 };
	struct unwind_rows rows = { 0 };
	struct found found;

	(void)state;
	assert_int_equal(unwind_rows_append(&rows, TABLE_VADDR, UNWIND_RULE_UNSUPPORTED), 0);
	assert_int_equal(unwind_rows_append(&rows, TABLE_VADDR + 32, UNWIND_RULE_NONE), 0);
	found = read_sections(&section, 1, EM_X86_64, rows);
	assert_int_equal(depth_at(&found, 0), 0);
	assert_int_equal(depth_at(&found, 31), 0);
	assert_int_equal(depth_at(&found, 32), 8);
	found_fini(&found);
}

/* Every end of the section is one where an entry may be cut. */
static void an_entry_that_is_cut_is_none(void **state)
{
	(void)state;
	for (size_t size = 1; size < 48; size++) {
		struct found found = read_table(".plt", lazy, size, EM_X86_64);

		assert_int_equal(depth_at(&found, size), 0);
		assert_int_equal(depth_at(&found, 0), size < 16 ? 0 : 16);
		found_fini(&found);
	}
}

static void on_arm64_the_head_pushes_the_return_address(void **state)
{
	static const uint32_t code[] = {
		0xd503245f, 0xa9bf7bf0, 0x90000090, 0xf9400211, 0x91000210, 0xd61f0220,
		0xd503201f, 0xd503201f, 0x90000090, 0xf9400211, 0x91000210, 0xd61f0220,
	};
	struct found found = read_table(".plt", code, sizeof(code), EM_AARCH64);

	(void)state;
	assert_int_equal(rule_at(&found, 4).ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(rule_at(&found, 4).reg, 30);
	assert_int_equal(rule_at(&found, 8).ra_kind, UNWIND_RA_CFA);
	assert_int_equal(rule_at(&found, 8).cfa_off, 16);
	assert_int_equal(rule_at(&found, 8).fp_off, -8);
	assert_int_equal(rule_at(&found, 32).ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(rule_at(&found, sizeof(code)).cfa_kind, UNWIND_CFA_NONE);
	found_fini(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_pushes_its_number_and_the_head_a_word_more),
		cmocka_unit_test(code_of_another_form_is_left_alone),
		cmocka_unit_test(landing_pads_come_before_an_entry),
		cmocka_unit_test(where_there_is_a_rule_it_holds),
		cmocka_unit_test(an_entry_that_is_cut_is_none),
		cmocka_unit_test(on_arm64_the_head_pushes_the_return_address),
	};

	return cmocka_run_group_tests_name("linkage table", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/dwarf_ranges.h"

#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/array.h"
#include "unwind/dwarf_unit.h"

#define BASE_VADDR 0x1000

/* Addresses 0 and 1 of .debug_addr. */
static const uint64_t addresses[] = { 0x4000, 0x5000 };

/* A unit with one section of lists, and an entry whose list starts at @offset of that. */
struct list {
	struct dwarf_sections sections;
	struct dwarf_unit unit;
	struct dwarf_entry entry;
	struct dwarf_ranges ranges;
};

static void read_list(struct list *list, uint16_t version, const void *bytes, size_t size,
		      const struct dwarf_value *value)
{
	enum dwarf_section section = version >= 5 ? DWARF_SECTION_RNGLISTS : DWARF_SECTION_RANGES;

	*list = (struct list){
		.unit = { .sections = &list->sections,
			  .address_sections = &list->sections,
			  .encoding = { version, 8, 4 },
			  .base_vaddr = BASE_VADDR },
		.entry.present = 1U << DWARF_RANGES,
		.entry.values[DWARF_RANGES] = *value,
	};
	list->sections.contents[section] = (struct elf_content){ .bytes = bytes, .size = size };
	list->sections.contents[DWARF_SECTION_ADDR] =
		(struct elf_content){ .bytes = (const uint8_t *)addresses,
				      .size = sizeof(addresses) };
	assert_int_equal(dwarf_ranges_read(&list->unit, &list->entry, &list->ranges), 0);
}

static void has_ranges(struct list *list, const struct symbol_range *expected, size_t n)
{
	assert_int_equal(list->ranges.n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list->ranges.ranges[i].start_vaddr, expected[i].start_vaddr);
		assert_int_equal(list->ranges.ranges[i].end_vaddr, expected[i].end_vaddr);
	}
	dwarf_ranges_fini(&list->ranges);
}

static void reads_pairs_with_a_base_up_to_dwarf_4(void **state)
{
	static const uint64_t pairs[] = { 0x10, 0x20, 5, 5, UINT64_MAX, 0x8000, 1, 2, 0, 0, 7, 9 };
	const struct symbol_range expected[] = { { 0x1010, 0x1020 }, { 0x8001, 0x8002 } };
	const struct dwarf_value offset = { .form = DW_FORM_sec_offset };
	struct list list;

	(void)state;
	read_list(&list, 4, pairs, sizeof(pairs), &offset);
	has_ranges(&list, expected, ARRAY_SIZE(expected));
	/* A list that does not end counts as far as it goes. */
	read_list(&list, 4, pairs, 20, &offset);
	has_ranges(&list, expected, 1);
}

/* clang-format off */
static const uint8_t all_kinds[] = {
	DW_RLE_offset_pair, 0x10, 0x20,
	DW_RLE_base_addressx, 0,
	DW_RLE_offset_pair, 0x10, 0x20,
	DW_RLE_startx_endx, 0, 1,
	DW_RLE_startx_length, 1, 8,
	DW_RLE_startx_length, 99, 8, /* there is no such address */
	DW_RLE_base_address, 0, 0x60, 0, 0, 0, 0, 0, 0,
	DW_RLE_offset_pair, 1, 2,
	DW_RLE_start_end, 0, 0x70, 0, 0, 0, 0, 0, 0, 5, 0x70, 0, 0, 0, 0, 0, 0,
	DW_RLE_start_length, 0, 0x71, 0, 0, 0, 0, 0, 0, 6,
	DW_RLE_end_of_list, DW_RLE_offset_pair, 1, 2,
};
/* clang-format on */

static void reads_all_kinds_of_entries_of_dwarf_5(void **state)
{
	const struct dwarf_value offset = { .form = DW_FORM_sec_offset };
	const struct symbol_range expected[] = {
		{ 0x1010, 0x1020 }, { 0x4010, 0x4020 }, { 0x4000, 0x5000 }, { 0x5000, 0x5008 },
		{ 0x6001, 0x6002 }, { 0x7000, 0x7005 }, { 0x7100, 0x7106 },
	};
	struct list list;

	(void)state;
	read_list(&list, 5, all_kinds, sizeof(all_kinds), &offset);
	has_ranges(&list, expected, ARRAY_SIZE(expected));
}

static void stops_at_an_entry_that_nobody_knows(void **state)
{
	static const uint8_t bytes[] = { DW_RLE_offset_pair, 1, 2, 0x70, DW_RLE_offset_pair, 3, 4 };
	const struct symbol_range expected[] = { { 0x1001, 0x1002 } };
	struct list list;

	(void)state;
	read_list(&list, 5, bytes, sizeof(bytes),
		  &(struct dwarf_value){ .form = DW_FORM_sec_offset });
	has_ranges(&list, expected, 1);
	read_list(&list, 5, bytes, sizeof(bytes),
		  &(struct dwarf_value){ .form = DW_FORM_sec_offset, .number = 100 });
	has_ranges(&list, NULL, 0);
	read_list(&list, 5, bytes, sizeof(bytes),
		  &(struct dwarf_value){ .form = DW_FORM_rnglistx, .number = UINT64_MAX });
	has_ranges(&list, NULL, 0);
}

static void reads_low_and_high_pc_as_address_or_length(void **state)
{
	struct dwarf_unit unit = { .encoding = { 4, 8, 4 } };
	struct dwarf_entry entry = {
		.present = 1U << DWARF_LOW_PC | 1U << DWARF_HIGH_PC,
		.values = { [DWARF_LOW_PC] = { .number = 0x100, .form = DW_FORM_addr },
			    [DWARF_HIGH_PC] = { .number = 0x180, .form = DW_FORM_addr } },
	};
	const struct symbol_range expected[] = { { 0x100, 0x180 }, { 0x100, 0x280 } };
	struct list list = { .ranges.n = 0 };

	(void)state;
	assert_int_equal(dwarf_ranges_read(&unit, &entry, &list.ranges), 0);
	entry.values[DWARF_HIGH_PC].form = DW_FORM_data8;
	assert_int_equal(dwarf_ranges_read(&unit, &entry, &list.ranges), 0);
	/* As the linker leaves what it has dropped. */
	entry.values[DWARF_HIGH_PC].number = 0;
	assert_int_equal(dwarf_ranges_read(&unit, &entry, &list.ranges), 0);
	has_ranges(&list, expected, ARRAY_SIZE(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_pairs_with_a_base_up_to_dwarf_4),
		cmocka_unit_test(reads_all_kinds_of_entries_of_dwarf_5),
		cmocka_unit_test(stops_at_an_entry_that_nobody_knows),
		cmocka_unit_test(reads_low_and_high_pc_as_address_or_length),
	};

	return cmocka_run_group_tests_name("DWARF ranges", tests, NULL, NULL);
}

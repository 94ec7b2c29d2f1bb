/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/frame_entry.h"

#include <dwarf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/base/buffer.h"
#include "unwind/cfa_rule.h"

#define SECTION_VADDR 0x5000

/* Sections are written entry by entry: append_entry(bytes...) puts the length in front. */
static void append_entry(struct buffer *section, const void *bytes, size_t size)
{
	uint32_t length = (uint32_t)size;

	buffer_append(section, &length, sizeof(length));
	buffer_append(section, bytes, size);
}

#define APPEND_ENTRY(section, ...)                                                                 \
	append_entry(section, (const uint8_t[]){ __VA_ARGS__ },                                    \
		     sizeof((const uint8_t[]){ __VA_ARGS__ }))

#define ID_CIE              0, 0, 0, 0
#define ID_BACK(n)          (n), 0, 0, 0 /* from the id to its CIE */
#define INITIAL_PROGRAM     DW_CFA_def_cfa, 7, 8, DW_CFA_offset | 16, 1
#define NO_FACTOR_RA        1, 0x78, 16
#define ADDRESS_4(low, mid) (low), (mid), 0, 0
#define ADDRESS_8(low, mid) (low), (mid), 0, 0, 0, 0, 0, 0

static struct frame_section section_of(const struct buffer *bytes)
{
	struct frame_section section = {
		.content = { .bytes = (const uint8_t *)bytes->data,
			     .size = bytes->size,
			     .elf_vaddr = SECTION_VADDR },
	};

	section.base = (struct eh_pointer_base){ .bytes = section.content.bytes,
						 .elf_vaddr = SECTION_VADDR };
	return section;
}

/* Read @bytes, which are freed; the entries point into them no more than by offsets. */
static struct frame_entries read_section(struct buffer *bytes)
{
	struct frame_section section = section_of(bytes);
	struct frame_entries entries = { 0 };

	assert_int_equal(frame_entries_read(&section, &entries), 0);
	buffer_fini(bytes);
	return entries;
}

/* A CIE with these bytes behind its id; is it taken as one, and what does it say? */
#define READ_CIE(...)                                                                              \
	({                                                                                         \
		struct buffer bytes_ = { 0 };                                                      \
		APPEND_ENTRY(&bytes_, ID_CIE, __VA_ARGS__);                                        \
		struct frame_entries entries_ = read_section(&bytes_);                             \
		assert_int_equal(entries_.n_cies, 1);                                              \
		struct frame_cie cie_ = entries_.cies[0];                                          \
		assert_int_equal(entries_.n_bad, cie_.is_bad);                                     \
		frame_entries_fini(&entries_);                                                     \
		cie_;                                                                              \
	})

static void reads_each_version_of_a_cie(void **state)
{
	struct frame_cie cie = READ_CIE(1, 0, NO_FACTOR_RA, INITIAL_PROGRAM);

	(void)state;
	assert_false(cie.is_bad);
	assert_int_equal(cie.form.code_factor, 1);
	assert_int_equal(cie.form.data_factor, -8);
	assert_int_equal(cie.form.ra_register, 16);
	assert_int_equal(cie.initial.cfa_register, 7);
	assert_int_equal(cie.initial.ra.off, -8);
	/* A number of version 1 is a byte; later it is a ULEB128. */
	assert_int_equal(READ_CIE(1, 0, 1, 0x78, 0x90).form.ra_register, 0x90);
	assert_int_equal(READ_CIE(3, 0, 1, 0x78, 0x90, 0x01).form.ra_register, 0x90);
	cie = READ_CIE(4, 0, 8, 0, NO_FACTOR_RA, INITIAL_PROGRAM);
	assert_false(cie.is_bad);
	assert_int_equal(cie.form.ra_register, 16);
}

static void refuses_cies_that_it_does_not_know(void **state)
{
	(void)state;
	assert_true(READ_CIE(0, 0, NO_FACTOR_RA).is_bad);
	assert_true(READ_CIE(2, 0, NO_FACTOR_RA).is_bad);
	assert_true(READ_CIE(5, 0, NO_FACTOR_RA).is_bad);
	assert_true(READ_CIE(4, 0, 4, 0, NO_FACTOR_RA).is_bad); /* 32-bit addresses */
	assert_true(READ_CIE(4, 0, 8, 2, NO_FACTOR_RA).is_bad); /* segments */
	assert_true(READ_CIE(1, 'x', 0, NO_FACTOR_RA).is_bad);
	assert_true(READ_CIE(1, 'z', 'R').is_bad);
	assert_true(READ_CIE(1, 'z', 'R', 0, NO_FACTOR_RA, 9, 0x1b).is_bad);
	assert_true(READ_CIE(1, 'z', 'R', 0, NO_FACTOR_RA, 1, DW_EH_PE_omit).is_bad);
	assert_true(READ_CIE(1, 0, NO_FACTOR_RA, DW_CFA_advance_loc | 1).is_bad);
}

static void knows_every_augmentation(void **state)
{
	struct frame_cie cie = READ_CIE(1, 'z', 'P', 'L', 'R', 'S', 'B', 'G', 0, NO_FACTOR_RA, 7,
					DW_EH_PE_indirect | DW_EH_PE_pcrel | DW_EH_PE_sdata4, 1, 2,
					3, 4, 0x0b, 0x1b, INITIAL_PROGRAM);

	(void)state;
	assert_false(cie.is_bad);
	assert_true(cie.is_signal);
	assert_true(cie.has_augmentation);
	assert_int_equal(cie.form.pointer_encoding, 0x1b);
	assert_int_equal(cie.initial.cfa_off, 8);
	cie = READ_CIE(1, 'e', 'h', 0, 1, 2, 3, 4, 5, 6, 7, 8, NO_FACTOR_RA, INITIAL_PROGRAM);
	assert_false(cie.is_bad);
	assert_false(cie.has_augmentation);
	assert_int_equal(cie.form.ra_register, 16);
}

static void passes_over_the_data_of_unknown_letters(void **state)
{
	struct frame_cie cie =
		READ_CIE(1, 'z', 'R', 'Q', 'S', 0, NO_FACTOR_RA, 3, 0x1b, 7, 7, INITIAL_PROGRAM);

	(void)state;
	assert_false(cie.is_bad);
	assert_false(cie.is_signal);
	assert_int_equal(cie.initial.cfa_off, 8);
}

/* The CIE takes 18 bytes, its length included: an FDE behind it has its id at 22. */
static void append_cie(struct buffer *bytes, uint8_t encoding)
{
	APPEND_ENTRY(bytes, ID_CIE, 1, 'z', 'R', 0, NO_FACTOR_RA, 1, encoding, DW_CFA_nop);
	assert_int_equal(bytes->size, 18);
}

static void reads_the_range_of_an_fde(void **state)
{
	struct buffer bytes = { 0 };
	struct frame_entries entries;

	(void)state;
	append_cie(&bytes, DW_EH_PE_pcrel | DW_EH_PE_sdata4);
	APPEND_ENTRY(&bytes, ID_BACK(22), ADDRESS_4(0x00, 0x10), ADDRESS_4(0x20, 0), 2, 0xaa, 0xbb,
		     DW_CFA_nop, DW_CFA_nop);
	entries = read_section(&bytes);
	assert_int_equal(entries.n_fdes, 1);
	assert_int_equal(entries.fdes[0].start_vaddr, SECTION_VADDR + 26 + 0x1000);
	assert_int_equal(entries.fdes[0].end_vaddr, SECTION_VADDR + 26 + 0x1020);
	assert_int_equal(entries.fdes[0].code_off, 37);
	assert_int_equal(entries.fdes[0].code_bytes, 2);
	assert_int_equal(entries.fdes[0].cie_i, 0);
	assert_int_equal(entries.n_bad, 0);
	frame_entries_fini(&entries);
}

static void reads_debug_frame(void **state)
{
	struct buffer bytes = { 0 };
	struct frame_entries entries;
	struct frame_section section;

	(void)state;
	APPEND_ENTRY(&bytes, 0xff, 0xff, 0xff, 0xff, 3, 0, NO_FACTOR_RA, INITIAL_PROGRAM);
	APPEND_ENTRY(&bytes, 0, 0, 0, 0, ADDRESS_8(0, 0x40), ADDRESS_8(0x10, 0), DW_CFA_nop);
	section = section_of(&bytes);
	section.is_debug_frame = true;
	entries = (struct frame_entries){ 0 };
	assert_int_equal(frame_entries_read(&section, &entries), 0);
	assert_int_equal(entries.n_fdes, 1);
	assert_int_equal(entries.fdes[0].start_vaddr, 0x4000);
	assert_int_equal(entries.fdes[0].end_vaddr, 0x4010);
	frame_entries_fini(&entries);
	buffer_fini(&bytes);
}

static void reads_64_bit_entries(void **state)
{
	static const uint8_t cie[] = { 0xff, 0xff, 0xff, 0xff, 9, 0, 0, 0, 0,           0,
				       0,    0,    0,    0,    0, 0, 3, 0, NO_FACTOR_RA };
	static const uint8_t debug_cie[] = { 0xff, 0xff, 0xff, 0xff, 13,   0,    0,           0,
					     0,    0,    0,    0,    0xff, 0xff, 0xff,        0xff,
					     0xff, 0xff, 0xff, 0xff, 3,    0,    NO_FACTOR_RA };
	struct buffer bytes = { 0 };
	struct frame_entries entries = { 0 };
	struct frame_section section;

	(void)state;
	buffer_append(&bytes, cie, sizeof(cie));
	entries = read_section(&bytes);
	assert_int_equal(entries.n_cies, 1);
	assert_int_equal(entries.n_bad, 0);
	frame_entries_fini(&entries);

	buffer_append(&bytes, debug_cie, sizeof(debug_cie));
	section = section_of(&bytes);
	section.is_debug_frame = true;
	assert_int_equal(frame_entries_read(&section, &entries), 0);
	assert_int_equal(entries.n_cies, 1);
	assert_int_equal(entries.n_bad, 0);
	frame_entries_fini(&entries);
	buffer_fini(&bytes);
}

static void a_length_of_0_ends_what_has_no_size(void **state)
{
	struct buffer bytes = { 0 };
	struct frame_entries entries = { 0 };
	struct frame_section section;

	(void)state;
	append_cie(&bytes, 0x1b);
	buffer_append_zeros(&bytes, 4);
	APPEND_ENTRY(&bytes, ID_CIE, 1, 0, NO_FACTOR_RA);
	section = section_of(&bytes);
	section.ends_at_zero = true;
	assert_int_equal(frame_entries_read(&section, &entries), 0);
	assert_int_equal(entries.n_cies, 1);
	frame_entries_fini(&entries);
	section.ends_at_zero = false; /* of a section they are padding */
	assert_int_equal(frame_entries_read(&section, &entries), 0);
	assert_int_equal(entries.n_cies, 2);
	frame_entries_fini(&entries);
	buffer_fini(&bytes);
}

static void passes_over_entries_without_a_cie(void **state)
{
	struct buffer bytes = { 0 };
	struct frame_entries entries;

	(void)state;
	append_cie(&bytes, DW_EH_PE_udata4);
	APPEND_ENTRY(&bytes, ID_BACK(20), ADDRESS_4(0, 0x10), ADDRESS_4(1, 0), 0); /* inside it */
	APPEND_ENTRY(&bytes, ID_BACK(4), ADDRESS_4(0, 0x10), ADDRESS_4(1, 0), 0);  /* itself */
	APPEND_ENTRY(&bytes, ID_BACK(255), ADDRESS_4(0, 0x10), ADDRESS_4(1, 0), 0);
	APPEND_ENTRY(&bytes, ID_BACK(22 + 3 * 17), ADDRESS_4(0, 0x10), ADDRESS_4(1, 0), 9);
	APPEND_ENTRY(&bytes, ID_BACK(22 + 4 * 17), ADDRESS_4(0, 0x10), ADDRESS_4(1, 0), 0);
	entries = read_section(&bytes);
	assert_int_equal(entries.n_bad, 4);
	assert_int_equal(entries.n_fdes, 1);
	frame_entries_fini(&entries);
}

static void ends_where_lengths_make_no_sense(void **state)
{
	struct buffer bytes = { 0 };
	struct frame_entries entries;

	(void)state;
	append_cie(&bytes, 0x1b);
	buffer_append(&bytes, "\xff\xff\xff\x7f", 4);
	buffer_append_zeros(&bytes, 100);
	entries = read_section(&bytes);
	assert_int_equal(entries.n_cies, 1);
	assert_int_equal(entries.n_fdes, 0);
	frame_entries_fini(&entries);
}

static void sorts_by_address_and_keeps_the_order_of_equals(void **state)
{
	static const uint64_t starts[] = { 0x500000001, 3, 0x500000001, 0x3fffffffff0, 1, 3, 2 };
	static const uint32_t sorted[] = { 4, 6, 1, 5, 0, 2, 3 };
	struct frame_entries entries = { .n_fdes = 7, .fde_capacity = 7 };

	(void)state;
	entries.fdes = calloc(7, sizeof(*entries.fdes));
	for (uint32_t i = 0; i < 7; i++)
		entries.fdes[i] = (struct frame_fde){ .start_vaddr = starts[i], .cie_i = i };
	assert_int_equal(frame_entries_sort(&entries), 0);
	for (uint32_t i = 0; i < 7; i++)
		assert_int_equal(frame_entries_fde(&entries, i)->cie_i, sorted[i]);
	frame_entries_fini(&entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_version_of_a_cie),
		cmocka_unit_test(refuses_cies_that_it_does_not_know),
		cmocka_unit_test(knows_every_augmentation),
		cmocka_unit_test(passes_over_the_data_of_unknown_letters),
		cmocka_unit_test(reads_the_range_of_an_fde),
		cmocka_unit_test(reads_debug_frame),
		cmocka_unit_test(reads_64_bit_entries),
		cmocka_unit_test(a_length_of_0_ends_what_has_no_size),
		cmocka_unit_test(passes_over_entries_without_a_cie),
		cmocka_unit_test(ends_where_lengths_make_no_sense),
		cmocka_unit_test(sorts_by_address_and_keeps_the_order_of_equals),
	};

	return cmocka_run_group_tests_name("frame entry", tests, NULL, NULL);
}

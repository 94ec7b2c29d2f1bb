/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/eh_pointer.h"

#include <dwarf.h>
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "unwind/elf_file.h"

static const uint8_t bytes[] = { 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				 0,    0,    0,    0,    0,    0,    0,    0 };

static const struct eh_pointer_base base = {
	.bytes = bytes,
	.elf_vaddr = 0x1000,
	.text_vaddr = 0x20000,
	.data_vaddr = 0x300000,
};

static uint64_t read_at(size_t off, uint8_t encoding, size_t expected_bytes)
{
	struct byte_cursor cursor = byte_cursor_at(bytes + off, sizeof(bytes) - off);
	uint64_t value = eh_pointer_read(&cursor, encoding, &base);

	assert_false(cursor.is_bad);
	assert_ptr_equal(cursor.next, bytes + off + expected_bytes);
	return value;
}

static void knows_every_format(void **state)
{
	(void)state;
	assert_int_equal(read_at(0, DW_EH_PE_absptr, 8), -16);
	assert_int_equal(read_at(0, DW_EH_PE_signed, 8), -16);
	assert_int_equal(read_at(0, DW_EH_PE_udata8, 8), -16);
	assert_int_equal(read_at(0, DW_EH_PE_sdata8, 8), -16);
	assert_int_equal(read_at(0, DW_EH_PE_udata4, 4), 0xfffffff0);
	assert_int_equal(read_at(0, DW_EH_PE_sdata4, 4), -16);
	assert_int_equal(read_at(0, DW_EH_PE_udata2, 2), 0xfff0);
	assert_int_equal(read_at(0, DW_EH_PE_sdata2, 2), -16);
	assert_int_equal(read_at(8, DW_EH_PE_uleb128, 1), 0);
	assert_int_equal(read_at(7, DW_EH_PE_sleb128, 2), 127);
}

static void adds_what_pointers_are_relative_to(void **state)
{
	(void)state;
	assert_int_equal(read_at(0, DW_EH_PE_pcrel | DW_EH_PE_sdata4, 4), 0x1000 - 16);
	assert_int_equal(read_at(4, DW_EH_PE_pcrel | DW_EH_PE_sdata4, 4), 0x1004 - 1);
	assert_int_equal(read_at(0, DW_EH_PE_textrel | DW_EH_PE_sdata2, 2), 0x20000 - 16);
	assert_int_equal(read_at(0, DW_EH_PE_datarel | DW_EH_PE_sdata4, 4), 0x300000 - 16);
	assert_int_equal(read_at(3, DW_EH_PE_aligned, 13), 0);
}

static void reads_lengths_as_they_stand(void **state)
{
	struct byte_cursor cursor = byte_cursor_at(bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(eh_pointer_read_length(&cursor, DW_EH_PE_pcrel | DW_EH_PE_udata2, &base),
			 0xfff0);
}

static void an_omitted_pointer_takes_no_bytes(void **state)
{
	(void)state;
	assert_int_equal(read_at(0, DW_EH_PE_omit, 0), 0);
}

static void fails_where_nothing_can_be_read(void **state)
{
	static const uint8_t encodings[] = {
		DW_EH_PE_absptr,                     /* too short */
		0x05,                                /* no such format */
		DW_EH_PE_funcrel | DW_EH_PE_udata2,  /* relative to what is not known yet */
		DW_EH_PE_indirect | DW_EH_PE_udata2, /* there is no file */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(encodings); i++) {
		struct byte_cursor cursor = byte_cursor_at(bytes, 7);

		eh_pointer_read(&cursor, encodings[i], &base);
		assert_true(cursor.is_bad);
	}
}

static void follows_indirect_pointers(void **state)
{
	static const uint64_t stored = 0x1122334455667788;
	const struct built_section section = { .name = ".got",
					       .bytes = &stored,
					       .size = sizeof(stored) };
	uint32_t pointer = (uint32_t)built_section_vaddr(&section, 0);
	struct byte_cursor cursor = byte_cursor_at((uint8_t *)&pointer, sizeof(pointer));
	struct eh_pointer_base with_file = { .bytes = (uint8_t *)&pointer };
	struct buffer elf = { 0 };
	struct elf_file *file;
	int fd;

	(void)state;
	elf_build(&elf, EM_X86_64, &section, 1, true);
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(fd, &file), 0);
	with_file.file = file;
	assert_int_equal(eh_pointer_read(&cursor, DW_EH_PE_indirect | DW_EH_PE_udata4, &with_file),
			 stored);
	assert_false(cursor.is_bad);
	elf_file_free(file);
	buffer_fini(&elf);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_every_format),
		cmocka_unit_test(adds_what_pointers_are_relative_to),
		cmocka_unit_test(reads_lengths_as_they_stand),
		cmocka_unit_test(an_omitted_pointer_takes_no_bytes),
		cmocka_unit_test(fails_where_nothing_can_be_read),
		cmocka_unit_test(follows_indirect_pointers),
	};

	return cmocka_run_group_tests_name("eh_pointer", tests, NULL, NULL);
}

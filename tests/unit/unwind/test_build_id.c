/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/build_id.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"

enum { ID_BYTES = 20 };

struct note {
	Elf64_Nhdr header;
	char name[4];
	uint8_t id[ID_BYTES];
};

static struct note make_note(void)
{
	struct note note = {
		.header = { .n_namesz = 4, .n_descsz = ID_BYTES, .n_type = NT_GNU_BUILD_ID },
		.name = "GNU",
	};

	for (int i = 0; i < ID_BYTES; i++)
		note.id[i] = (uint8_t)(i + 1);
	return note;
}

/* Append an ELF file to @elf whose notes these are. */
static void build_elf(struct buffer *elf, const void *notes, size_t size)
{
	const struct built_section section = {
		.name = ".note",
		.bytes = notes,
		.size = size,
		.segment_type = PT_NOTE,
	};

	elf_build(elf, EM_X86_64, &section, 1, 0);
}

static int read_from(const void *bytes, size_t size, struct build_id *ret_id)
{
	int fd = fixture_memfd(bytes, size);
	int r = build_id_read(fd, ret_id);

	close(fd);
	return r;
}

static void reads_the_id_of_a_file(void **state)
{
	const struct note note = make_note();
	struct buffer elf = { 0 };
	struct build_id id;

	(void)state;
	build_elf(&elf, &note, sizeof(note));
	assert_int_equal(read_from(elf.data, elf.size, &id), 0);
	assert_int_equal(id.n_bytes, ID_BYTES);
	assert_memory_equal(id.bytes, note.id, ID_BYTES);
	assert_int_equal(id.bytes[ID_BYTES], 0);
	buffer_fini(&elf);
}

static void reads_the_id_of_a_module(void **state)
{
	const struct note note = make_note();
	const struct built_section sections[] = {
		{ .name = ".text", .bytes = &note, .size = sizeof(note) }, /* no notes there */
		{ .name = ".note", .bytes = &note, .size = sizeof(note), .type = SHT_NOTE },
	};
	struct buffer elf = { 0 };
	struct build_id id;

	(void)state;
	elf_build_module(&elf, EM_X86_64, sections, 1);
	assert_int_equal(read_from(elf.data, elf.size, &id), -ENODATA);
	buffer_fini(&elf);
	elf_build_module(&elf, EM_X86_64, sections, 2);
	assert_int_equal(read_from(elf.data, elf.size, &id), 0);
	assert_memory_equal(id.bytes, note.id, ID_BYTES);
	for (size_t size = 0; size < elf.size; size++)
		assert_int_equal(read_from(elf.data, size, &id), -EBADMSG);
	buffer_fini(&elf);
}

static void tells_a_file_without_an_id(void **state)
{
	struct note note = make_note();
	struct buffer elf = { 0 };
	struct build_id id;

	(void)state;
	note.header.n_type = NT_GNU_ABI_TAG;
	build_elf(&elf, &note, sizeof(note));
	assert_int_equal(read_from(elf.data, elf.size, &id), -ENODATA);
	buffer_fini(&elf);
}

static void refuses_what_is_no_elf_file(void **state)
{
	const struct note note = make_note();
	struct buffer elf = { 0 };
	struct build_id id;

	(void)state;
	build_elf(&elf, &note, sizeof(note));
	assert_int_equal(read_from("", 0, &id), -EBADMSG);
	assert_int_equal(read_from("#!/bin/sh\n", 10, &id), -EBADMSG);
	assert_int_equal(read_from(elf.data, sizeof(Elf64_Ehdr) + 8, &id), -EBADMSG);
	elf.data[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(read_from(elf.data, elf.size, &id), -EBADMSG);
	buffer_fini(&elf);
}

static void a_file_that_is_cut_short_has_no_id(void **state)
{
	const struct note note = make_note();
	struct buffer elf = { 0 };

	(void)state;
	build_elf(&elf, &note, sizeof(note));
	for (size_t size = 0; size < BUILT_HEADER_BYTES + sizeof(note); size++) {
		struct build_id id;

		assert_true(read_from(elf.data, size, &id) < 0);
	}
	buffer_fini(&elf);
}

static void finds_the_id_behind_other_notes(void **state)
{
	struct {
		struct note other, own;
	} notes = { make_note(), make_note() };
	struct build_id id;

	(void)state;
	notes.other.header.n_type = NT_GNU_ABI_TAG;
	notes.own.id[0] = 0xee;
	assert_true(build_id_find(&notes, sizeof(notes), 4, &id));
	assert_int_equal(id.bytes[0], 0xee);
	memcpy(notes.other.name, "Xen", 4); /* others have types of the same number */
	notes.other.header.n_type = NT_GNU_BUILD_ID;
	assert_true(build_id_find(&notes, sizeof(notes), 4, &id));
	assert_int_equal(id.bytes[0], 0xee);
}

/* As .note.gnu.property, whose parts are aligned to 8 where those of others are to 4. */
static void knows_notes_that_are_aligned_to_8(void **state)
{
	struct {
		Elf64_Nhdr header;
		char name[4];
		uint8_t property[12], padding[4];
		struct note own;
	} notes = {
		.header = { .n_namesz = 4, .n_descsz = 12, .n_type = NT_GNU_PROPERTY_TYPE_0 },
		.name = "GNU",
		.own = make_note(),
	};
	struct build_id id;

	(void)state;
	assert_true(build_id_find(&notes, sizeof(notes), 8, &id));
	assert_memory_equal(id.bytes, notes.own.id, ID_BYTES);
	assert_false(build_id_find(&notes, sizeof(notes), 4, &id));
}

static void an_id_that_is_cut_off_or_too_long_is_none(void **state)
{
	struct note note = make_note();
	struct build_id id;

	(void)state;
	for (size_t size = 0; size < sizeof(note); size++)
		assert_false(build_id_find(&note, size, 4, &id));
	note.header.n_descsz = 0;
	assert_false(build_id_find(&note, sizeof(note), 4, &id));
	note.header.n_descsz = UINT32_MAX;
	assert_false(build_id_find(&note, sizeof(note), 4, &id));
	note = make_note();
	note.header.n_namesz = UINT32_MAX;
	assert_false(build_id_find(&note, sizeof(note), 4, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_id_of_a_file),
		cmocka_unit_test(reads_the_id_of_a_module),
		cmocka_unit_test(tells_a_file_without_an_id),
		cmocka_unit_test(refuses_what_is_no_elf_file),
		cmocka_unit_test(a_file_that_is_cut_short_has_no_id),
		cmocka_unit_test(finds_the_id_behind_other_notes),
		cmocka_unit_test(knows_notes_that_are_aligned_to_8),
		cmocka_unit_test(an_id_that_is_cut_off_or_too_long_is_none),
	};

	return cmocka_run_group_tests_name("build id", tests, NULL, NULL);
}

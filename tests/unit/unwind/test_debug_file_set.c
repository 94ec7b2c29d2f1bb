/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/debug_file_set.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "elf_builder.h"
#include "fixture.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "unwind/debug_reference.h"
#include "unwind/elf_file.h"

/* A note of the GNU tool chain with a build id of four bytes. */
struct note {
	Elf32_Nhdr header;
	char name[4];
	char id[4];
};

static struct note note_of(const char id[4])
{
	struct note note = { { 4, 4, NT_GNU_BUILD_ID }, "GNU", "" };

	memcpy(note.id, id, sizeof(note.id));
	return note;
}

/* An ELF file with that build id, and a section beside. */
static int make_file(const char id[4], const char *section, const void *bytes, size_t size)
{
	const struct note note = note_of(id);
	const struct built_section sections[] = {
		{ ".note.gnu.build-id", &note, sizeof(note), PT_NOTE },
		{ .name = section, .bytes = bytes, .size = size },
	};
	struct buffer elf = { 0 };
	int fd;

	elf_build(&elf, EM_X86_64, sections, ARRAY_SIZE(sections), true);
	fd = fixture_memfd(elf.data, elf.size);
	buffer_fini(&elf);
	return fd;
}

static uint32_t sum_of(int fd)
{
	uint8_t bytes[65536];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	assert_in_range(n, 1, sizeof(bytes) - 1);
	return (uint32_t)crc32(0, bytes, (uInt)n);
}

struct world {
	int binary_fd;
	struct elf_file *binary;
	struct debug_file_set set;
};

/* A binary with the build id "abcd" that names a debug file of this checksum. */
static void make_binary(struct world *world, uint32_t sum)
{
	char link[12] = "x.debug";

	memcpy(link + 8, &sum, sizeof(sum));
	world->binary_fd = make_file("abcd", ".gnu_debuglink", link, sizeof(link));
	assert_int_equal(elf_file_open(world->binary_fd, &world->binary), 0);
}

static void choose(struct world *world, const struct debug_offer *offers, size_t n)
{
	debug_file_set_fini(&world->set);
	assert_int_equal(debug_file_set_init(&world->set, world->binary, offers, n), 0);
	assert_ptr_equal(world->set.files.binary, world->binary);
}

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .binary_fd = -1 };
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	debug_file_set_fini(&world->set);
	elf_file_free(world->binary);
	close(world->binary_fd);
	return 0;
}

static void a_debug_file_has_the_build_id_of_the_binary(void **state)
{
	const struct debug_offer offers[] = {
		{ DEBUG_REFERENCE_LINK, make_file("abce", ".x", "", 1) },
		{ DEBUG_REFERENCE_LINK, make_file("abcd", ".x", "", 1) },
	};
	struct world *world = *state;

	make_binary(world, 1);
	choose(world, offers, 1);
	assert_null(world->set.files.debug);
	choose(world, offers, 2);
	assert_non_null(world->set.files.debug);
	assert_int_equal(world->set.n_owned, 1);
	close(offers[0].fd);
	close(offers[1].fd);
}

static void or_the_checksum_that_the_binary_has_of_it(void **state)
{
	const struct debug_offer offer = { DEBUG_REFERENCE_LINK, make_file("xxxx", ".x", "", 1) };
	struct world *world = *state;

	make_binary(world, sum_of(offer.fd));
	choose(world, &offer, 1);
	assert_non_null(world->set.files.debug);
	close(offer.fd);
}

static void an_alternate_has_the_build_id_that_the_debug_file_names(void **state)
{
	const struct debug_offer offers[] = {
		{ DEBUG_REFERENCE_ALTERNATE, make_file("dwz1", ".x", "", 1) },
		{ DEBUG_REFERENCE_ALTERNATE, make_file("dwz2", ".x", "", 1) },
		{ DEBUG_REFERENCE_LINK, make_file("abcd", ".gnu_debugaltlink", "a\0dwz2", 6) },
	};
	struct world *world = *state;
	const struct elf_description *description;

	make_binary(world, 1);
	choose(world, offers, 2);
	assert_null(world->set.files.alternate);
	choose(world, offers, 3);
	assert_non_null(world->set.files.alternate);
	description = elf_file_describe(world->set.files.alternate);
	assert_memory_equal(description->build_id.bytes, "dwz2", 4);
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		close(offers[i].fd);
}

static void takes_a_package_and_all_objects(void **state)
{
	const struct debug_offer offers[] = {
		{ DEBUG_REFERENCE_OBJECT, make_file("0001", ".x", "", 1) },
		{ DEBUG_REFERENCE_PACKAGE, make_file("0002", ".x", "", 1) },
		{ DEBUG_REFERENCE_OBJECT, make_file("0003", ".x", "", 1) },
		{ DEBUG_REFERENCE_PACKAGE, make_file("0004", ".x", "", 1) },
	};
	struct world *world = *state;

	make_binary(world, 1);
	choose(world, offers, ARRAY_SIZE(offers));
	assert_non_null(world->set.files.package);
	assert_int_equal(world->set.files.n_objects, 2);
	assert_int_equal(world->set.n_owned, 3);
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		close(offers[i].fd);
}

static void leaves_out_what_is_damaged_or_of_no_known_kind(void **state)
{
	const struct debug_offer offers[] = {
		{ DEBUG_REFERENCE_OBJECT, fixture_memfd("\177ELF", 4) },
		{ DEBUG_REFERENCE_LINK, fixture_memfd("", 0) },
		{ DEBUG_REFERENCE_OBJECT + 1, make_file("abcd", ".x", "", 1) },
	};
	struct world *world = *state;

	make_binary(world, 1);
	choose(world, offers, ARRAY_SIZE(offers));
	assert_null(world->set.files.debug);
	assert_int_equal(world->set.files.n_objects, 0);
	assert_int_equal(world->set.n_owned, 0);
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		close(offers[i].fd);
}

int main(void)
{
#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_WORLD(a_debug_file_has_the_build_id_of_the_binary),
		WITH_WORLD(or_the_checksum_that_the_binary_has_of_it),
		WITH_WORLD(an_alternate_has_the_build_id_that_the_debug_file_names),
		WITH_WORLD(takes_a_package_and_all_objects),
		WITH_WORLD(leaves_out_what_is_damaged_or_of_no_known_kind),
	};

	return cmocka_run_group_tests_name("debug file set", tests, NULL, NULL);
}

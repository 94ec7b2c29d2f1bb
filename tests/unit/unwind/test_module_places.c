/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/module_places.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "profiler/base/array.h"
#include "profiler/base/buffer.h"
#include "profiler/base/cleanup.h"
#include "unwind/elf_file.h"
#include "unwind/elf_layout.h"

DEFINE_CLEANUP(struct elf_file *, elf_file_free)

enum { TEXT_BYTES = 0x100, COLD_BYTES = 0x40, INIT_BYTES = 0x20 };

static const char code[TEXT_BYTES];
static const struct built_section sections[] = {
	{ .name = ".text", .bytes = code, .size = TEXT_BYTES, .flags = SHF_EXECINSTR },
	{ .name = ".init.text", .bytes = code, .size = INIT_BYTES, .flags = SHF_EXECINSTR },
	{ .name = ".rodata", .bytes = code, .size = TEXT_BYTES },
	{ .name = ".text.unlikely", .bytes = code, .size = COLD_BYTES, .flags = SHF_EXECINSTR },
};

static struct module_place places[MODULE_MAX_PLACES];
static size_t n_places;

static int find(const struct built_section *built, size_t n, const char *loaded)
{
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	_cleanup_(elf_file_freep) struct elf_file *module = NULL;

	elf_build_module(&bytes, EM_X86_64, built, n);
	assert_int_equal(elf_file_open_bytes(bytes.data, bytes.size, &module), 0);
	n_places = 0;
	return module_places_find(module, loaded, strlen(loaded), places, &n_places);
}

static int find_all(const char *loaded)
{
	return find(sections, ARRAY_SIZE(sections), loaded);
}

static void finds_where_code_is_and_by_how_much_it_was_moved(void **state)
{
	(void)state;
	assert_int_equal(find_all(".rodata 0xffffffffc0300000\n"
				  ".text.unlikely 0xffffffffc0201100\n"
				  ".text 0xffffffffc0201000\n"),
			 0);
	assert_int_equal(n_places, 1);
	assert_true(places[0].start_addr == 0xffffffffc0201000);
	assert_true(places[0].end_addr == 0xffffffffc0201100 + COLD_BYTES);
	assert_true(places[0].slide == 0xffffffffc0201000 - ELF_LAYOUT_VADDR);
}

static void what_was_put_elsewhere_is_a_place_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(find_all(".text 0xffffffffc0201000\n"
				  ".text.unlikely 0xffffffffc0201180\n"
				  ".init.text 0xffffffffc0100000"),
			 0);
	assert_int_equal(n_places, 3);
	assert_true(places[0].start_addr == 0xffffffffc0100000);
	assert_true(places[0].start_addr - places[0].slide ==
		    ELF_LAYOUT_VADDR + TEXT_BYTES + COLD_BYTES);
	assert_true(places[1].start_addr == 0xffffffffc0201000);
	assert_true(places[1].end_addr == 0xffffffffc0201100);
	assert_true(places[2].start_addr == 0xffffffffc0201180);
	assert_true(places[2].start_addr - places[2].slide == ELF_LAYOUT_VADDR + TEXT_BYTES);
}

static void hidden_addresses_are_none(void **state)
{
	(void)state;
	assert_int_equal(find_all(".text 0x0000000000000000\n"), -ENODATA);
	assert_int_equal(find_all(".text 0xfffffffffffffff0\n"), -ENODATA); /* past the end */
	assert_int_equal(find_all(""), -ENODATA);
}

static void passes_over_what_makes_no_sense(void **state)
{
	(void)state;
	assert_int_equal(find_all(".text\n.text \n\n .text 0x1000\n.textual 0x1000"), -ENODATA);
	assert_int_equal(find_all(".text.unlikely 0x1000\n.text"), 0);
	assert_int_equal(n_places, 1);
	assert_true(places[0].start_addr == 0x1000);
}

static void keeps_to_its_bound(void **state)
{
	static const char names[][3] = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" };
	struct built_section many[ARRAY_SIZE(names)];
	struct buffer loaded = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = sections[0];
		many[i].name = names[i];
		buffer_printf(&loaded, "%s %#zx\n", names[i], (i + 1) << 20);
	}
	buffer_append_char(&loaded, '\0');
	assert_int_equal(find(many, ARRAY_SIZE(many), loaded.data), 0);
	assert_int_equal(n_places, MODULE_MAX_PLACES);
	buffer_fini(&loaded);
}

static void a_program_is_no_module(void **state)
{
	static const char loaded[] = ".text 0x1000\n";
	_cleanup_(buffer_fini) struct buffer bytes = { 0 };
	_cleanup_(elf_file_freep) struct elf_file *program = NULL;

	(void)state;
	elf_build(&bytes, EM_X86_64, sections, ARRAY_SIZE(sections), 1);
	assert_int_equal(elf_file_open_bytes(bytes.data, bytes.size, &program), 0);
	assert_int_equal(module_places_find(program, loaded, strlen(loaded), places, &n_places),
			 -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_where_code_is_and_by_how_much_it_was_moved),
		cmocka_unit_test(what_was_put_elsewhere_is_a_place_of_its_own),
		cmocka_unit_test(hidden_addresses_are_none),
		cmocka_unit_test(passes_over_what_makes_no_sense),
		cmocka_unit_test(keeps_to_its_bound),
		cmocka_unit_test(a_program_is_no_module),
	};

	return cmocka_run_group_tests_name("module_places", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/kernel_slide.h"

#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "profiler/base/array.h"
#include "unwind/elf_file.h"

#define STEXT_VADDR 0xffffffff81000000
#define TEXT_VADDR  0xffffffff80ff0000

static const char strings[] = "\0other\0_stext\0_text";

/* What a file with those symbols says, which has at most two. */
static int find(const char *kallsyms, const Elf64_Sym *symbols, uint64_t *ret_slide)
{
	struct built_section sections[] = {
		{ .name = ".text", .bytes = "", .size = 1 },
		{ .name = ".symtab", .bytes = symbols, .size = 2 * sizeof(*symbols) },
		{ .name = ".strtab", .bytes = strings, .size = sizeof(strings) },
	};
	struct buffer elf = { 0 };
	struct elf_file *file;
	int fd, r;

	elf_build(&elf, EM_X86_64, sections, ARRAY_SIZE(sections), true);
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(fd, &file), 0);
	r = kernel_slide_find(kallsyms, strlen(kallsyms), file, ret_slide);
	elf_file_free(file);
	buffer_fini(&elf);
	close(fd);
	return r;
}

static void compares_the_start_of_the_text(void **state)
{
	static const char kallsyms[] = "ffffffff9fff0000 T _text\n"
				       "ffffffffa0000000 T other_stext\n"
				       "ffffffffa0000000 T _stext_end\n"
				       "ffffffffa0000000 T _stext\n";
	const Elf64_Sym symbols[] = { { .st_name = 14, .st_value = TEXT_VADDR },
				      { .st_name = 7, .st_value = STEXT_VADDR } };
	uint64_t slide = 0;

	(void)state;
	assert_int_equal(find(kallsyms, symbols, &slide), 0);
	assert_int_equal(slide, 0x1f000000);
	assert_int_equal(find(kallsyms + strlen("ffffffff9fff0000 T _text\n"), symbols, &slide), 0);
	assert_int_equal(slide, 0x1f000000);
}

static void takes_the_other_symbol_where_there_is_but_one(void **state)
{
	const Elf64_Sym symbols[] = { { .st_name = 1, .st_value = 1 },
				      { .st_name = 14, .st_value = TEXT_VADDR } };
	uint64_t slide = 1;

	(void)state;
	assert_int_equal(find("ffffffff80ff0000 T _text\n", symbols, &slide), 0);
	assert_int_equal(slide, 0);
	/* Below where it was linked to be. */
	assert_int_equal(find("ffffffff80fe0000 T _text", symbols, &slide), 0);
	assert_int_equal(slide, -0x10000UL);
}

static void knows_nothing_of_hidden_addresses(void **state)
{
	const Elf64_Sym symbols[] = { { .st_name = 7, .st_value = STEXT_VADDR },
				      { .st_name = sizeof(strings), .st_value = 1 } };
	uint64_t slide;

	(void)state;
	assert_int_equal(find("0000000000000000 T _stext\n", symbols, &slide), -ENODATA);
	assert_int_equal(find("_stext", symbols, &slide), -ENODATA);
	assert_int_equal(find("", symbols, &slide), -ENODATA);
	assert_int_equal(find("ffffffffa0000000 T _text\n", symbols, &slide), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares_the_start_of_the_text),
		cmocka_unit_test(takes_the_other_symbol_where_there_is_but_one),
		cmocka_unit_test(knows_nothing_of_hidden_addresses),
	};

	return cmocka_run_group_tests_name("kernel slide", tests, NULL, NULL);
}

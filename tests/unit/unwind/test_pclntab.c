/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/pclntab.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "pclntab_builder.h"
#include "unwind/elf_file.h"

#define TEXT_VADDR (BUILT_VADDR + 0x40)

/* What is behind the flags of the last function: not read here, but by pclntab_source_read(). */
#define BEHIND_FLAGS (2 + 3 * 4 + 4 * 4)

/* Depth 0 for one byte, 8 for 14, 0 for the last one; changes are zigzag, from −1 on. */
static const uint8_t frame[] = { 2, 1, 16, 14, 15, 1, 0 };

static const struct built_function functions[] = {
	{ "main.one", TEXT_VADDR, 0, frame },
	{ "main.two", TEXT_VADDR + 0x20, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, NULL },
};

static struct elf_file *open_elf(const struct built_section *sections, size_t n,
				 bool has_section_headers, int *ret_fd)
{
	struct buffer elf = { 0 };
	struct elf_file *file;

	elf_build(&elf, EM_X86_64, sections, n, has_section_headers);
	*ret_fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(*ret_fd, &file), 0);
	buffer_fini(&elf);
	return file;
}

static void build(struct buffer *bytes, enum pclntab_version version, uint64_t text_vaddr)
{
	pclntab_build(bytes, &(struct built_pclntab){
				     .version = version,
				     .text_vaddr = text_vaddr,
				     .functions = functions,
				     .n_functions = 2,
				     .end_vaddr = TEXT_VADDR + 0x30,
			     });
}

static void assert_functions(const struct pclntab *table)
{
	struct pclntab_function function;
	struct pclntab_walk walk;
	uint64_t start_vaddr;
	int32_t depth;

	assert_int_equal(table->n_functions, 2);
	assert_true(pclntab_function(table, 0, &function));
	assert_string_equal(function.name, "main.one");
	assert_int_equal(function.start_vaddr, TEXT_VADDR);
	assert_int_equal(function.end_vaddr, TEXT_VADDR + 0x20);
	assert_int_equal(function.flags, 0);
	walk = pclntab_walk_from(table, &function, function.sp_values);
	for (int i = 0; i < 3; i++) {
		static const uint64_t offs[] = { 0, 1, 15 };

		assert_true(pclntab_next_value(&walk, &start_vaddr, &depth));
		assert_int_equal(start_vaddr, TEXT_VADDR + offs[i]);
		assert_int_equal(depth, i == 1 ? 8 : 0);
	}
	assert_false(pclntab_next_value(&walk, &start_vaddr, &depth));
	assert_int_equal(walk.next_vaddr, TEXT_VADDR + 16);
	assert_true(pclntab_function(table, 1, &function));
	assert_string_equal(function.name, "main.two");
	assert_int_equal(function.flags, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE);
	assert_int_equal(function.end_vaddr, TEXT_VADDR + 0x30);
	assert_int_equal(function.sp_values, 0);
}

static void reads_every_version(void **state)
{
	(void)state;
	for (int version = PCLNTAB_1_16; version <= PCLNTAB_1_20; version++) {
		struct built_section section = { .name = ".gopclntab" };
		struct buffer bytes = { 0 };
		struct pclntab table;
		struct elf_file *file;
		int fd;

		build(&bytes, (enum pclntab_version)version, TEXT_VADDR);
		section.bytes = bytes.data;
		section.size = bytes.size;
		file = open_elf(&section, 1, true, &fd);
		assert_true(pclntab_find(file, &table));
		assert_int_equal(table.version, version);
		assert_functions(&table);
		elf_file_free(file);
		buffer_fini(&bytes);
		close(fd);
	}
}

static void finds_a_table_without_a_section(void **state)
{
	struct buffer bytes = { 0 };
	struct built_section section = { .name = ".data.rel.ro" };
	struct pclntab table;
	struct elf_file *file;
	int fd;

	(void)state;
	build(&bytes, PCLNTAB_1_18, TEXT_VADDR);
	section.bytes = bytes.data;
	section.size = bytes.size;
	file = open_elf(&section, 1, false, &fd);
	assert_true(pclntab_find(file, &table));
	assert_functions(&table);
	elf_file_free(file);
	buffer_fini(&bytes);
	close(fd);
}

/* As Go 1.26 leaves it: the header says 0, moduledata says where the text is. */
static void finds_the_text_by_moduledata(void **state)
{
	struct buffer bytes = { 0 };
	uint64_t module[32] = { 0 };
	struct built_section sections[] = {
		{ .name = ".gopclntab" },
		{ .name = ".go.module", .bytes = module, .size = sizeof(module) }
	};
	struct pclntab table;
	struct elf_file *file;
	int fd;

	(void)state;
	build(&bytes, PCLNTAB_1_20, TEXT_VADDR);
	memset(bytes.data + 24, 0, 8);
	sections[0].bytes = bytes.data;
	sections[0].size = bytes.size;
	file = open_elf(sections, 2, true, &fd);
	assert_false(pclntab_find(file, &table));
	elf_file_free(file);
	close(fd);

	module[0] = built_section_vaddr(sections, 0);
	module[1] = module[0] + 80; /* names, behind the header */
	module[22] = TEXT_VADDR;
	file = open_elf(sections, 2, true, &fd);
	assert_true(pclntab_find(file, &table));
	assert_functions(&table);
	elf_file_free(file);
	buffer_fini(&bytes);
	close(fd);
}

/* Linkers may leave pointers of a PIE to relocations alone. */
static void finds_moduledata_by_relocations(void **state)
{
	struct buffer bytes = { 0 };
	uint64_t module[32] = { 0 };
	Elf64_Rela relocations[3] = { 0 };
	Elf64_Dyn dynamic[2] = { { .d_tag = DT_RELA },
				 { .d_tag = DT_RELASZ, .d_un.d_val = sizeof(relocations) } };
	struct built_section sections[] = {
		{ .name = ".gopclntab" },
		{ .name = ".go.module", .bytes = module, .size = sizeof(module) },
		{ .name = ".rela.dyn", .bytes = relocations, .size = sizeof(relocations) },
		{ .name = ".dynamic",
		  .bytes = dynamic,
		  .size = sizeof(dynamic),
		  .segment_type = PT_DYNAMIC },
	};
	uint64_t module_vaddr, table_vaddr;
	struct pclntab table;
	struct elf_file *file;
	int fd;

	(void)state;
	build(&bytes, PCLNTAB_1_20, TEXT_VADDR);
	memset(bytes.data + 24, 0, 8);
	sections[0].bytes = bytes.data;
	sections[0].size = bytes.size;
	table_vaddr = built_section_vaddr(sections, 0);
	module_vaddr = built_section_vaddr(sections, 1);
	dynamic[0].d_un.d_ptr = built_section_vaddr(sections, 2);
	relocations[0] = (Elf64_Rela){ .r_offset = module_vaddr, .r_addend = (int64_t)table_vaddr };
	relocations[1] =
		(Elf64_Rela){ .r_offset = module_vaddr + 8, .r_addend = (int64_t)table_vaddr + 80 };
	relocations[2] = (Elf64_Rela){ .r_offset = module_vaddr + 176, .r_addend = TEXT_VADDR };
	file = open_elf(sections, 4, true, &fd);
	assert_true(pclntab_find(file, &table));
	assert_functions(&table);
	elf_file_free(file);
	buffer_fini(&bytes);
	close(fd);
}

static void refuses_what_is_cut(void **state)
{
	struct buffer bytes = { 0 };
	struct elf_file *file;
	int fd;

	(void)state;
	build(&bytes, PCLNTAB_1_18, TEXT_VADDR);
	for (size_t size = 1; size < bytes.size - BEHIND_FLAGS; size++) {
		/* With a .text that is not of Go, nobody looks elsewhere for what was cut. */
		struct built_section sections[] = {
			{ .name = ".gopclntab", .bytes = bytes.data, .size = size },
			{ .name = ".text", .bytes = "", .size = 1 },
		};
		struct pclntab_function function;
		struct pclntab table;

		file = open_elf(sections, 2, true, &fd);
		if (pclntab_find(file, &table))
			assert_false(pclntab_function(&table, 1, &function));
		elf_file_free(file);
		close(fd);
	}
	buffer_fini(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_version),
		cmocka_unit_test(finds_a_table_without_a_section),
		cmocka_unit_test(finds_the_text_by_moduledata),
		cmocka_unit_test(finds_moduledata_by_relocations),
		cmocka_unit_test(refuses_what_is_cut),
	};

	return cmocka_run_group_tests_name("pclntab", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/elf_file.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

static void reads_the_build_id_and_code_of_a_program(void **state)
{
	const struct elf_description *description;
	struct elf_file *file;
	int fd = fixture_open("/proc/self/exe");

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	description = elf_file_describe(file);
	assert_int_equal(description->build_id.n_bytes, 20);
	assert_int_equal(description->n_segments, 1);
	assert_true(description->segments[0].size_bytes > 0);
	elf_file_free(file);
	close(fd);
}

static void maps_a_code_address_to_its_file_offset(void **state)
{
	const struct elf_segment *segment;
	struct elf_file *file;
	uint64_t elf_vaddr = fixture_function_vaddr("/proc/self/exe", "main"), file_off;
	uint8_t bytes[16];
	int fd = fixture_open("/proc/self/exe");

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	segment = &elf_file_describe(file)->segments[0];
	file_off = elf_vaddr - segment->elf_vaddr + segment->file_off;
	assert_true(elf_vaddr - segment->elf_vaddr < segment->size_bytes);
	assert_int_equal(pread(fd, bytes, sizeof(bytes), (off_t)file_off), sizeof(bytes));
	elf_file_free(file);
	close(fd);
}

static void reads_the_vdso_from_memory(void **state)
{
	const ElfW(Ehdr) *vdso = (const ElfW(Ehdr) *)getauxval(AT_SYSINFO_EHDR);
	struct elf_file *file;
	int fd;

	(void)state;
	if (!vdso)
		skip();
	fd = fixture_memfd(vdso, vdso->e_shoff + vdso->e_shnum * sizeof(ElfW(Shdr)));
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(elf_file_describe(file)->n_segments, 1);
	elf_file_free(file);
	close(fd);
}

/* A 32-bit header with one executable segment and a build id, nothing else. */
struct tiny_elf32 {
	Elf32_Ehdr header;
	Elf32_Phdr segments[2];
	Elf32_Nhdr note;
	char name[4];
	uint8_t id[4];
};

static struct tiny_elf32 make_elf32(void)
{
	struct tiny_elf32 tiny = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_EXEC,
			    .e_machine = EM_386,
			    .e_version = EV_CURRENT,
			    .e_ehsize = sizeof(Elf32_Ehdr),
			    .e_phoff = offsetof(struct tiny_elf32, segments),
			    .e_phentsize = sizeof(Elf32_Phdr),
			    .e_phnum = 2 },
		.segments = { { .p_type = PT_LOAD,
				.p_flags = PF_R | PF_X,
				.p_offset = 0x1000,
				.p_vaddr = 0x8048000,
				.p_filesz = 0x100,
				.p_memsz = 0x200 },
			      { .p_type = PT_NOTE,
				.p_offset = offsetof(struct tiny_elf32, note),
				.p_filesz = sizeof(Elf32_Nhdr) + 8,
				.p_align = 4 } },
		.note = { .n_namesz = 4, .n_descsz = 4, .n_type = NT_GNU_BUILD_ID },
		.name = "GNU",
		.id = { 1, 2, 3, 4 },
	};

	return tiny;
}

static void reads_a_32_bit_file(void **state)
{
	const struct elf_description *description;
	struct tiny_elf32 tiny = make_elf32();
	struct elf_file *file;
	int fd = fixture_memfd(&tiny, sizeof(tiny));

	(void)state;
	assert_int_equal(elf_file_open(fd, &file), 0);
	description = elf_file_describe(file);
	assert_int_equal(description->build_id.n_bytes, 4);
	assert_memory_equal(description->build_id.bytes, tiny.id, 4);
	assert_int_equal(description->n_segments, 1);
	assert_int_equal(description->segments[0].file_off, 0x1000);
	assert_int_equal(description->segments[0].elf_vaddr, 0x8048000);
	assert_int_equal(description->segments[0].size_bytes, 0x100);
	elf_file_free(file);
	close(fd);
}

static void refuses(const void *bytes, size_t size)
{
	struct elf_file *file = NULL;
	int fd = fixture_memfd(bytes, size);

	assert_int_equal(elf_file_open(fd, &file), -EBADMSG);
	assert_null(file);
	close(fd);
}

static void refuses_what_is_no_elf_file(void **state)
{
	struct tiny_elf32 tiny = make_elf32();

	(void)state;
	refuses("", 0);
	refuses("#!/bin/sh\n", 10);
	refuses(&tiny, sizeof(tiny.header) / 2);
	tiny.header.e_machine = EM_SPARC;
	refuses(&tiny, sizeof(tiny));
}

static void refuses_a_segment_that_wraps_around(void **state)
{
	Elf64_Ehdr header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(header),
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1,
	};
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} wrapping = { header,
		       { .p_type = PT_LOAD, .p_flags = PF_X, .p_vaddr = 1, .p_memsz = ~0ULL } };

	(void)state;
	refuses(&wrapping, sizeof(wrapping));
}

/* Where their number does not fit in the header, it is in the first section's. */
static void refuses_a_million_program_headers(void **state)
{
	const uint32_t n = 1000000;
	struct {
		Elf64_Ehdr header;
		Elf64_Shdr section;
	} start = {
		.header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_DYN,
			    .e_machine = EM_X86_64,
			    .e_version = EV_CURRENT,
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phoff = sizeof(start),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = PN_XNUM,
			    .e_shoff = sizeof(Elf64_Ehdr),
			    .e_shentsize = sizeof(Elf64_Shdr),
			    .e_shnum = 1 },
		.section = { .sh_info = n },
	};
	struct elf_file *file = NULL;
	int fd = fixture_memfd(&start, sizeof(start));

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)(sizeof(start) + n * sizeof(Elf64_Phdr))), 0);
	assert_int_equal(elf_file_open(fd, &file), -EFBIG);
	assert_null(file);
	close(fd);
}

static void refuses_a_pipe(void **state)
{
	struct elf_file *file;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(elf_file_open(fds[0], &file), -EBADMSG);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_build_id_and_code_of_a_program),
		cmocka_unit_test(maps_a_code_address_to_its_file_offset),
		cmocka_unit_test(reads_the_vdso_from_memory),
		cmocka_unit_test(reads_a_32_bit_file),
		cmocka_unit_test(refuses_what_is_no_elf_file),
		cmocka_unit_test(refuses_a_segment_that_wraps_around),
		cmocka_unit_test(refuses_a_million_program_headers),
		cmocka_unit_test(refuses_a_pipe),
	};

	return cmocka_run_group_tests_name("ELF file", tests, NULL, NULL);
}

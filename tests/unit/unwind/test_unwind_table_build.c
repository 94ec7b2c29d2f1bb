/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way: an ELF file from the assembler, or from memory, to the rules of its table. */
#include "unwind/unwind_table_build.h"

#include <dwarf.h>
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "profiler/base/buffer.h"
#include "unwind/cfa_program.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_table.h"

/* Paths of fixtures/frames.S: linked; stripped of sections; as .debug_frame, compressed. */
static char **paths;

struct built {
	struct buffer bytes;
	struct unwind_table_report report;
	struct elf_segment segment;
};

static struct built build_fd(int fd)
{
	struct built built = { 0 };
	struct elf_file *elf;

	assert_int_equal(elf_file_open(fd, &elf), 0);
	built.segment = elf_file_describe(elf)->segments[0];
	assert_int_equal(unwind_table_build(elf, &built.bytes, &built.report), 0);
	assert_int_equal(unwind_table_check(built.bytes.data, built.bytes.size), 0);
	elf_file_free(elf);
	close(fd);
	return built;
}

static const struct unwind_rule *find(const struct built *built, uint64_t elf_vaddr)
{
	return unwind_table_find(built->bytes.data,
				 elf_vaddr - built->segment.elf_vaddr + built->segment.file_off);
}

static void assert_cfa(const struct unwind_rule *rule, enum unwind_cfa_kind kind, int32_t off)
{
	assert_int_equal(rule->cfa_kind, kind);
	assert_int_equal(rule->cfa_off, off);
}

static void assert_plain(const struct built *built, uint64_t plain)
{
	assert_cfa(find(built, plain), UNWIND_CFA_SP, 8);
	assert_int_equal(find(built, plain)->fp_kind, UNWIND_FP_SAME);
	assert_cfa(find(built, plain + 1), UNWIND_CFA_SP, 16);
	assert_int_equal(find(built, plain + 1)->fp_kind, UNWIND_FP_CFA);
	assert_int_equal(find(built, plain + 1)->fp_off, -16);
	assert_cfa(find(built, plain + 4), UNWIND_CFA_FP, 16);
	assert_cfa(find(built, plain + 6), UNWIND_CFA_SP, 8);
	assert_cfa(find(built, plain + 7), UNWIND_CFA_FP, 16);
	assert_cfa(find(built, plain + 8 + 64), UNWIND_CFA_NONE, 0);
}

static void follows_a_function(void **state)
{
	struct built built = build_fd(fixture_open(paths[0]));

	(void)state;
	assert_plain(&built, fixture_function_vaddr(paths[0], "plain"));
	assert_cfa(find(&built, fixture_function_vaddr(paths[0], "_start")), UNWIND_CFA_END, 0);
	buffer_fini(&built.bytes);
}

static void knows_realigned_stacks(void **state)
{
	struct built built = build_fd(fixture_open(paths[0]));
	uint64_t at = fixture_function_vaddr(paths[0], "realigned");

	(void)state;
	assert_cfa(find(&built, at + 1), UNWIND_CFA_DEREF_FP, -8);
	assert_int_equal(find(&built, at + 1)->fp_kind, UNWIND_FP_FP);
	assert_int_equal(find(&built, at + 1)->fp_off, 0);
	assert_cfa(find(&built, at + 2), UNWIND_CFA_DEREF_SP, 16 | 1);
	assert_cfa(find(&built, at + 3), UNWIND_CFA_UNSUPPORTED, 0);
	buffer_fini(&built.bytes);
}

static void knows_what_is_in_registers(void **state)
{
	struct built built = build_fd(fixture_open(paths[0]));
	uint64_t at = fixture_function_vaddr(paths[0], "registers");

	(void)state;
	assert_cfa(find(&built, at + 1), UNWIND_CFA_REGISTER, 24);
	assert_int_equal(find(&built, at + 1)->reg, 10);
	assert_cfa(find(&built, at + 2), UNWIND_CFA_SP, 0);
	assert_int_equal(find(&built, at + 2)->ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(find(&built, at + 2)->reg, 5);
	assert_cfa(find(&built, at + 3), UNWIND_CFA_UNSUPPORTED, 0);
	assert_cfa(find(&built, at + 4), UNWIND_CFA_SP, 0x12345678);
	for (int i = 5; i <= 7; i++)
		assert_int_equal(find(&built, at + i)->fp_kind, UNWIND_FP_UNDEFINED);
	assert_int_equal(find(&built, at + 8)->fp_kind, UNWIND_FP_SAME);
	buffer_fini(&built.bytes);
}

static void knows_the_kernels_signal_frames_only(void **state)
{
	struct built built = build_fd(fixture_open(paths[0]));
	uint64_t at = fixture_function_vaddr(paths[0], "signal_return");

	(void)state;
	assert_cfa(find(&built, at), UNWIND_CFA_SIGNAL, 0);
	assert_cfa(find(&built, at - 1), UNWIND_CFA_SIGNAL, 0);
	assert_cfa(find(&built, fixture_function_vaddr(paths[0], "strange_signal")),
		   UNWIND_CFA_UNSUPPORTED, 0);
	buffer_fini(&built.bytes);
}

static void counts_what_it_cannot_say(void **state)
{
	struct built built = build_fd(fixture_open(paths[0]));
	const uint32_t *losses = built.report.losses;

	(void)state;
	assert_int_equal(built.report.n_functions, 6);
	assert_int_equal(losses[UNWIND_LOSS_CFA_EXPRESSION], 1);
	assert_int_equal(losses[UNWIND_LOSS_CFA_OFFSET], 0);
	assert_int_equal(losses[UNWIND_LOSS_RA], 1);
	assert_int_equal(losses[UNWIND_LOSS_SIGNAL], 1);
	assert_int_equal(losses[UNWIND_LOSS_FP], 2);
	assert_int_equal(losses[UNWIND_LOSS_BAD_ENTRY], 0);
	buffer_fini(&built.bytes);
}

static void needs_no_sections(void **state)
{
	struct built whole = build_fd(fixture_open(paths[0]));
	struct built stripped = build_fd(fixture_open(paths[1]));

	(void)state;
	assert_int_equal(stripped.bytes.size, whole.bytes.size);
	assert_memory_equal(stripped.bytes.data, whole.bytes.data, whole.bytes.size);
	buffer_fini(&whole.bytes);
	buffer_fini(&stripped.bytes);
}

static void reads_debug_frame_compressed_or_not(void **state)
{
	(void)state;
	for (int i = 2; i <= 4; i++) {
		struct built built = build_fd(fixture_open(paths[i]));

		assert_plain(&built, fixture_function_vaddr(paths[i], "plain"));
		buffer_fini(&built.bytes);
	}
}

/* What is said of code at the start of a file, by this .eh_frame. */
static struct built build_frames(uint16_t machine, const void *bytes, size_t size)
{
	const struct built_section section = { .name = ".eh_frame", .bytes = bytes, .size = size };
	struct buffer elf = { 0 };
	int fd;

	elf_build(&elf, machine, &section, 1, true);
	fd = fixture_memfd(elf.data, elf.size);
	buffer_fini(&elf);
	return build_fd(fd);
}

#define CIE(...)                                                                                   \
	16, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, DW_EH_PE_udata4, __VA_ARGS__
#define FDE(id_off, start, size, ...)                                                              \
	16, 0, 0, 0, (id_off), 0, 0, 0, (start), 0, 0x40, 0, (size), 0, 0, 0, 0, __VA_ARGS__
#define DEF_CFA(off) DW_CFA_def_cfa, X86_64_RSP, off

static void a_bad_program_makes_its_function_unsupported(void **state)
{
	static const uint8_t bytes[] = {
		CIE(DW_CFA_offset | 16, 1, DW_CFA_nop),
		FDE(24, 0x10, 0x10, DEF_CFA(8)),
		FDE(44, 0x20, 0x10, 0x3f, 0, 0),
		FDE(64, 0x30, 0x10, DEF_CFA(24)),
	};
	struct built built = build_frames(EM_X86_64, bytes, sizeof(bytes));

	(void)state;
	assert_cfa(find(&built, BUILT_VADDR + 0x10), UNWIND_CFA_SP, 8);
	assert_cfa(find(&built, BUILT_VADDR + 0x20), UNWIND_CFA_UNSUPPORTED, 0);
	assert_cfa(find(&built, BUILT_VADDR + 0x2f), UNWIND_CFA_UNSUPPORTED, 0);
	assert_cfa(find(&built, BUILT_VADDR + 0x30), UNWIND_CFA_SP, 24);
	assert_int_equal(built.report.losses[UNWIND_LOSS_BAD_PROGRAM], 1);
	buffer_fini(&built.bytes);
}

static void of_functions_that_overlap_the_later_one_holds(void **state)
{
	static const uint8_t bytes[] = {
		CIE(DW_CFA_offset | 16, 1, DW_CFA_nop),
		FDE(24, 0x40, 0x10, DEF_CFA(16)),
		FDE(44, 0x10, 0xe0, DEF_CFA(8)),
	};
	struct built built = build_frames(EM_X86_64, bytes, sizeof(bytes));

	(void)state;
	assert_cfa(find(&built, BUILT_VADDR + 0x3f), UNWIND_CFA_SP, 8);
	assert_cfa(find(&built, BUILT_VADDR + 0x40), UNWIND_CFA_SP, 16);
	assert_cfa(find(&built, BUILT_VADDR + 0x50), UNWIND_CFA_NONE, 0);
	assert_int_equal(built.report.losses[UNWIND_LOSS_OVERLAP], 1);
	buffer_fini(&built.bytes);
}

static void code_out_of_segments_has_no_rows(void **state)
{
	static const uint8_t bytes[] = {
		CIE(DW_CFA_offset | 16, 1, DW_CFA_nop),
		FDE(24, 0x10, 0x10, DEF_CFA(8)),
		16,
		0,
		0,
		0,
		44,
		0,
		0,
		0,
		0,
		0,
		0,
		0x70,
		8,
		0,
		0,
		0,
		0,
		DEF_CFA(8),
	};
	struct built built = build_frames(EM_X86_64, bytes, sizeof(bytes));

	(void)state;
	assert_int_equal(built.report.n_functions, 1);
	buffer_fini(&built.bytes);
}

/* One function with another rule at each of its bytes: sp + 16, sp + 24, and again. */
static void append_restless_function(struct buffer *frames, uint32_t start, uint32_t size)
{
	static const uint8_t cie[] = { CIE(DW_CFA_offset | 16, 1, DW_CFA_nop) };
	const uint32_t head[] = { 13 + 3 * size, sizeof(cie) + 4, BUILT_VADDR + start, size };

	buffer_append(frames, cie, sizeof(cie));
	buffer_append(frames, head, sizeof(head));
	buffer_append_char(frames, 0);
	for (uint32_t i = 0; i < size; i++)
		buffer_append(frames,
			      (const uint8_t[]){ DW_CFA_def_cfa_offset, i % 2 ? 24 : 16,
						 DW_CFA_advance_loc | 1 },
			      3);
}

static void a_chunk_without_room_for_all_rows_says_so_at_its_end(void **state)
{
	const uint32_t chunk = 1 << UNWIND_CHUNK_SHIFT;
	const uint64_t end = BUILT_VADDR + 2 * chunk;
	struct buffer frames = { 0 };
	struct built built;

	(void)state;
	append_restless_function(&frames, chunk, chunk + 16);
	built = build_frames(EM_X86_64, frames.data, frames.size);
	assert_cfa(find(&built, end - 4), UNWIND_CFA_REGISTER, 16);
	assert_cfa(find(&built, end - 3), UNWIND_CFA_REGISTER, 24);
	assert_cfa(find(&built, end - 2), UNWIND_CFA_UNSUPPORTED, 0);
	assert_cfa(find(&built, end - 1), UNWIND_CFA_UNSUPPORTED, 0);
	assert_cfa(find(&built, end), UNWIND_CFA_REGISTER, 16);
	assert_cfa(find(&built, end + 1), UNWIND_CFA_REGISTER, 24);
	assert_int_equal(built.report.losses[UNWIND_LOSS_CHUNK_ROWS], 1);
	buffer_fini(&frames);
	buffer_fini(&built.bytes);
}

static void where_a_segment_ends_another_may_start(void **state)
{
	static const uint8_t bytes[] = {
		CIE(DW_CFA_offset | 16, 1, DW_CFA_nop),
		FDE(24, 0x10, 0x30, DEF_CFA(8)),
	};
	const struct built_section section = { ".eh_frame", bytes, sizeof(bytes), PT_LOAD };
	struct buffer elf = { 0 };
	Elf64_Phdr *segments;
	struct built built;

	(void)state;
	elf_build(&elf, EM_X86_64, &section, 1, true);
	segments = (Elf64_Phdr *)(elf.data + sizeof(Elf64_Ehdr));
	segments[1] = segments[0];
	segments[0].p_filesz = segments[0].p_memsz = segments[1].p_offset = 0x20;
	segments[1].p_vaddr += 0x20;
	segments[1].p_filesz = segments[1].p_memsz = elf.size - 0x20;
	built = build_fd(fixture_memfd(elf.data, elf.size));
	assert_cfa(find(&built, BUILT_VADDR + 0x1f), UNWIND_CFA_SP, 8);
	assert_cfa(find(&built, BUILT_VADDR + 0x20), UNWIND_CFA_SP, 8);
	assert_cfa(find(&built, BUILT_VADDR + 0x40), UNWIND_CFA_NONE, 0);
	buffer_fini(&elf);
	buffer_fini(&built.bytes);
}

/* Whoever read all of it would not come back. */
static void searches_a_hole_without_end_in_part_only(void **state)
{
	static const uint8_t bytes[] = {
		CIE(DW_CFA_offset | 16, 1, DW_CFA_nop),
		FDE(24, 0x10, 0x30, DEF_CFA(8)),
	};
	const struct built_section section = { .name = ".eh_frame",
					       .bytes = bytes,
					       .size = sizeof(bytes) };
	const off_t hole_bytes = (off_t)1 << 40;
	struct buffer elf = { 0 };
	struct built built;
	int fd;

	(void)state;
	elf_build(&elf, EM_X86_64, &section, 1, true);
	((Elf64_Phdr *)(elf.data + sizeof(Elf64_Ehdr)))->p_filesz = (uint64_t)hole_bytes;
	((Elf64_Phdr *)(elf.data + sizeof(Elf64_Ehdr)))->p_memsz = (uint64_t)hole_bytes;
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(ftruncate(fd, hole_bytes), 0);
	built = build_fd(fd);
	assert_cfa(find(&built, BUILT_VADDR + 0x3f), UNWIND_CFA_SP, 8);
	buffer_fini(&elf);
	buffer_fini(&built.bytes);
}

static void says_when_there_is_nothing(void **state)
{
	static const uint16_t machines[] = { EM_X86_64, EM_RISCV };
	const struct built_section section = { .name = ".text", .bytes = "", .size = 1 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buffer elf = { 0 }, bytes = { 0 };
		struct unwind_table_report report;
		struct elf_file *file;
		int fd;

		elf_build(&elf, machines[i], &section, 1, true);
		fd = fixture_memfd(elf.data, elf.size);
		assert_int_equal(elf_file_open(fd, &file), 0);
		assert_int_equal(unwind_table_build(file, &bytes, &report), -ENODATA);
		elf_file_free(file);
		buffer_fini(&elf);
		buffer_fini(&bytes);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_a_function),
		cmocka_unit_test(knows_realigned_stacks),
		cmocka_unit_test(knows_what_is_in_registers),
		cmocka_unit_test(knows_the_kernels_signal_frames_only),
		cmocka_unit_test(counts_what_it_cannot_say),
		cmocka_unit_test(needs_no_sections),
		cmocka_unit_test(reads_debug_frame_compressed_or_not),
		cmocka_unit_test(a_bad_program_makes_its_function_unsupported),
		cmocka_unit_test(of_functions_that_overlap_the_later_one_holds),
		cmocka_unit_test(code_out_of_segments_has_no_rows),
		cmocka_unit_test(a_chunk_without_room_for_all_rows_says_so_at_its_end),
		cmocka_unit_test(where_a_segment_ends_another_may_start),
		cmocka_unit_test(searches_a_hole_without_end_in_part_only),
		cmocka_unit_test(says_when_there_is_nothing),
	};

	paths = argv + 1;
	return argc == 6 ? cmocka_run_group_tests_name("unwind table build", tests, NULL, NULL) : 1;
}

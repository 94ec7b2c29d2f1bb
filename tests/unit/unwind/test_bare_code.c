/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/bare_code.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_rows.h"

#define CODE_VADDR (BUILT_VADDR + BUILT_HEADER_BYTES)
#define CODE_BYTES 64

static const uint8_t mov_rax_15_syscall[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 0x05 };
static const uint8_t mov_eax_15_syscall[] = { 0xb8, 15, 0, 0, 0, 0x0f, 0x05 };

/* The path of fixtures/bare.S, linked: a library without call frame information. */
static const char *bare_path;

/* The same, which needs another library. */
static const char *needing_path;

struct bare {
	struct unwind_rule_set *set;
	struct unwind_rows rows; /* that are there before, without those that are found */
	struct unwind_rows over;
};

static void read_fd(struct bare *bare, int fd)
{
	struct elf_file *file;

	bare->set = calloc(1, sizeof(*bare->set));
	unwind_rule_set_init(bare->set);
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(bare_code_read(file, &bare->rows, bare->set, &bare->over), 0);
	elf_file_free(file);
	close(fd);
}

/* Read @code, CODE_BYTES of it, which has @rows. */
static struct bare read_code(const uint8_t *code, uint16_t machine, struct unwind_rows rows)
{
	struct built_section section = { .name = ".text", .bytes = code, .size = CODE_BYTES };
	struct bare bare = { .rows = rows };
	struct buffer elf = { 0 };

	elf_build(&elf, machine, &section, 1, 1);
	read_fd(&bare, fixture_memfd(elf.data, elf.size));
	buffer_fini(&elf);
	return bare;
}

static void bare_fini(struct bare *bare)
{
	unwind_rows_fini(&bare->rows);
	unwind_rows_fini(&bare->over);
	free(bare->set);
}

static enum unwind_cfa_kind kind_at(const struct bare *bare, uint64_t elf_vaddr)
{
	size_t i = unwind_rows_find_behind(&bare->over, elf_vaddr);

	return i ? bare->set->rules[bare->over.items[i - 1].rule].cfa_kind : UNWIND_CFA_NONE;
}

static void knows_the_return_from_a_signal(void **state)
{
	uint8_t code[CODE_BYTES] = { 0 };
	struct bare bare;

	(void)state;
	memcpy(code + 8, mov_rax_15_syscall, sizeof(mov_rax_15_syscall));
	memcpy(code + 32, mov_eax_15_syscall, sizeof(mov_eax_15_syscall));
	bare = read_code(code, EM_X86_64, (struct unwind_rows){ 0 });
	assert_int_equal(kind_at(&bare, CODE_VADDR + 6), UNWIND_CFA_NONE);
	assert_int_equal(kind_at(&bare, CODE_VADDR + 7), UNWIND_CFA_SIGNAL);
	assert_int_equal(kind_at(&bare, CODE_VADDR + 16), UNWIND_CFA_SIGNAL);
	assert_int_equal(kind_at(&bare, CODE_VADDR + 17), UNWIND_CFA_NONE);
	assert_int_equal(kind_at(&bare, CODE_VADDR + 31), UNWIND_CFA_SIGNAL);
	assert_int_equal(kind_at(&bare, CODE_VADDR + 38), UNWIND_CFA_SIGNAL);
	assert_int_equal(kind_at(&bare, CODE_VADDR + 39), UNWIND_CFA_NONE);
	bare_fini(&bare);
}

static void takes_nothing_else_for_it(void **state)
{
	uint8_t code[CODE_BYTES] = { 0 };
	struct bare bare;

	(void)state;
	memcpy(code + 8, mov_rax_15_syscall, sizeof(mov_rax_15_syscall));
	code[11] = 14; /* another system call */
	memcpy(code + 32, mov_rax_15_syscall, sizeof(mov_rax_15_syscall));
	code[34] = 0xc7; /* another register */
	bare = read_code(code, EM_X86_64, (struct unwind_rows){ 0 });
	assert_int_equal(bare.over.n, 0);
	bare_fini(&bare);
	memcpy(code + 8, mov_rax_15_syscall, sizeof(mov_rax_15_syscall));
	bare = read_code(code, EM_AARCH64, (struct unwind_rows){ 0 });
	assert_int_equal(bare.over.n, 0);
	bare_fini(&bare);
}

/* How many bytes from the entry on are known to have no caller. */
static size_t entry_bytes(const char *start, size_t n, struct unwind_rows rows)
{
	uint8_t code[CODE_BYTES] = { 0 };
	struct bare bare;
	size_t bytes = 0;

	memcpy(code, start, n);
	bare = read_code(code, EM_X86_64, rows);
	while (bytes < CODE_BYTES && kind_at(&bare, CODE_VADDR + bytes) == UNWIND_CFA_END)
		bytes++;
	bare_fini(&bare);
	return bytes;
}

#define ENTRY_BYTES(start) entry_bytes(start, sizeof(start) - 1, (struct unwind_rows){ 0 })

static const char loader_entry[] =
	"\x48\x89\xe7\xe8\1\2\3\4"                      /* mov rdi, rsp; call */
	"\x49\x89\xc4\x31\xed\xe8\1\2\3\4\x41\xff\xe4"; /* … call; jmp r12 */

static void nobody_has_called_the_entry(void **state)
{
	static const char musl[] = "\x48\x31\xed\x48\x89\xe7\x48\x8d\x35\xe8\2\3\4"
				   "\x48\x83\xe4\xf0\xe8\1\2\3\4\x8b\x37";
	static const char glibc[] = "\x31\xed\x49\x89\xd1\x5e\x48\x89\xe2\x48\x83\xe4\xf0"
				    "\xff\x15\1\2\3\4\xf4\x90";
	static const char static_glibc[] = "\xf3\x0f\x1e\xfa\x31\xed\x49\x89\xd1\x5e"
					   "\x67\xe8\1\2\3\4\xf4\x90";

	(void)state;
	assert_int_equal(ENTRY_BYTES(loader_entry), sizeof(loader_entry) - 1);
	assert_int_equal(ENTRY_BYTES(musl), sizeof(musl) - 1 - 2);
	assert_int_equal(ENTRY_BYTES(glibc), sizeof(glibc) - 1 - 1);
	assert_int_equal(ENTRY_BYTES(static_glibc), sizeof(static_glibc) - 1 - 1);
}

static void an_entry_of_another_form_is_not_known(void **state)
{
	struct unwind_rows rows = { 0 };

	(void)state;
	assert_int_equal(ENTRY_BYTES("\x48\x89\xe7\xe9\1\2\3\4"), 0); /* it jumps */
	assert_int_equal(ENTRY_BYTES("\x31\xed\x49\x89\xd1\x5e\xff\x15\1\2\3\4\x90"), 0);
	assert_int_equal(unwind_rows_append(&rows, CODE_VADDR, UNWIND_RULE_UNSUPPORTED), 0);
	assert_int_equal(entry_bytes(loader_entry, sizeof(loader_entry) - 1, rows), 0);
}

static void believes_rules_more_than_code(void **state)
{
	uint8_t code[CODE_BYTES] = { 0 };
	struct unwind_rows rows = { 0 };
	struct bare bare;

	(void)state;
	memcpy(code + 8, mov_rax_15_syscall, sizeof(mov_rax_15_syscall));
	assert_int_equal(unwind_rows_append(&rows, CODE_VADDR, UNWIND_RULE_UNSUPPORTED), 0);
	assert_int_equal(unwind_rows_append(&rows, CODE_VADDR + 32, UNWIND_RULE_NONE), 0);
	bare = read_code(code, EM_X86_64, rows);
	assert_int_equal(bare.over.n, 0);
	bare_fini(&bare);
}

static void main_is_called_where_its_result_goes_to_exit(void **state)
{
	uint64_t call = fixture_function_vaddr(bare_path, "behind_call_of_main");
	struct bare bare = { 0 };

	(void)state;
	read_fd(&bare, fixture_open(bare_path));
	assert_int_equal(kind_at(&bare, call - 2), UNWIND_CFA_NONE);
	assert_int_equal(kind_at(&bare, call - 1), UNWIND_CFA_END);
	assert_int_equal(kind_at(&bare, call + 6), UNWIND_CFA_END);
	assert_int_equal(kind_at(&bare, call + 7), UNWIND_CFA_NONE);
	assert_int_equal(kind_at(&bare, fixture_function_vaddr(bare_path, "other") + 2),
			 UNWIND_CFA_NONE);
	bare_fini(&bare);
}

static void who_needs_others_is_not_searched(void **state)
{
	struct bare bare = { 0 };

	(void)state;
	read_fd(&bare, fixture_open(needing_path));
	assert_int_equal(bare.over.n, 0);
	bare_fini(&bare);
}

int main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_return_from_a_signal),
		cmocka_unit_test(takes_nothing_else_for_it),
		cmocka_unit_test(nobody_has_called_the_entry),
		cmocka_unit_test(an_entry_of_another_form_is_not_known),
		cmocka_unit_test(believes_rules_more_than_code),
		cmocka_unit_test(main_is_called_where_its_result_goes_to_exit),
		cmocka_unit_test(who_needs_others_is_not_searched),
	};

	if (argc != 3)
		return 2;
	bare_path = argv[1];
	needing_path = argv[2];
	return cmocka_run_group_tests_name("bare code", tests, NULL, NULL);
}

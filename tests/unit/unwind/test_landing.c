/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/landing.h"

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

enum {
	CODE_VADDR = BUILT_VADDR + BUILT_HEADER_BYTES,
	CODE_BYTES = 512,
	CALL = 300,  /* of uw_install_context_1 */
	LEAVE = 400, /* mov rsp, rcx */
};

/* A function of libgcc's, and the rows that it has. */
struct function {
	uint8_t code[CODE_BYTES];
	struct unwind_rule_set *set;
	struct unwind_rows rows;
	struct unwind_rows over;
};

static const struct unwind_rule by_rbp = { .cfa_kind = UNWIND_CFA_FP, .cfa_off = 16, .reg = 7 };
static const struct unwind_rule by_rcx = { .cfa_kind = UNWIND_CFA_REGISTER,
					   .reg = 2,
					   .cfa_off = 8 };
static const struct unwind_rule by_rsp = { .cfa_kind = UNWIND_CFA_SP, .cfa_off = 8, .reg = 7 };
static const struct unwind_rule in_rcx = { .cfa_kind = UNWIND_CFA_SP,
					   .ra_kind = UNWIND_RA_REGISTER,
					   .reg = 2 };

static void put_row(struct function *function, size_t off, struct unwind_rule rule)
{
	assert_int_equal(unwind_rows_append(&function->rows, CODE_VADDR + off,
					    unwind_rule_set_add(function->set, rule)),
			 0);
}

static void put_code(struct function *function, size_t off, const char *bytes, size_t n)
{
	memcpy(function->code + off, bytes, n);
}

/* With the rows of mov rsp, rcx; pop rcx; jmp rcx, and the code that it has in Debian 12. */
static struct function libgcc_function(void)
{
	struct function function = { .set = calloc(1, sizeof(*function.set)) };

	unwind_rule_set_init(function.set);
	put_row(&function, 0, by_rbp);
	put_row(&function, LEAVE, by_rcx);
	put_row(&function, LEAVE + 3, by_rsp);
	put_row(&function, LEAVE + 4, in_rcx);
	put_row(&function, LEAVE + 6, by_rbp);
	put_code(&function, CALL, "\xe8\x10\xff\xff\xff", 5);
	put_code(&function, CALL + 5, "\x48\x8b\xb5\x68\xff\xff\xff", 7);  /* rsi, [rbp − 152] */
	put_code(&function, CALL + 12, "\x48\x8b\xbd\x60\xff\xff\xff", 7); /* rdi, [rbp − 160] */
	put_code(&function, CALL + 19, "\x31\xd2\xe8\x10\xff\xff\xff", 7);
	return function;
}

static void function_fini(struct function *function)
{
	unwind_rows_fini(&function->rows);
	unwind_rows_fini(&function->over);
	free(function->set);
}

static void read_function(struct function *function, uint16_t machine)
{
	const struct built_section section = { .name = ".text",
					       .bytes = function->code,
					       .size = CODE_BYTES };
	struct buffer elf = { 0 };
	struct elf_file *file;
	int fd;

	elf_build(&elf, machine, &section, 1, 1);
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(landing_read(file, &function->rows, function->set, &function->over), 0);
	elf_file_free(file);
	close(fd);
	buffer_fini(&elf);
}

static struct unwind_rule rule_at(const struct function *function, size_t off)
{
	size_t i = unwind_rows_find_behind(&function->over, CODE_VADDR + off);

	return function->set->rules[i ? function->over.items[i - 1].rule : UNWIND_RULE_NONE];
}

static void lands_by_its_context_from_when_it_overwrites_what_it_has_saved(void **state)
{
	struct function function = libgcc_function();
	struct unwind_rule rule;

	(void)state;
	read_function(&function, EM_X86_64);
	assert_int_equal(rule_at(&function, CALL - 1).cfa_kind, UNWIND_CFA_NONE);
	for (size_t off = CALL; off < LEAVE; off++) {
		rule = rule_at(&function, off);
		assert_int_equal(rule.cfa_kind, UNWIND_CFA_LANDING);
		assert_int_equal(rule.reg, 6);
		assert_int_equal(rule.cfa_off, -160);
		assert_int_equal(rule.fp_off, -96);
	}
	function_fini(&function);
}

static void lands_exactly_in_its_last_instructions(void **state)
{
	struct function function = libgcc_function();

	(void)state;
	read_function(&function, EM_X86_64);
	for (size_t off = LEAVE; off < LEAVE + 6; off++)
		assert_true(rule_at(&function, off).lands);
	assert_int_equal(rule_at(&function, LEAVE + 2).cfa_kind, UNWIND_CFA_REGISTER);
	assert_int_equal(rule_at(&function, LEAVE + 3).cfa_off, 8);
	assert_int_equal(rule_at(&function, LEAVE + 3).reg, UNWIND_RBX_SAME);
	assert_int_equal(rule_at(&function, LEAVE + 4).ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(rule_at(&function, LEAVE + 6).cfa_kind, UNWIND_CFA_NONE);
	function_fini(&function);
}

/* Of a newer GCC, and of one that knows no shadow stack. */
static void knows_it_as_other_compilers_write_it(void **state)
{
	struct function function = libgcc_function();

	(void)state;
	put_code(&function, CALL + 5, "\x4c\x8b\x8d\x68\xff\xff\xff", 7); /* r9 */
	read_function(&function, EM_X86_64);
	assert_int_equal(rule_at(&function, CALL).cfa_off, -160);
	function_fini(&function);

	function = libgcc_function();
	put_code(&function, CALL + 5, "\x48\x8b\xbd\x60\xff\xff\xff", 7);
	put_code(&function, CALL + 12, "\x48\x8b\xb5\x68\xff\xff\xff", 7);
	function.rows.n -= 2;
	put_row(&function, LEAVE + 4, by_rbp); /* behind a ret */
	read_function(&function, EM_X86_64);
	assert_int_equal(rule_at(&function, CALL).cfa_off, -160);
	assert_true(rule_at(&function, LEAVE + 3).lands);
	assert_int_equal(rule_at(&function, LEAVE + 4).cfa_kind, UNWIND_CFA_NONE);
	function_fini(&function);
}

/* All that is missing is what it is called with: it lands, but from where on is not known. */
static void assert_only_the_last_instructions_land(struct function *function)
{
	read_function(function, EM_X86_64);
	for (size_t off = 0; off < LEAVE; off++)
		assert_int_equal(rule_at(function, off).cfa_kind, UNWIND_CFA_NONE);
	assert_true(rule_at(function, LEAVE).lands);
	function_fini(function);
}

static void takes_nothing_else_for_it(void **state)
{
	struct function function = libgcc_function();

	(void)state;
	put_code(&function, CALL + 5, "\x48\x8b\xb5\x70\xff\xff\xff", 7); /* not behind the other */
	assert_only_the_last_instructions_land(&function);
	function = libgcc_function();
	function.code[CALL + 4] = 0x70; /* it calls where no code is */
	assert_only_the_last_instructions_land(&function);
	function = libgcc_function();
	function.code[CALL] = 0x90;
	assert_only_the_last_instructions_land(&function);
	function = libgcc_function();
	function.rows.n = 1;
	put_row(&function, CALL + 30, by_rsp); /* it returns on the way */
	put_row(&function, CALL + 31, by_rbp);
	put_row(&function, LEAVE, by_rcx);
	assert_only_the_last_instructions_land(&function);
}

/* As only a hostile file has it: rows stay sorted, whatever comes. */
static void goes_no_way_twice(void **state)
{
	struct function function = libgcc_function();

	(void)state;
	function.rows.n = 0;
	put_row(&function, 0, by_rcx);
	put_row(&function, CALL - 10, by_rsp);
	put_row(&function, LEAVE, by_rcx);
	put_row(&function, LEAVE + 3, by_rsp);
	read_function(&function, EM_X86_64);
	for (size_t i = 1; i < function.over.n; i++)
		assert_true(function.over.items[i].elf_vaddr >
			    function.over.items[i - 1].elf_vaddr);
	assert_true(rule_at(&function, CALL).lands);
	function_fini(&function);
}

/* As in Debian 12. Behind the str come the load of x29 and x30, and what is to follow. */
static struct function arm64_function(uint32_t next, uint32_t and_next)
{
	const uint32_t code[] = {
		0x97fff000, 0xaa0003e4, 0xf943d3e0, /* ldr x0, [sp, 1952] */
		0xf943d7e1, 0x97fff001, 0xf90007a1, 0xa9407bfd, next, and_next,
	};
	struct function function = { .set = calloc(1, sizeof(*function.set)) };

	unwind_rule_set_init(function.set);
	memcpy(function.code + CALL, code, sizeof(code));
	return function;
}

static void lands_on_arm64_until_the_stack_pointer_is_another(void **state)
{
	const uint32_t add_size = 0x912143ff, add_x4 = 0x8b2463ff, jump = 0x17fffff0;
	struct function function = arm64_function(add_size, add_x4);
	struct unwind_rule rule;

	(void)state;
	read_function(&function, EM_AARCH64);
	assert_int_equal(rule_at(&function, CALL - 4).cfa_kind, UNWIND_CFA_NONE);
	rule = rule_at(&function, CALL);
	assert_int_equal(rule.cfa_kind, UNWIND_CFA_LANDING);
	assert_int_equal(rule.reg, 31);
	assert_int_equal(rule.cfa_off, 1952);
	assert_int_equal(rule.fp_off, (29 - 98) * 8);
	assert_int_equal(rule_at(&function, CALL + 28).cfa_kind, UNWIND_CFA_LANDING);
	assert_int_equal(rule_at(&function, CALL + 32).cfa_kind, UNWIND_CFA_NONE);
	function_fini(&function);

	function = arm64_function(jump, add_x4); /* to where others return, too */
	read_function(&function, EM_AARCH64);
	assert_int_equal(rule_at(&function, CALL + 28).cfa_kind, UNWIND_CFA_LANDING);
	assert_int_equal(rule_at(&function, CALL + 32).cfa_kind, UNWIND_CFA_NONE);
	function_fini(&function);

	function = arm64_function(add_size, add_size); /* and no end that is known */
	read_function(&function, EM_AARCH64);
	assert_int_equal(rule_at(&function, CALL + 20).cfa_kind, UNWIND_CFA_LANDING);
	assert_int_equal(rule_at(&function, CALL + 24).cfa_kind, UNWIND_CFA_NONE);
	function_fini(&function);
}

static void takes_nothing_else_on_arm64_for_it(void **state)
{
	struct function function;

	(void)state;
	for (size_t off = 0; off <= 20; off += 4) { /* any of these instructions is another one */
		function = arm64_function(0, 0);
		function.code[CALL + off + 3] ^= 0x20;
		read_function(&function, EM_AARCH64);
		assert_int_equal(function.over.n, 0);
		function_fini(&function);
	}
	function = arm64_function(0, 0); /* at the start of the code, where nothing comes before */
	memcpy(function.code, function.code + CALL + 20, 4);
	memset(function.code + CALL, 0, 24);
	read_function(&function, EM_AARCH64);
	assert_int_equal(function.over.n, 0);
	function_fini(&function);
}

static void other_files_have_none(void **state)
{
	struct function function = libgcc_function();

	(void)state;
	read_function(&function, EM_AARCH64);
	assert_int_equal(function.over.n, 0);
	read_function(&function, EM_RISCV);
	assert_int_equal(function.over.n, 0);
	function.rows.n = 1;
	read_function(&function, EM_X86_64);
	assert_int_equal(function.over.n, 0);
	function_fini(&function);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lands_by_its_context_from_when_it_overwrites_what_it_has_saved),
		cmocka_unit_test(lands_exactly_in_its_last_instructions),
		cmocka_unit_test(knows_it_as_other_compilers_write_it),
		cmocka_unit_test(takes_nothing_else_for_it),
		cmocka_unit_test(goes_no_way_twice),
		cmocka_unit_test(lands_on_arm64_until_the_stack_pointer_is_another),
		cmocka_unit_test(takes_nothing_else_on_arm64_for_it),
		cmocka_unit_test(other_files_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

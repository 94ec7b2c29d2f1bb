/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/signal_return.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_rows.h"

#define CODE_VADDR (BUILT_VADDR + BUILT_HEADER_BYTES)

#define NOP        0x1f, 0x20, 0x03, 0xd5
#define MOV_X8_139 0x68, 0x11, 0x80, 0xd2
#define SVC_0      0x01, 0x00, 0x00, 0xd4

struct compiled {
	struct unwind_rule_set *set;
	struct unwind_rows rows;
};

static struct compiled compile(uint16_t machine, const uint8_t *code, size_t size)
{
	struct compiled compiled = { .set = calloc(1, sizeof(*compiled.set)) };
	struct built_section text = { .name = ".text", .bytes = code, .size = size };
	struct buffer elf = { 0 };
	struct elf_file *file;
	int fd;

	elf_build(&elf, machine, &text, 1, 1);
	fd = fixture_memfd(elf.data, elf.size);
	unwind_rule_set_init(compiled.set);
	assert_int_equal(elf_file_open(fd, &file), 0);
	assert_int_equal(signal_return_read(file, compiled.set, &compiled.rows), 0);
	elf_file_free(file);
	close(fd);
	buffer_fini(&elf);
	return compiled;
}

static void compiled_fini(struct compiled *compiled)
{
	unwind_rows_fini(&compiled->rows);
	free(compiled->set);
}

static void code_that_returns_from_a_signal_has_its_frame(void **state)
{
	static const uint8_t code[] = { NOP, NOP, MOV_X8_139, SVC_0, NOP, MOV_X8_139, SVC_0 };
	struct compiled compiled = compile(EM_AARCH64, code, sizeof(code));
	const struct unwind_row *rows = compiled.rows.items;

	(void)state;
	assert_int_equal(compiled.rows.n, 4);
	assert_int_equal(rows[0].elf_vaddr, CODE_VADDR + 8 - 1);
	assert_int_equal(compiled.set->rules[rows[0].rule].cfa_kind, UNWIND_CFA_SIGNAL);
	assert_int_equal(rows[1].elf_vaddr, CODE_VADDR + 16);
	assert_int_equal(rows[1].rule, UNWIND_RULE_NONE);
	assert_int_equal(rows[2].elf_vaddr, CODE_VADDR + 20 - 1);
	assert_int_equal(rows[2].rule, rows[0].rule);
	compiled_fini(&compiled);
}

/* Rows have to ascend. */
static void one_right_behind_another_goes_on(void **state)
{
	static const uint8_t code[] = { NOP, MOV_X8_139, SVC_0, MOV_X8_139, SVC_0 };
	struct compiled compiled = compile(EM_AARCH64, code, sizeof(code));
	const struct unwind_row *rows = compiled.rows.items;

	(void)state;
	assert_int_equal(compiled.rows.n, 2);
	assert_int_equal(rows[0].elf_vaddr, CODE_VADDR + 4 - 1);
	assert_int_equal(rows[1].elf_vaddr, CODE_VADDR + 20);
	compiled_fini(&compiled);
}

static void other_code_has_none(void **state)
{
	static const uint8_t other_call[] = { NOP, MOV_X8_139, NOP, SVC_0 };
	static const uint8_t between_instructions[] = { 0, 0, MOV_X8_139, SVC_0, 0, 0 };
	static const uint8_t code[] = { MOV_X8_139, SVC_0 };
	struct compiled compiled = compile(EM_AARCH64, other_call, sizeof(other_call));

	(void)state;
	assert_int_equal(compiled.rows.n, 0);
	compiled_fini(&compiled);
	compiled = compile(EM_AARCH64, between_instructions, sizeof(between_instructions));
	assert_int_equal(compiled.rows.n, 0);
	compiled_fini(&compiled);
	compiled = compile(EM_X86_64, code, sizeof(code));
	assert_int_equal(compiled.rows.n, 0);
	compiled_fini(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_that_returns_from_a_signal_has_its_frame),
		cmocka_unit_test(one_right_behind_another_goes_on),
		cmocka_unit_test(other_code_has_none),
	};

	return cmocka_run_group_tests_name("signal return", tests, NULL, NULL);
}

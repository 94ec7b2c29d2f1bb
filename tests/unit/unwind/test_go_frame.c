/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_frame.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "elf_builder.h"
#include "fixture.h"
#include "pclntab_builder.h"
#include "unwind/elf_file.h"
#include "unwind/unwind_rows.h"

/* Functions of 32 bytes, at the start of the first section. */
#define FUNCTION_BYTES    32
#define FUNCTION_VADDR(i) (BUILT_VADDR + BUILT_HEADER_BYTES + (i)*FUNCTION_BYTES)

/* Depth 0 for one byte, 8 for 29, 0 for the last; and depth 0 throughout. */
static const uint8_t frame[] = { 2, 1, 16, 30, 15, 1, 0 };
static const uint8_t leaf[] = { 2, 32, 0 };

struct compiled {
	struct unwind_rule_set *set;
	struct unwind_rows rows;
	struct go_frame_report report;
};

struct go_code {
	uint16_t machine;
	const struct built_function *functions; /* start_vaddr is set here */
	size_t n;
	const uint8_t *code; /* of all; NULL: zeros */
};

static struct compiled compile(const struct go_code *go)
{
	struct compiled compiled = { .set = calloc(1, sizeof(*compiled.set)) };
	struct built_function functions[16];
	static const uint8_t zeros[16 * FUNCTION_BYTES];
	struct built_section sections[] = {
		{ .name = ".text",
		  .bytes = go->code ? go->code : zeros,
		  .size = go->n * FUNCTION_BYTES },
		{ .name = ".gopclntab" },
	};
	struct buffer bytes = { 0 }, elf = { 0 };
	struct elf_file *file;
	int fd;

	for (size_t i = 0; i < go->n; i++) {
		functions[i] = go->functions[i];
		functions[i].start_vaddr = FUNCTION_VADDR(i);
	}
	pclntab_build(&bytes, &(struct built_pclntab){ .version = PCLNTAB_1_20,
						       .text_vaddr = BUILT_VADDR,
						       .functions = functions,
						       .n_functions = go->n,
						       .end_vaddr = FUNCTION_VADDR(go->n) });
	sections[1].bytes = bytes.data;
	sections[1].size = bytes.size;
	elf_build(&elf, go->machine, sections, 2, true);
	fd = fixture_memfd(elf.data, elf.size);
	assert_int_equal(elf_file_open(fd, &file), 0);
	unwind_rule_set_init(compiled.set);
	assert_int_equal(go_frame_read(file, compiled.set, &compiled.rows, &compiled.report), 0);
	assert_int_equal(compiled.report.n_functions, go->n);
	elf_file_free(file);
	buffer_fini(&elf);
	buffer_fini(&bytes);
	close(fd);
	return compiled;
}

static void compiled_fini(struct compiled *compiled)
{
	unwind_rows_fini(&compiled->rows);
	free(compiled->set);
}

static const struct unwind_rule *rule_at(const struct compiled *compiled, uint64_t elf_vaddr)
{
	uint16_t rule = UNWIND_RULE_NONE;

	for (size_t i = 0; i < compiled->rows.n && compiled->rows.items[i].elf_vaddr <= elf_vaddr;
	     i++)
		rule = compiled->rows.items[i].rule;
	return &compiled->set->rules[rule];
}

static void assert_cfa(const struct unwind_rule *rule, enum unwind_cfa_kind kind, int32_t off)
{
	assert_int_equal(rule->cfa_kind, kind);
	assert_int_equal(rule->cfa_off, off);
}

static void depths_are_rules(void **state)
{
	static const struct built_function functions[] = {
		{ "main.framed", 0, 0, frame },
		{ "main.leaf", 0, 0, leaf },
		{ "main.assembly", 0, PCLNTAB_ASSEMBLY, frame },
	};
	struct compiled compiled =
		compile(&(struct go_code){ .machine = EM_X86_64, .functions = functions, .n = 3 });
	const struct unwind_rule *rule = rule_at(&compiled, FUNCTION_VADDR(0) + 1);

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0)), UNWIND_CFA_SP, 8);
	assert_cfa(rule, UNWIND_CFA_SP, 16);
	assert_int_equal(rule->fp_kind, UNWIND_FP_CFA);
	assert_int_equal(rule->fp_off, -16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 31), UNWIND_CFA_SP, 8);
	rule = rule_at(&compiled, FUNCTION_VADDR(1) + 16);
	assert_cfa(rule, UNWIND_CFA_SP, 8);
	assert_int_equal(rule->fp_kind, UNWIND_FP_SAME);
	rule = rule_at(&compiled, FUNCTION_VADDR(2) + 16);
	assert_cfa(rule, UNWIND_CFA_SP, 16);
	assert_int_equal(rule->fp_kind, UNWIND_FP_UNDEFINED);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(3)), UNWIND_CFA_NONE, 0);
	compiled_fini(&compiled);
}

static void stacks_end_where_go_ends_them(void **state)
{
	static const struct built_function functions[] = {
		{ "runtime.goexit", 0, PCLNTAB_ASSEMBLY | PCLNTAB_TOP_FRAME, leaf },
		{ "runtime.mcall", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, leaf },
		{ "runtime.mstart", 0, PCLNTAB_ASSEMBLY | PCLNTAB_TOP_FRAME, leaf },
		{ "runtime.sigtramp", 0, PCLNTAB_ASSEMBLY | PCLNTAB_TOP_FRAME, frame },
		{ "runtime.cgocallback", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, frame },
	};
	struct compiled compiled =
		compile(&(struct go_code){ .machine = EM_X86_64, .functions = functions, .n = 5 });

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0)), UNWIND_CFA_END, 0);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) + 31), UNWIND_CFA_END, 0);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(2) + 8), UNWIND_CFA_END, 0);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(3) + 8), UNWIND_CFA_SP, 16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(4) + 8), UNWIND_CFA_SP, 16);
	assert_int_equal(compiled.report.n_stack_unknown, 0);
	compiled_fini(&compiled);
}

static void a_saved_frame_pointer_leads_from_stack_to_stack(void **state)
{
	static const uint8_t code[2 * FUNCTION_BYTES] = {
		0x55,
		0x48,
		0x89,
		0xe5,
		[FUNCTION_BYTES - 2] = 0x5d,
		0xc3,
		/* The way of Go 1.20: sub, store, lea */
		0x48,
		0x83,
		0xec,
		24,
		0x48,
		0x89,
		0x6c,
		0x24,
		16,
		0x48,
		0x8d,
		0x6c,
		0x24,
		16,
	};
	static const struct built_function functions[] = {
		{ "runtime.systemstack", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, frame },
		{ "runtime.nanotime1", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, frame },
	};
	struct compiled compiled = compile(&(struct go_code){
		.machine = EM_X86_64, .functions = functions, .n = 2, .code = code });
	const struct unwind_rule *rule = rule_at(&compiled, FUNCTION_VADDR(0) + 4);

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0)), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 3), UNWIND_CFA_SP, 16);
	assert_cfa(rule, UNWIND_CFA_FP_ANYWHERE, 16);
	assert_int_equal(rule->fp_kind, UNWIND_FP_CFA);
	assert_int_equal(rule->fp_off, -16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 30), UNWIND_CFA_FP_ANYWHERE, 16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 31), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) + 13), UNWIND_CFA_SP, 16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) + 14), UNWIND_CFA_FP_ANYWHERE, 16);
	compiled_fini(&compiled);
}

static void a_frame_pointer_may_be_saved_behind_the_arguments(void **state)
{
	static const uint8_t code[FUNCTION_BYTES] = {
		0x48, 0x8b, 0x44, 0x24, 0x08,       /*  0: mov rax, [rsp + 8] */
		0x55, 0x48, 0x89, 0xe5,             /*  5: push rbp; mov rbp, rsp */
		0x48, 0x83, 0xe4, 0xf0, 0xff, 0xd0, /*  9: and rsp, -16; call rax */
		0x48, 0x89, 0xec, 0x5d, 0xc3,       /* 15: mov rsp, rbp; pop rbp; ret */
	};
	/* Depth 0 for six bytes, 8 for 13, 0 for the rest. */
	static const uint8_t depths[] = { 2, 6, 16, 13, 15, 13, 0 };
	static const struct built_function functions[] = {
		{ "runtime.sigfwd", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, depths },
	};
	struct compiled compiled = compile(&(struct go_code){
		.machine = EM_X86_64, .functions = functions, .n = 1, .code = code });

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0)), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 6), UNWIND_CFA_SP, 16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 9), UNWIND_CFA_FP_ANYWHERE, 16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 18), UNWIND_CFA_FP_ANYWHERE, 16);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 19), UNWIND_CFA_SP, 8);
	assert_int_equal(compiled.report.n_stack_unknown, 0);
	compiled_fini(&compiled);
}

static void a_return_address_may_be_kept_in_a_register(void **state)
{
	static const uint8_t code[FUNCTION_BYTES] = {
		0x41, 0x5c, 0x0f, 0x05, /* 0: pop r12; syscall */
		0x41, 0x54, 0xc3,       /* 4: push r12; ret */
	};
	static const uint8_t other_code[FUNCTION_BYTES] = { 0x48, 0x83, 0xc4, 0x08 };
	/* Depth 0 for two bytes, −8 for four, 0 for the rest. */
	static const uint8_t depths[] = { 2, 2, 15, 4, 16, 26, 0 };
	static const struct built_function functions[] = {
		{ "syscall.rawVforkSyscall", 0, PCLNTAB_ASSEMBLY, depths },
	};
	struct go_code go = { .machine = EM_X86_64, .functions = functions, .n = 1, .code = code };
	struct compiled compiled = compile(&go);
	const struct unwind_rule *rule = rule_at(&compiled, FUNCTION_VADDR(0) + 4);

	(void)state;
	assert_cfa(rule, UNWIND_CFA_SP, 0);
	assert_int_equal(rule->ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(rule->reg, 12);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 6), UNWIND_CFA_SP, 8);
	compiled_fini(&compiled);
	go.code = other_code;
	compiled = compile(&go);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 4), UNWIND_CFA_UNSUPPORTED, 0);
	compiled_fini(&compiled);
}

/* What tells of systemstack's code where the goroutine is: fs:-8, and m.curg at 192. */
#define TELLS_WHERE_THE_GOROUTINE_IS                                                               \
	0x64, 0x48, 0x8b, 0x04, 0x25, 0xf8, 0xff, 0xff, 0xff, 0x48, 0x3b, 0x83, 192, 0, 0, 0
#define MOV_RSP_RBX    0x48, 0x89, 0xdc
#define MOV_RSP_56_RAX 0x48, 0x8b, 0x60, 56
#define MOV_RSP_56_R14 0x49, 0x8b, 0x66, 56
#define MOV_RSP_AT_RBX 0x48, 0x8b, 0x23

static const struct built_function switching[] = {
	{ "runtime.gogo", 0, PCLNTAB_ASSEMBLY, leaf },
	{ "runtime.mcall", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, leaf },
	{ "runtime.systemstack", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, leaf },
	{ "runtime.morestack", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, leaf },
	{ "gogo", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, leaf },
};
static const uint8_t switching_code[5 * FUNCTION_BYTES] = {
	[FUNCTION_BYTES] = MOV_RSP_56_R14,
	[2 * FUNCTION_BYTES] = TELLS_WHERE_THE_GOROUTINE_IS,
	MOV_RSP_RBX,
	MOV_RSP_56_RAX,
	[3 * FUNCTION_BYTES] = MOV_RSP_56_RAX,
	[4 * FUNCTION_BYTES] = MOV_RSP_AT_RBX,
};

static void what_the_runtime_has_saved_leads_from_stack_to_stack(void **state)
{
	struct compiled compiled = compile(&(struct go_code){
		.machine = EM_X86_64, .functions = switching, .n = 5, .code = switching_code });
	const struct unwind_rule *rule = rule_at(&compiled, FUNCTION_VADDR(2) + 19);

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0) + 31), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) + 3), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) + 4), UNWIND_CFA_END, 0);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(2) + 18), UNWIND_CFA_SP, 8);
	assert_cfa(rule, UNWIND_CFA_GO_SAVED, -8 + UNWIND_GO_CALLS);
	assert_int_equal(rule->fp_kind, UNWIND_FP_SAME);
	assert_int_equal(rule->fp_off, 192);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(2) + 23), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(3) + 3), UNWIND_CFA_SP, 8);
	rule = rule_at(&compiled, FUNCTION_VADDR(3) + 4);
	assert_cfa(rule, UNWIND_CFA_GO_SAVED, -8 + UNWIND_GO_RESUMES);
	assert_int_equal(rule->fp_kind, UNWIND_FP_UNDEFINED);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(4) + 2), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(4) + 31), UNWIND_CFA_GO_SAVED,
		   -8 + UNWIND_GO_ENTERS);
	assert_int_equal(compiled.report.n_stack_unknown, 0);
	compiled_fini(&compiled);
}

/* The same functions with nothing of that in them: not to be guessed, but for the one that ends. */
static void code_of_the_runtime_that_is_not_known_is_counted(void **state)
{
	struct compiled compiled =
		compile(&(struct go_code){ .machine = EM_X86_64, .functions = switching, .n = 5 });

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(0)), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1)), UNWIND_CFA_END, 0);
	for (size_t i = 2; i < 5; i++)
		assert_cfa(rule_at(&compiled, FUNCTION_VADDR(i) + 8), UNWIND_CFA_UNSUPPORTED, 0);
	assert_int_equal(compiled.report.n_stack_unknown, 3);
	compiled_fini(&compiled);
}

static void a_callback_returns_to_what_nobody_called(void **state)
{
	static const struct built_function functions[] = {
		{ "runtime.mcall", 0, PCLNTAB_ASSEMBLY | PCLNTAB_SP_WRITE, leaf },
		{ "runtime.systemstack_switch", 0, PCLNTAB_ASSEMBLY, leaf },
	};
	struct compiled compiled =
		compile(&(struct go_code){ .machine = EM_X86_64, .functions = functions, .n = 2 });

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) - 2), UNWIND_CFA_END, 0);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) - 1), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1)), UNWIND_CFA_SP, 8);
	compiled_fini(&compiled);
}

static void a_signal_returns_to_what_nobody_called(void **state)
{
	static const struct built_function functions[] = {
		{ "main.leaf", 0, 0, leaf },
		{ "runtime.sigreturn__sigaction", 0, PCLNTAB_ASSEMBLY, leaf },
	};
	struct compiled compiled =
		compile(&(struct go_code){ .machine = EM_X86_64, .functions = functions, .n = 2 });

	(void)state;
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) - 2), UNWIND_CFA_SP, 8);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) - 1), UNWIND_CFA_SIGNAL, 0);
	assert_cfa(rule_at(&compiled, FUNCTION_VADDR(1) + 31), UNWIND_CFA_SIGNAL, 0);
	compiled_fini(&compiled);
}

static void on_arm64_the_return_address_is_at_the_bottom(void **state)
{
	static const struct built_function functions[] = { { "main.framed", 0, 0, frame } };
	struct compiled compiled =
		compile(&(struct go_code){ .machine = EM_AARCH64, .functions = functions, .n = 1 });
	const struct unwind_rule *rule = rule_at(&compiled, FUNCTION_VADDR(0));

	(void)state;
	assert_cfa(rule, UNWIND_CFA_SP, 0);
	assert_int_equal(rule->ra_kind, UNWIND_RA_REGISTER);
	assert_int_equal(rule->reg, 30);
	rule = rule_at(&compiled, FUNCTION_VADDR(0) + 4);
	assert_cfa(rule, UNWIND_CFA_SP, 8);
	assert_int_equal(rule->fp_kind, UNWIND_FP_CFA);
	assert_int_equal(rule->fp_off, -8);
	compiled_fini(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depths_are_rules),
		cmocka_unit_test(stacks_end_where_go_ends_them),
		cmocka_unit_test(a_saved_frame_pointer_leads_from_stack_to_stack),
		cmocka_unit_test(a_frame_pointer_may_be_saved_behind_the_arguments),
		cmocka_unit_test(a_return_address_may_be_kept_in_a_register),
		cmocka_unit_test(what_the_runtime_has_saved_leads_from_stack_to_stack),
		cmocka_unit_test(code_of_the_runtime_that_is_not_known_is_counted),
		cmocka_unit_test(a_callback_returns_to_what_nobody_called),
		cmocka_unit_test(a_signal_returns_to_what_nobody_called),
		cmocka_unit_test(on_arm64_the_return_address_is_at_the_bottom),
	};

	return cmocka_run_group_tests_name("go frame", tests, NULL, NULL);
}

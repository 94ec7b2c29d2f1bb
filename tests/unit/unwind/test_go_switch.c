/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_switch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The code of Go's own compilers, as far as it matters. */
static const uint8_t systemstack_1_19[] = {
	0x64, 0x48, 0x8b, 0x04, 0x25, 0xf8, 0xff, 0xff, 0xff, /* mov rax, fs:-8 */
	0x48, 0x3b, 0x43, 0x50,                               /* cmp rax, [rbx + 80] */
	0x48, 0x3b, 0x83, 0xc0, 0x00, 0x00, 0x00,             /* cmp rax, [rbx + 192] */
	0x48, 0x8b, 0x5a, 0x38,                               /* mov rbx, [rdx + 56] */
	0x48, 0x89, 0xdc,                                     /* mov rsp, rbx */
	0xff, 0xd7,                                           /* call rdi */
	0x48, 0x8b, 0x60, 0x38,                               /* mov rsp, [rax + 56] */
	0xc3,
};
static const uint8_t systemstack_1_26_pie_with_cgo[] = {
	0x48, 0xc7, 0xc1, 0xd0, 0xff, 0xff, 0xff, /* mov rcx, -48 */
	0x64, 0x48, 0x8b, 0x01,                   /* mov rax, fs:[rcx] */
	0x48, 0x3b, 0x83, 0xb8, 0x00, 0x00, 0x00, /* cmp rax, [rbx + 184] */
};
static const uint8_t asmcgocall_1_19[] = {
	0x48, 0x89, 0xe2,             /*  0: mov rdx, rsp */
	0x48, 0x8b, 0x66, 0x38,       /*  3: mov rsp, [rsi + 56] */
	0x48, 0x83, 0xec, 0x40,       /*  7: sub rsp, 64 */
	0xff, 0xd0,                   /* 11: call rax */
	0x48, 0x89, 0xf4,             /* 13: mov rsp, rsi */
	0xc3,                         /* 16: ret */
	0x48, 0x83, 0xec, 0x40,       /* 17: sub rsp, 64 */
	0x48, 0x89, 0x54, 0x24, 0x28, /* 21: mov [rsp + 40], rdx */
	0xff, 0xd0,                   /* 26: call rax */
	0x48, 0x89, 0xf4,             /* 28: mov rsp, rsi */
	0xc3,                         /* 31: ret */
};

#define CODE(array) ((struct elf_content){ .bytes = (array), .size = sizeof(array) })

static const struct go_saved saved_1_19 = { .is_known = true, .g_off = -8, .curg_off = 192 };

static void learns_from_systemstack_where_the_goroutine_is(void **state)
{
	struct go_saved saved = go_saved_find(CODE(systemstack_1_19));

	(void)state;
	assert_true(saved.is_known);
	assert_int_equal(saved.g_off, -8);
	assert_int_equal(saved.curg_off, 192);
	saved = go_saved_find(CODE(systemstack_1_26_pie_with_cgo));
	assert_true(saved.is_known);
	assert_int_equal(saved.g_off, -48);
	assert_int_equal(saved.curg_off, 184);
}

static void learns_nothing_from_other_code(void **state)
{
	uint8_t code[sizeof(systemstack_1_19)];

	(void)state;
	assert_false(go_saved_find((struct elf_content){ 0 }).is_known);
	for (size_t n = 0; n < 20; n++)
		assert_false(
			go_saved_find((struct elf_content){ systemstack_1_19, n, 0 }).is_known);
	memcpy(code, systemstack_1_19, sizeof(code));
	code[16] = 0xc4; /* m.curg at no multiple of 8 */
	assert_false(go_saved_find(CODE(code)).is_known);
	code[16] = 0xc0;
	code[18] = 1; /* too far away */
	assert_false(go_saved_find(CODE(code)).is_known);
}

static void turns_are_in_the_order_of_the_code(void **state)
{
	struct go_turn turns[GO_SWITCH_MAX_TURNS];

	(void)state;
	assert_int_equal(
		go_switch_find("runtime.systemstack", CODE(systemstack_1_19), &saved_1_19, turns),
		2);
	assert_int_equal(turns[0].code_off, 27);
	assert_int_equal(turns[0].rule.cfa_kind, UNWIND_CFA_GO_SAVED);
	assert_int_equal(turns[1].code_off, 33);
	assert_int_equal(turns[1].rule.cfa_kind, UNWIND_CFA_SP);
}

static void a_call_of_c_may_come_from_either_stack(void **state)
{
	static const struct {
		size_t code_off;
		enum unwind_cfa_kind kind;
		int32_t cfa_off;
	} wanted[] = {
		{ 7, UNWIND_CFA_GO_SAVED, -8 + UNWIND_GO_CALLS },
		{ 16, UNWIND_CFA_SP, 8 },
		{ 21, UNWIND_CFA_REGISTER, 8 },
		{ 26, UNWIND_CFA_DEREF_SP, 41 },
		{ 31, UNWIND_CFA_SP, 8 },
	};
	struct go_turn turns[GO_SWITCH_MAX_TURNS];

	(void)state;
	assert_int_equal(
		go_switch_find("runtime.asmcgocall", CODE(asmcgocall_1_19), &saved_1_19, turns), 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(turns[i].code_off, wanted[i].code_off);
		assert_int_equal(turns[i].rule.cfa_kind, wanted[i].kind);
		assert_int_equal(turns[i].rule.cfa_off, wanted[i].cfa_off);
	}
}

static void a_turn_that_is_missing_spoils_them_all(void **state)
{
	struct go_turn turns[GO_SWITCH_MAX_TURNS];
	struct elf_content code = CODE(asmcgocall_1_19);

	(void)state;
	for (code.size = 0; code.size < 31; code.size++)
		assert_int_equal(go_switch_find("runtime.asmcgocall", code, &saved_1_19, turns), 0);
	assert_int_equal(go_switch_find("main.main", CODE(asmcgocall_1_19), &saved_1_19, turns), 0);
}

static void a_thread_begins_behind_the_return_of_its_maker(void **state)
{
	static const uint8_t clone[] = {
		0x0f, 0x05,                   /*  0: syscall */
		0x48, 0x83, 0xf8, 0x00,       /*  2: cmp rax, 0 */
		0x74, 0x05,                   /*  6: je 13 */
		0x89, 0x44, 0x24, 0x30, 0xc3, /*  8: mov [rsp + 48], eax; ret */
		0x48, 0x89, 0xf4,             /* 13: mov rsp, rsi */
	};
	struct go_turn turns[GO_SWITCH_MAX_TURNS];

	(void)state;
	assert_int_equal(go_switch_find("runtime.clone", CODE(clone), &saved_1_19, turns), 1);
	assert_int_equal(turns[0].code_off, 13);
	assert_int_equal(turns[0].rule.cfa_kind, UNWIND_CFA_END);
}

static void without_the_place_of_the_goroutine_a_turn_leads_nowhere(void **state)
{
	struct go_turn turns[GO_SWITCH_MAX_TURNS];

	(void)state;
	assert_int_equal(go_switch_find("runtime.systemstack", CODE(systemstack_1_19),
					&(struct go_saved){ 0 }, turns),
			 2);
	assert_int_equal(turns[0].rule.cfa_kind, UNWIND_CFA_UNSUPPORTED);
	assert_int_equal(turns[1].rule.cfa_kind, UNWIND_CFA_SP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learns_from_systemstack_where_the_goroutine_is),
		cmocka_unit_test(learns_nothing_from_other_code),
		cmocka_unit_test(turns_are_in_the_order_of_the_code),
		cmocka_unit_test(a_call_of_c_may_come_from_either_stack),
		cmocka_unit_test(a_turn_that_is_missing_spoils_them_all),
		cmocka_unit_test(a_thread_begins_behind_the_return_of_its_maker),
		cmocka_unit_test(without_the_place_of_the_goroutine_a_turn_leads_nowhere),
	};

	return cmocka_run_group_tests_name("go switch", tests, NULL, NULL);
}

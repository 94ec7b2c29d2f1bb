/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_switch.h"

#include <string.h>

#include "profiler/base/array.h"

/* The first of the bytes of an instruction, with what of them may differ masked out. */
struct pattern {
	uint8_t n;
	uint8_t bytes[5];
	uint8_t mask[5];
};

#define EXACTLY(...)                                                                               \
	{                                                                                          \
		sizeof((uint8_t[]){ __VA_ARGS__ }), { __VA_ARGS__ },                               \
		{                                                                                  \
			0xff, 0xff, 0xff, 0xff, 0xff                                               \
		}                                                                                  \
	}

#define DEPTH_0                                                                                    \
	{                                                                                          \
		.cfa_kind = UNWIND_CFA_SP, .cfa_off = 8                                            \
	}

/* 56 is where a gobuf is in a g, and the sp is its first word. */
#define LOAD_SAVED_SP                                                                              \
	{                                                                                          \
		4, { 0x48, 0x8b, 0x60, 0x38 },                                                     \
		{                                                                                  \
			0xfe, 0xff, 0xf8, 0xff                                                     \
		}                                                                                  \
	}

/* The frame pointer is kept by what is called in Go; where it is resumed nobody asks for it. */
#define SAVED(way, fp)                                                                             \
	{                                                                                          \
		.cfa_kind = UNWIND_CFA_GO_SAVED, .fp_kind = (fp), .cfa_off = (way)                 \
	}

static const struct {
	const char *function;
	struct {
		struct pattern pattern;
		struct unwind_rule rule;
	} turns[GO_SWITCH_MAX_TURNS];
} switches[] = {
	{ "runtime.systemstack",
	  { { EXACTLY(0x48, 0x89, 0xdc) /* mov rsp, rbx */,
	      SAVED(UNWIND_GO_CALLS, UNWIND_FP_SAME) },
	    { LOAD_SAVED_SP, DEPTH_0 } } },
	{ "runtime.asmcgocall",
	  { { LOAD_SAVED_SP, SAVED(UNWIND_GO_CALLS, UNWIND_FP_SAME) },
	    { EXACTLY(0x48, 0x89, 0xf4) /* mov rsp, rsi */, DEPTH_0 },
	    { EXACTLY(0x48, 0x83, 0xec, 0x40) /* sub rsp, 64: on this stack, which is in rdx, */,
	      { .cfa_kind = UNWIND_CFA_REGISTER, .reg = 1, .cfa_off = 8 } },
	    { EXACTLY(0x48, 0x89, 0x54, 0x24, 0x28) /* mov [rsp + 40], rdx: and there */,
	      { .cfa_kind = UNWIND_CFA_DEREF_SP, .cfa_off = 40 + 8 / 8 } },
	    { EXACTLY(0x48, 0x89, 0xf4) /* mov rsp, rsi */, DEPTH_0 } } },
	{ "runtime.morestack",
	  { { LOAD_SAVED_SP, SAVED(UNWIND_GO_RESUMES, UNWIND_FP_UNDEFINED) } } },
	{ "runtime.mcall", { { LOAD_SAVED_SP, { .cfa_kind = UNWIND_CFA_END } } } },
	{ "runtime.gogo",
	  { { EXACTLY(0x48, 0x8b, 0x23) /* mov rsp, [rbx] */,
	      SAVED(UNWIND_GO_ENTERS, UNWIND_FP_UNDEFINED) } } },
	/* The parent's return, mov [rsp + …], eax; ret. What follows is the child, at its entry. */
	{ "runtime.clone",
	  { { { 5, { 0x89, 0x44, 0x24, 0x00, 0xc3 }, { 0xff, 0xff, 0xff, 0x00, 0xff } },
	      { .cfa_kind = UNWIND_CFA_END } } } },
	{ "gogo", { { EXACTLY(0x48, 0x8b, 0x23), SAVED(UNWIND_GO_ENTERS, UNWIND_FP_UNDEFINED) } } },
};

static bool is_at(const struct pattern *pattern, const uint8_t *bytes)
{
	for (size_t i = 0; i < pattern->n; i++)
		if ((bytes[i] & pattern->mask[i]) != pattern->bytes[i])
			return false;
	return true;
}

/* The offset behind the next @pattern from @off on, or 0. */
static size_t find_behind(const struct elf_content *code, size_t off, const struct pattern *pattern)
{
	for (; off + pattern->n <= code->size; off++)
		if (is_at(pattern, code->bytes + off))
			return off + pattern->n;
	return 0;
}

/* The number of four bytes behind the first @pattern. */
static bool read_number(const struct elf_content *code, const struct pattern *pattern,
			int32_t *ret_number)
{
	size_t off = find_behind(code, 0, pattern);

	if (!off || code->size - off < sizeof(*ret_number))
		return false;
	memcpy(ret_number, code->bytes + off, sizeof(*ret_number));
	return true;
}

struct go_saved go_saved_find(struct elf_content code)
{
	/* mov rax, fs:NUMBER; or in code that may lie anywhere, mov rcx, NUMBER; mov rax, fs:[rcx]
	 */
	static const struct pattern load_g = EXACTLY(0x64, 0x48, 0x8b, 0x04, 0x25);
	static const struct pattern load_off = EXACTLY(0x48, 0xc7, 0xc1);
	static const struct pattern load_by_off = EXACTLY(0x64, 0x48, 0x8b, 0x01);
	static const struct pattern compare_curg = EXACTLY(0x48, 0x3b, 0x83); /* rax, [rbx + …] */
	struct go_saved saved = { 0 };
	int32_t curg_off;

	if (!read_number(&code, &load_g, &saved.g_off) &&
	    (!find_behind(&code, 0, &load_by_off) || !read_number(&code, &load_off, &saved.g_off)))
		return saved;
	if (!read_number(&code, &compare_curg, &curg_off))
		return saved;
	saved.curg_off = (int16_t)curg_off;
	saved.is_known = curg_off > 0 && curg_off <= INT16_MAX && curg_off % 8 == 0 &&
			 saved.g_off < 0 && saved.g_off % 8 == 0;
	return saved;
}

static struct unwind_rule complete(struct unwind_rule rule, const struct go_saved *saved)
{
	if (rule.cfa_kind != UNWIND_CFA_GO_SAVED)
		return rule;
	if (!saved->is_known)
		return (struct unwind_rule){ .cfa_kind = UNWIND_CFA_UNSUPPORTED };
	rule.cfa_off += saved->g_off;
	rule.fp_off = saved->curg_off;
	return rule;
}

size_t go_switch_find(const char *name, struct elf_content code, const struct go_saved *saved,
		      struct go_turn *ret_turns)
{
	size_t which = 0, n = 0, off = 0;

	while (which < ARRAY_SIZE(switches) && strcmp(switches[which].function, name) != 0)
		which++;
	if (which == ARRAY_SIZE(switches))
		return 0;
	for (; n < GO_SWITCH_MAX_TURNS && switches[which].turns[n].pattern.n; n++) {
		off = find_behind(&code, off, &switches[which].turns[n].pattern);
		if (!off)
			return 0;
		ret_turns[n].code_off = off;
		ret_turns[n].rule = complete(switches[which].turns[n].rule, saved);
	}
	return n;
}

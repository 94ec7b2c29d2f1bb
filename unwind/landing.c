/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/landing.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/cfa_program.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file_internal.h"
#include "unwind/unwind_rows.h"

enum {
	REACH_BYTES = 256, /* before the last instructions; up to 190 were seen */
	NEAR_BYTES = 24,   /* from one of the first three instructions to another */
	CALL_BYTES = 5,
	LOAD_BYTES = 7,

	X86_64_RCX = 2,

	ARM64_COLUMNS = 97, /* of registers that can be told of: GCC's DWARF_FRAME_REGISTERS */
	ARM64_MAX_LEAVING = 24,

	/* From the CFA of a struct _Unwind_Context, which is behind a word for each register and
	 * one more, to where it says that the frame pointer is. */
	CONTEXT_RBP_OFF = (X86_64_RBP - (X86_64_RA + 2)) * 8,
	CONTEXT_X29_OFF = (ARM64_FP - (ARM64_COLUMNS + 1)) * 8,
};

/* What is left to do, one instruction each. reg is where it is not rbx. */
static const struct unwind_rule leaving[] = {
	{ .cfa_kind = UNWIND_CFA_REGISTER, .lands = 1, .reg = X86_64_RCX, .cfa_off = 8 },
	{ .cfa_kind = UNWIND_CFA_SP, .lands = 1, .cfa_off = 8 },
	{ .cfa_kind = UNWIND_CFA_SP, .lands = 1, .ra_kind = UNWIND_RA_REGISTER, .reg = X86_64_RCX },
};

struct landing {
	const struct elf_file *file;
	const struct unwind_rows *rows;
	struct unwind_rule_set *set;
	struct unwind_rows *over;
};

/* Code, up to where a function begins to leave. */
struct approach {
	const uint8_t *code;
	size_t size;
	uint64_t elf_vaddr;
};

/* Is that mov REGISTER, [rbp + @off]? */
static bool is_load(const uint8_t *code, int32_t off)
{
	int32_t found;

	memcpy(&found, code + 3, sizeof(found));
	return (code[0] & ~4) == 0x48 && code[1] == 0x8b && (code[2] & 0xc7) == 0x85 &&
	       found == off;
}

/* Is one @off near @at? */
static bool has_load(const struct approach *approach, size_t at, int32_t off)
{
	size_t start = at > NEAR_BYTES ? at - NEAR_BYTES : 0;

	for (size_t i = start; i < at + NEAR_BYTES && i + LOAD_BYTES <= approach->size; i++)
		if (is_load(approach->code + i, off))
			return true;
	return false;
}

/* The address of the last call before @at, if it is near; else 0. */
static uint64_t find_call(const struct landing *landing, const struct approach *approach, size_t at)
{
	for (size_t n = CALL_BYTES; n <= at && n <= NEAR_BYTES; n++) {
		const uint8_t *code = approach->code + at - n;
		uint64_t elf_vaddr = approach->elf_vaddr + at - n;
		int32_t off;

		memcpy(&off, code + 1, sizeof(off));
		if (code[0] == 0xe8 &&
		    elf_file_code_end(landing->file,
				      elf_vaddr + CALL_BYTES + (uint64_t)(int64_t)off))
			return elf_vaddr;
	}
	return 0;
}

/* The address of the call of uw_install_context_1, or 0, and where the CFA is from rbp. */
static uint64_t find_start(const struct landing *landing, const struct approach *approach,
			   int32_t *ret_cfa_off)
{
	static const uint8_t load_rdi[] = { 0x48, 0x8b, 0xbd };

	for (size_t at = approach->size - LOAD_BYTES; at > 0; at--) {
		uint64_t call_vaddr;

		if (memcmp(approach->code + at, load_rdi, sizeof(load_rdi)) != 0)
			continue;
		memcpy(ret_cfa_off, approach->code + at + sizeof(load_rdi), sizeof(*ret_cfa_off));
		call_vaddr = has_load(approach, at, (int32_t)((uint32_t)*ret_cfa_off + 8))
				     ? find_call(landing, approach, at)
				     : 0;
		if (call_vaddr)
			return call_vaddr;
	}
	return 0;
}

static int put(struct landing *landing, uint64_t elf_vaddr, struct unwind_rule rule)
{
	return unwind_rows_append(landing->over, elf_vaddr,
				  unwind_rule_set_add(landing->set, rule));
}

/* Of what lies before row number @first, if up to there all is one row that is not done yet. */
static int read_approach(struct landing *landing, size_t first)
{
	const struct unwind_row *row = &landing->rows->items[first];
	struct elf_content content = elf_content_at(landing->file, row->elf_vaddr - REACH_BYTES);
	struct approach approach = { content.bytes, REACH_BYTES, content.elf_vaddr };
	const struct unwind_rows *over = landing->over;
	uint64_t done_vaddr = over->n ? over->items[over->n - 1].elf_vaddr : 0;
	uint64_t start_vaddr = 0;
	int32_t cfa_off;

	if (first && content.size >= REACH_BYTES)
		start_vaddr = find_start(landing, &approach, &cfa_off);
	if (!start_vaddr || start_vaddr < row[-1].elf_vaddr || start_vaddr < done_vaddr)
		return 0;
	return put(landing, start_vaddr,
		   (struct unwind_rule){ .cfa_kind = UNWIND_CFA_LANDING,
					 .reg = X86_64_RBP,
					 .fp_off = CONTEXT_RBP_OFF,
					 .cfa_off = cfa_off });
}

/* Does row number @i say what is due when so much has been done? */
static bool is_leaving(const struct landing *landing, size_t i, size_t n_done)
{
	const struct unwind_rule *due = &leaving[n_done];
	const struct unwind_rule *rule;

	if (i >= landing->rows->n || n_done >= ARRAY_SIZE(leaving))
		return false;
	rule = &landing->set->rules[landing->rows->items[i].rule];
	return rule->cfa_kind == due->cfa_kind && rule->cfa_off == due->cfa_off &&
	       rule->ra_kind == due->ra_kind && rule->fp_kind == due->fp_kind &&
	       (!due->reg || rule->reg == due->reg);
}

static int read_function(struct landing *landing, size_t first)
{
	const struct unwind_row *rows = landing->rows->items;
	size_t n = 0;
	int r = read_approach(landing, first);

	for (; r == 0 && is_leaving(landing, first + n, n); n++)
		r = put(landing, rows[first + n].elf_vaddr, leaving[n]);
	if (r == 0 && first + n < landing->rows->n)
		r = unwind_rows_append(landing->over, rows[first + n].elf_vaddr, UNWIND_RULE_NONE);
	return r;
}

/* Few files have such a rule, but those may have a million rows. */
static uint16_t find_rule(const struct unwind_rule_set *set)
{
	const struct unwind_rule due = { .cfa_kind = UNWIND_CFA_REGISTER,
					 .reg = X86_64_RCX,
					 .cfa_off = 8 };

	for (uint16_t i = 0; i < set->n; i++)
		if (memcmp(&set->rules[i], &due, sizeof(due)) == 0)
			return i;
	return UNWIND_RULE_NONE;
}

static int read_x86_64(struct landing *landing)
{
	const struct unwind_rows *rows = landing->rows;
	uint16_t rule = find_rule(landing->set);
	int r = 0;

	if (rule == UNWIND_RULE_NONE)
		return 0;
	for (size_t i = 0; r == 0 && i < rows->n; i++)
		if (rows->items[i].rule == rule)
			r = read_function(landing, i);
	return r;
}

static uint32_t arm64_code(const struct elf_content *content, size_t off)
{
	uint32_t code = 0;

	if (off + sizeof(code) <= content->size)
		memcpy(&code, content->bytes + off, sizeof(code));
	return code;
}

static bool is_arm64_call(uint32_t code)
{
	return code >> 26 == 0x25;
}

/* Before the str at @off: where uw_install_context_1 is called, and where the CFA is from sp. */
static bool find_arm64_start(const struct elf_content *content, size_t off, size_t *ret_start,
			     int32_t *ret_cfa_off)
{
	uint32_t code[5]; /* what lies before it */
	size_t start = off - 4 * sizeof(*code);

	if (off < sizeof(code))
		return false;
	memcpy(code, content->bytes + off - sizeof(code), sizeof(code));
	if (!is_arm64_call(code[4]) || code[3] != code[2] + (1 << 10) + 1 ||
	    (code[2] & 0xffc003ff) != 0xf94003e0) /* ldr x0, [sp, …] */
		return false;
	if ((code[1] & 0xffffffe0) == 0xaa0003e0) /* mov REGISTER, x0 */
		start -= sizeof(*code);
	*ret_start = start;
	*ret_cfa_off = (int32_t)(code[2] >> 10 & 0xfff) * 8;
	return is_arm64_call(arm64_code(content, start));
}

/* Behind the str at @off: where sp is another, or what comes from elsewhere, too. */
static size_t find_arm64_end(const struct elf_content *content, size_t off)
{
	for (size_t i = 1; i < ARM64_MAX_LEAVING; i++) {
		uint32_t code = arm64_code(content, off + 4 * i);

		if (code >> 26 == 5) /* b */
			return off + 4 * (i + 1);
		if ((code & 0xffe0ffff) == 0x8b2063ff) /* add sp, sp, REGISTER */
			return off + 4 * i;
	}
	return off + 4;
}

static int read_arm64_segment(struct landing *landing, const struct elf_content *content)
{
	static const uint8_t store[] = { 0xa1, 0x07, 0x00, 0xf9 }; /* str x1, [x29, 8] */
	const uint8_t *at = content->bytes, *end = content->bytes + content->size;
	struct unwind_rule rule = { .cfa_kind = UNWIND_CFA_LANDING,
				    .reg = ARM64_SP,
				    .fp_off = CONTEXT_X29_OFF };
	int r = 0;

	while (r == 0 && (at = memmem(at, (size_t)(end - at), store, sizeof(store)))) {
		size_t off = (size_t)(at - content->bytes), start;

		at += sizeof(store);
		if ((content->elf_vaddr + off) % 4 ||
		    !find_arm64_start(content, off, &start, &rule.cfa_off))
			continue;
		off = find_arm64_end(content, off);
		r = put(landing, content->elf_vaddr + start, rule);
		if (r == 0)
			r = unwind_rows_append(landing->over, content->elf_vaddr + off,
					       UNWIND_RULE_NONE);
		at = content->bytes + off;
	}
	return r;
}

static int read_arm64(struct landing *landing)
{
	size_t left_bytes = ELF_MAX_SEARCHED_BYTES;
	uint64_t done_vaddr = 0;
	int r = 0;

	for (size_t i = 0; r == 0; i++) {
		struct elf_content content = elf_content_loaded(landing->file, i, &left_bytes);

		if (!content.bytes)
			break;
		if (content.elf_vaddr < done_vaddr)
			continue;
		r = read_arm64_segment(landing, &content);
		done_vaddr = content.elf_vaddr + content.size;
	}
	return r;
}

int landing_read(const struct elf_file *file, const struct unwind_rows *rows,
		 struct unwind_rule_set *set, struct unwind_rows *ret_over)
{
	struct landing landing = { .file = file, .rows = rows, .set = set, .over = ret_over };

	switch (elf_content_machine(file)) {
	case EM_X86_64:
		return read_x86_64(&landing);
	case EM_AARCH64:
		return read_arm64(&landing);
	default:
		return 0;
	}
}

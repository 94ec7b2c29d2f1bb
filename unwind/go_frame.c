/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/go_frame.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "profiler/base/array.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"
#include "unwind/go_switch.h"
#include "unwind/pclntab.h"
#include "unwind/unwind_rows.h"

/* Functions share their depths; a hostile table shares too much. LLVM in Go would need a tenth. */
#define MAX_STEPS (64U << 20)

enum treatment {
	TREAT_BY_DEPTH,
	TREAT_AS_END,
	TREAT_AS_SIGNAL,
	TREAT_BY_FP,          /* it leaves its stack; by frame pointer, from where that is known */
	TREAT_BY_TURNS,       /* likewise, without one: by what its code tells */
	TREAT_AS_RETURNED_TO, /* by depth, from one byte before it: it never called */
};

static const struct {
	const char *name;
	enum treatment treatment;
} special[] = {
	{ "runtime.systemstack", TREAT_BY_FP },
	{ "runtime.systemstack_switch", TREAT_AS_RETURNED_TO },
	{ "runtime.asmcgocall", TREAT_BY_FP },
	{ "runtime.nanotime1", TREAT_BY_FP },
	{ "runtime.walltime", TREAT_BY_FP },
	{ "runtime.walltime1", TREAT_BY_FP },
	{ "runtime.morestack", TREAT_BY_TURNS },
	{ "runtime.gogo", TREAT_BY_TURNS },
	{ "gogo", TREAT_BY_TURNS },
	{ "time.now", TREAT_BY_FP },
	{ "runtime.mcall", TREAT_BY_TURNS },
	{ "runtime.clone", TREAT_BY_TURNS },
	{ "runtime.goexit", TREAT_AS_END },
	{ "runtime.mstart", TREAT_AS_END },
	{ "runtime.rt0_go", TREAT_AS_END },
	{ "runtime.sigreturn", TREAT_AS_SIGNAL },
	{ "runtime.sigreturn__sigaction", TREAT_AS_SIGNAL },
	{ "runtime.sigtramp", TREAT_BY_DEPTH }, /* ends a stack, says Go; but we go on */
	{ "runtime.cgoSigtramp", TREAT_BY_DEPTH },
	{ "runtime.cgocallback", TREAT_BY_DEPTH }, /* leaves its stack such that depths hold */
};

struct go_frame_reader {
	const struct elf_file *file;
	struct pclntab table;
	struct go_saved saved;
	struct unwind_rule_set *set;
	struct unwind_rows *rows;
	struct go_frame_report *report;
	bool is_arm64;
	uint32_t n_steps;
};

/* Functions in assembly may do anything; of the others none does. Older tables do not tell. */
static bool may_be_assembly(const struct go_frame_reader *reader,
			    const struct pclntab_function *function)
{
	return reader->table.version == PCLNTAB_1_16 || (function->flags & PCLNTAB_ASSEMBLY);
}

static enum treatment treatment_of(const struct go_frame_reader *reader,
				   const struct pclntab_function *function)
{
	if (!may_be_assembly(reader, function))
		return TREAT_BY_DEPTH;
	for (size_t i = 0; i < ARRAY_SIZE(special); i++)
		if (strcmp(function->name, special[i].name) == 0)
			return special[i].treatment;
	if (function->flags & PCLNTAB_TOP_FRAME)
		return TREAT_AS_END;
	return function->flags & PCLNTAB_SP_WRITE ? TREAT_BY_FP : TREAT_BY_DEPTH;
}

static uint16_t unsupported(struct go_frame_reader *reader)
{
	reader->report->n_stack_unknown++;
	return UNWIND_RULE_UNSUPPORTED;
}

/* The return address is on top of the frame, and the caller's frame pointer below it. */
static uint16_t x86_64_rule(struct go_frame_reader *reader, int32_t depth, bool is_assembly)
{
	struct unwind_rule rule = { .cfa_kind = UNWIND_CFA_SP, .cfa_off = depth + 8 };

	if (depth > 0 && is_assembly) {
		rule.fp_kind = UNWIND_FP_UNDEFINED;
	} else if (depth > 0) {
		rule.fp_kind = UNWIND_FP_CFA;
		rule.fp_off = -16;
	}
	return unwind_rule_set_add(reader->set, rule);
}

/* The return address is at the bottom of the frame, and the caller's frame pointer below that. */
static uint16_t arm64_rule(struct go_frame_reader *reader, int32_t depth, bool is_assembly)
{
	struct unwind_rule rule = { .cfa_kind = UNWIND_CFA_SP, .cfa_off = depth };

	if (depth == 0) {
		rule.ra_kind = UNWIND_RA_REGISTER;
		rule.reg = 30;
		return unwind_rule_set_add(reader->set, rule);
	}
	if (depth > INT16_MAX)
		return unsupported(reader);
	rule.fp_kind = is_assembly ? UNWIND_FP_UNDEFINED : UNWIND_FP_CFA;
	rule.fp_off = (int16_t)-depth;
	return unwind_rule_set_add(reader->set, rule);
}

static uint16_t depth_rule(struct go_frame_reader *reader, int32_t depth, bool is_assembly)
{
	if (depth < 0 || depth > INT32_MAX - 8)
		return unsupported(reader);
	return reader->is_arm64 ? arm64_rule(reader, depth, is_assembly)
				: x86_64_rule(reader, depth, is_assembly);
}

static struct elf_content code_of(const struct elf_file *file,
				  const struct pclntab_function *function)
{
	struct elf_content code = elf_content_at(file, function->start_vaddr);
	uint64_t size = function->end_vaddr - function->start_vaddr;

	if (code.size > size)
		code.size = size;
	return code;
}

/* Code that pops its return address, lest a child of vfork(2) overwrites it: to which register says
 * the instruction before @elf_vaddr, pop r8 … r15. */
static uint16_t popped_rule(struct go_frame_reader *reader, const struct pclntab_function *function,
			    uint64_t elf_vaddr)
{
	struct elf_content code = code_of(reader->file, function);
	uint64_t off = elf_vaddr - function->start_vaddr;

	if (off < 2 || off > code.size || code.bytes[off - 2] != 0x41 ||
	    (code.bytes[off - 1] & 0xf8) != 0x58)
		return unsupported(reader);
	return unwind_rule_set_add(reader->set,
				   (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP,
							 .ra_kind = UNWIND_RA_REGISTER,
							 .reg = 8 + (code.bytes[off - 1] & 7) });
}

static int read_by_depth(struct go_frame_reader *reader, const struct pclntab_function *function)
{
	struct pclntab_walk walk = pclntab_walk_from(&reader->table, function, function->sp_values);
	bool is_assembly = may_be_assembly(reader, function);
	uint64_t start_vaddr;
	int32_t depth;
	int r;

	while (pclntab_next_value(&walk, &start_vaddr, &depth)) {
		if (++reader->n_steps > MAX_STEPS)
			return -EFBIG;
		r = unwind_rows_append(reader->rows, start_vaddr,
				       depth == -8 && is_assembly && !reader->is_arm64
					       ? popped_rule(reader, function, start_vaddr)
					       : depth_rule(reader, depth, is_assembly));
		if (r < 0)
			return r;
	}
	return unwind_rows_append(
		reader->rows, walk.next_vaddr < walk.end_vaddr ? walk.next_vaddr : walk.end_vaddr,
		UNWIND_RULE_NONE);
}

static const uint8_t push[] = { 0x55, 0x48, 0x89, 0xe5 }; /* push rbp; mov rbp, rsp */

/* How many bytes of @code, in x86-64, save the frame pointer and set a new one; 0: it does not. */
static size_t prologue_bytes(const uint8_t *code, size_t size)
{
	static const uint8_t store[] = { 0x48, 0x89, 0x6c, 0x24 }; /* mov [rsp + x], rbp */
	static const uint8_t set[] = { 0x48, 0x8d, 0x6c, 0x24 };   /* lea rbp, [rsp + x] */

	if (size >= sizeof(push) && memcmp(code, push, sizeof(push)) == 0)
		return sizeof(push);
	/* sub rsp, x takes four bytes, and the offset of each of the others one. */
	if (size >= 14 && code[0] == 0x48 && code[1] == 0x83 && code[2] == 0xec &&
	    memcmp(code + 4, store, sizeof(store)) == 0 && memcmp(code + 9, set, sizeof(set)) == 0)
		return 14;
	return 0;
}

/* Likewise, where it takes its arguments before that: all up to there. */
static size_t late_prologue_bytes(struct elf_content code)
{
	const uint8_t *found = code.size ? memmem(code.bytes, code.size, push, sizeof(push)) : NULL;

	return found ? (size_t)(found - code.bytes) + sizeof(push) : 0;
}

/* How many bytes of @code restore the frame pointer and leave the function; 0: they do not. */
static size_t epilogue_bytes(const uint8_t *code, size_t size)
{
	static const uint8_t jump[] = { 0x5d, 0xff, 0xe7 }; /* pop rbp; jmp rdi */
	static const uint8_t ret[] = { 0x5d, 0xc3 };        /* pop rbp; ret */

	if (size >= sizeof(ret) && memcmp(code, ret, sizeof(ret)) == 0)
		return sizeof(ret);
	if (size >= sizeof(jump) && memcmp(code, jump, sizeof(jump)) == 0)
		return sizeof(jump);
	return 0;
}

/* By depth up to @end_vaddr. */
static int read_start_by_depth(struct go_frame_reader *reader,
			       const struct pclntab_function *function, uint64_t end_vaddr)
{
	struct unwind_rows *rows = reader->rows;
	int r = read_by_depth(reader, function);

	while (r == 0 && rows->n && rows->items[rows->n - 1].elf_vaddr >= end_vaddr)
		rows->n--;
	return r;
}

/*
 * Between its prologue and its epilogue a function that leaves its stack can be walked by its frame
 * pointer, which it keeps; before and behind them by depth 0. What is in the prologue and in the
 * epilogue itself goes by the depth tables.
 */
static int read_by_fp(struct go_frame_reader *reader, const struct pclntab_function *function,
		      struct elf_content code, size_t prologue)
{
	static const struct unwind_rule by_fp = {
		.cfa_kind = UNWIND_CFA_FP_ANYWHERE,
		.cfa_off = 16,
		.fp_kind = UNWIND_FP_CFA,
		.fp_off = -16,
	};
	int r = read_start_by_depth(reader, function, function->start_vaddr + prologue);

	if (r == 0)
		r = unwind_rows_append(reader->rows, function->start_vaddr + prologue,
				       unwind_rule_set_add(reader->set, by_fp));
	for (size_t i = prologue; r == 0 && i < code.size; i++) {
		size_t n = epilogue_bytes(code.bytes + i, code.size - i);

		if (!n)
			continue;
		r = unwind_rows_append(reader->rows, function->start_vaddr + i + 1,
				       depth_rule(reader, 0, true));
		if (r == 0)
			r = unwind_rows_append(reader->rows, function->start_vaddr + i + n,
					       unwind_rule_set_add(reader->set, by_fp));
	}
	return r < 0 ? r : unwind_rows_append(reader->rows, function->end_vaddr, UNWIND_RULE_NONE);
}

static int read_by_turns(struct go_frame_reader *reader, const struct pclntab_function *function,
			 const struct go_turn *turns, size_t n)
{
	int r = read_start_by_depth(reader, function, function->start_vaddr + turns[0].code_off);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = unwind_rows_append(reader->rows, function->start_vaddr + turns[i].code_off,
				       turns[i].rule.cfa_kind == UNWIND_CFA_UNSUPPORTED
					       ? unsupported(reader)
					       : unwind_rule_set_add(reader->set, turns[i].rule));
	return r < 0 ? r : unwind_rows_append(reader->rows, function->end_vaddr, UNWIND_RULE_NONE);
}

/* For a function that is returned to, though it called nobody: returns are looked up one before. */
static int read_start_before(struct go_frame_reader *reader,
			     const struct pclntab_function *function, uint16_t rule)
{
	struct unwind_rows *rows = reader->rows;

	if (rows->n && rows->items[rows->n - 1].elf_vaddr >= function->start_vaddr)
		rows->n--; /* the end of the function before, which has no padding */
	return unwind_rows_append(rows, function->start_vaddr - 1, rule);
}

static int read_as(struct go_frame_reader *reader, const struct pclntab_function *function,
		   enum unwind_cfa_kind kind)
{
	uint16_t rule = unwind_rule_set_add(reader->set, (struct unwind_rule){ .cfa_kind = kind });
	int r = kind == UNWIND_CFA_SIGNAL
			? read_start_before(reader, function, rule)
			: unwind_rows_append(reader->rows, function->start_vaddr, rule);

	return r < 0 ? r : unwind_rows_append(reader->rows, function->end_vaddr, UNWIND_RULE_NONE);
}

/* A function that leaves its stack, or, as older tables tell by nothing but its name, may do so. */
static int read_switch(struct go_frame_reader *reader, const struct pclntab_function *function,
		       enum treatment treatment)
{
	struct elf_content code = code_of(reader->file, function);
	struct go_turn turns[GO_SWITCH_MAX_TURNS];
	size_t prologue = 0, n = 0;
	int r;

	if (!reader->is_arm64) {
		prologue = prologue_bytes(code.bytes, code.size);
		n = go_switch_find(function->name, code, &reader->saved, turns);
		if (!prologue && !n)
			prologue = late_prologue_bytes(code);
	}
	if (prologue && treatment == TREAT_BY_FP)
		return read_by_fp(reader, function, code, prologue);
	if (n)
		return read_by_turns(reader, function, turns, n);
	if (treatment == TREAT_BY_TURNS && !reader->is_arm64 &&
	    !(function->flags & PCLNTAB_SP_WRITE))
		return read_by_depth(reader, function);
	if (strcmp(function->name, "runtime.mcall") == 0)
		return read_as(reader, function, UNWIND_CFA_END);
	r = unwind_rows_append(reader->rows, function->start_vaddr, unsupported(reader));
	return r < 0 ? r : unwind_rows_append(reader->rows, function->end_vaddr, UNWIND_RULE_NONE);
}

static int read_function(struct go_frame_reader *reader, const struct pclntab_function *function)
{
	enum treatment treatment = treatment_of(reader, function);
	int r;

	switch (treatment) {
	case TREAT_AS_END:
		return read_as(reader, function, UNWIND_CFA_END);
	case TREAT_AS_SIGNAL:
		return read_as(reader, function, UNWIND_CFA_SIGNAL);
	case TREAT_BY_FP:
	case TREAT_BY_TURNS:
		return read_switch(reader, function, treatment);
	case TREAT_AS_RETURNED_TO:
		r = read_start_before(reader, function, depth_rule(reader, 0, true));
		return r < 0 ? r : read_by_depth(reader, function);
	default:
		return read_by_depth(reader, function);
	}
}

/* What systemstack does others do likewise. */
static struct go_saved find_saved(const struct go_frame_reader *reader)
{
	struct pclntab_function function;

	for (uint32_t i = 0; i < reader->table.n_functions; i++) {
		struct go_saved saved;

		if (!pclntab_function(&reader->table, i, &function) ||
		    !may_be_assembly(reader, &function) ||
		    strcmp(function.name, "runtime.systemstack") != 0)
			continue;
		saved = go_saved_find(code_of(reader->file, &function));
		if (saved.is_known)
			return saved;
	}
	return (struct go_saved){ 0 };
}

int go_frame_read(struct elf_file *file, struct unwind_rule_set *set, struct unwind_rows *rows,
		  struct go_frame_report *ret_report)
{
	struct go_frame_report report = { 0 };
	struct go_frame_reader reader = {
		.file = file,
		.set = set,
		.rows = rows,
		.report = &report,
		.is_arm64 = elf_content_machine(file) == EM_AARCH64,
	};
	uint64_t done_vaddr = 0;
	int r = 0;

	if (!pclntab_find(file, &reader.table)) {
		*ret_report = report;
		return 0;
	}
	if (!reader.is_arm64)
		reader.saved = find_saved(&reader);
	for (uint32_t i = 0; r == 0 && i < reader.table.n_functions; i++) {
		struct pclntab_function function;

		if (!pclntab_function(&reader.table, i, &function) ||
		    function.start_vaddr < done_vaddr ||
		    function.end_vaddr > elf_file_code_end(file, function.start_vaddr)) {
			report.n_bad++;
			continue;
		}
		report.n_functions++;
		done_vaddr = function.end_vaddr;
		if (function.sp_values)
			r = read_function(&reader, &function);
	}
	*ret_report = report;
	return r;
}

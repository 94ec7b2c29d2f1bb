/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/linkage_table.h"

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/arch.h"
#include "unwind/elf_content.h"
#include "unwind/unwind_rows.h"

enum {
	ALIGN_BYTES = 8, /* where entries of x86-64 begin */
	MAX_ENTRY_BYTES = 16,
	PUSH_BYTES = 5,
	JUMP_BYTES = 6,
	ARM64_HEAD_BYTES = 32,
	ARM64_LINK_REGISTER = 30,
};

struct linkage_table {
	const struct unwind_rows *rows;
	struct unwind_rule_set *set;
	struct unwind_rows *over;
	struct elf_content code;
};

/* An entry: until the push, @depth_bytes are on the stack, and a word more from then on. */
struct entry {
	size_t size; /* 0: this is none */
	size_t push_end;
	int depth_bytes;
};

static bool has_rule(const struct linkage_table *table, uint64_t elf_vaddr)
{
	size_t i = unwind_rows_find_behind(table->rows, elf_vaddr);

	return i && table->rows->items[i - 1].rule != UNWIND_RULE_NONE;
}

static int put_rule(struct linkage_table *table, size_t off, struct unwind_rule rule)
{
	uint16_t number = rule.cfa_kind == UNWIND_CFA_NONE ? UNWIND_RULE_NONE
							   : unwind_rule_set_add(table->set, rule);

	return unwind_rows_append(table->over, table->code.elf_vaddr + off, number);
}

static int put_depth(struct linkage_table *table, size_t off, int depth_bytes)
{
	return put_rule(table, off,
			(struct unwind_rule){ .cfa_kind = UNWIND_CFA_SP, .cfa_off = depth_bytes });
}

static int put_none(struct linkage_table *table, size_t off)
{
	return put_rule(table, off, (struct unwind_rule){ .cfa_kind = UNWIND_CFA_NONE });
}

/* How many of the @n bytes are a jump that may have a bnd prefix: through memory, or to a place. */
static size_t jump_bytes(const uint8_t *code, size_t n)
{
	size_t prefix = n && code[0] == 0xf2;

	if (n >= prefix + 2 && code[prefix] == 0xff && code[prefix + 1] == 0x25)
		return prefix + JUMP_BYTES;
	return n > prefix && code[prefix] == 0xe9 ? prefix + JUMP_BYTES - 1 : 0;
}

static struct entry entry_at(const uint8_t *code, size_t n)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at = n >= sizeof(endbr64) && memcmp(code, endbr64, sizeof(endbr64)) == 0
			    ? sizeof(endbr64)
			    : 0;

	if (n >= MAX_ENTRY_BYTES && code[0] == 0xff && code[1] == 0x35 &&
	    jump_bytes(code + JUMP_BYTES, n - JUMP_BYTES))
		return (struct entry){ MAX_ENTRY_BYTES, JUMP_BYTES, 16 };
	if (n >= MAX_ENTRY_BYTES && code[at] == 0x68 &&
	    jump_bytes(code + at + PUSH_BYTES, n - at - PUSH_BYTES))
		return (struct entry){ MAX_ENTRY_BYTES, at + PUSH_BYTES, 8 };
	if (!jump_bytes(code + at, n - at) || code[at] == 0xe9)
		return (struct entry){ 0 };
	if (n >= MAX_ENTRY_BYTES && code[at + JUMP_BYTES] == 0x68)
		return (struct entry){ MAX_ENTRY_BYTES, at + JUMP_BYTES + PUSH_BYTES, 8 };
	return (struct entry){ at ? MAX_ENTRY_BYTES : ALIGN_BYTES, 0, 8 };
}

static int read_entries(struct linkage_table *table)
{
	const struct elf_content *code = &table->code;
	struct entry entry;
	int r = 0;

	for (size_t off = 0; r == 0 && off < code->size;
	     off += entry.size ? entry.size : ALIGN_BYTES) {
		entry = entry_at(code->bytes + off, code->size - off);
		if (!entry.size || has_rule(table, code->elf_vaddr + off)) {
			r = put_none(table, off);
			continue;
		}
		r = put_depth(table, off, entry.depth_bytes);
		if (r == 0 && entry.push_end)
			r = put_depth(table, off + entry.push_end, entry.depth_bytes + 8);
	}
	return r;
}

/* What the head pushes is x16 and the return address. It may begin with a landing pad. */
static int read_arm64_entries(struct linkage_table *table)
{
	static const uint8_t push[] = { 0xf0, 0x7b, 0xbf, 0xa9 };
	const struct elf_content *code = &table->code;
	const struct unwind_rule entry = { .cfa_kind = UNWIND_CFA_SP,
					   .ra_kind = UNWIND_RA_REGISTER,
					   .reg = ARM64_LINK_REGISTER };
	const struct unwind_rule head = { .cfa_kind = UNWIND_CFA_SP, .cfa_off = 16, .fp_off = -8 };
	const uint8_t *pushes = code->size >= ARM64_HEAD_BYTES
					? memmem(code->bytes, 2 * sizeof(push), push, sizeof(push))
					: NULL;
	int r;

	if (has_rule(table, code->elf_vaddr))
		return 0;
	r = put_rule(table, 0, entry);
	if (r < 0 || !pushes)
		return r;
	r = put_rule(table, (size_t)(pushes - code->bytes) + sizeof(push), head);
	return r < 0 ? r : put_rule(table, ARM64_HEAD_BYTES, entry);
}

static int compare_tables(const void *left, const void *right)
{
	const struct elf_content *a = left, *b = right;

	return (a->elf_vaddr > b->elf_vaddr) - (a->elf_vaddr < b->elf_vaddr);
}

int linkage_table_read(struct elf_file *file, const struct unwind_rows *rows,
		       struct unwind_rule_set *set, struct unwind_rows *ret_over)
{
	static const char *const names[] = { ".plt", ".plt.got", ".plt.sec", ".iplt" };
	enum { N_NAMES = sizeof(names) / sizeof(names[0]) };
	struct elf_content tables[N_NAMES];
	struct linkage_table table = { .rows = rows, .set = set, .over = ret_over };
	uint64_t done_vaddr = 0;
	int r = 0;

	for (size_t i = 0; i < N_NAMES; i++)
		tables[i] = elf_content_section(file, names[i]);
	qsort(tables, N_NAMES, sizeof(tables[0]), compare_tables);
	for (size_t i = 0; r == 0 && i < N_NAMES; i++) {
		table.code = tables[i];
		if (!table.code.bytes || !table.code.elf_vaddr || table.code.elf_vaddr < done_vaddr)
			continue;
		r = elf_content_machine(file) == EM_AARCH64 ? read_arm64_entries(&table)
							    : read_entries(&table);
		if (r == 0)
			r = put_none(&table, table.code.size);
		done_vaddr = table.code.elf_vaddr + table.code.size;
	}
	return r;
}

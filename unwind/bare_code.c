/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/bare_code.h"

#include <elf.h>
#include <gelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unwind/elf_content.h"
#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"
#include "unwind/unwind_rows.h"

/* A C library has one of each; more are looked for in vain. */
#define MAX_PLACES 8

/* A program has a C library for a few kilobytes at least, and not a million symbols. */
#define MIN_LIBRARY_BYTES 1024
#define MAX_SYMBOLS       (128 << 10)

/* How far the call of main is from the start of its function; in musl some 40 bytes. */
#define MAX_START_BYTES 256

/* How long the code at the entry may be; glibc's loader has 61 bytes. */
#define MAX_ENTRY_BYTES 96

struct place {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
	enum unwind_cfa_kind kind;
};

struct bare_code {
	struct elf_file *file;
	const struct unwind_rows *rows;
	struct place places[MAX_PLACES];
	size_t n;
	size_t left_bytes; /* that may still be searched */
	bool has_library;  /* there is a gap that may hold one */
};

static void add_place(struct bare_code *bare, uint64_t start_vaddr, uint64_t end_vaddr,
		      enum unwind_cfa_kind kind)
{
	if (bare->n < MAX_PLACES)
		bare->places[bare->n++] = (struct place){ start_vaddr, end_vaddr, kind };
}

static struct elf_content code_at(const struct bare_code *bare, uint64_t start_vaddr,
				  uint64_t end_vaddr)
{
	struct elf_content code = elf_content_at(bare->file, start_vaddr);

	if (code.size > end_vaddr - start_vaddr)
		code.size = end_vaddr - start_vaddr;
	return code;
}

/* How many bytes lie in front of the number 15 in the instruction that loads it; 0: it is none. */
static size_t opcode_bytes(const uint8_t *code, const uint8_t *number)
{
	static const uint8_t mov_rax[] = { 0x48, 0xc7, 0xc0 };
	size_t n = (size_t)(number - code);

	if (n >= sizeof(mov_rax) && memcmp(number - sizeof(mov_rax), mov_rax, sizeof(mov_rax)) == 0)
		return sizeof(mov_rax);
	return n >= 1 && number[-1] == 0xb8; /* mov eax */
}

static void find_signal_returns(struct bare_code *bare, uint64_t start_vaddr, uint64_t end_vaddr)
{
	static const uint8_t tail[] = { 15, 0, 0, 0, 0x0f, 0x05 }; /* the number; syscall */
	struct elf_content code = code_at(bare, start_vaddr, end_vaddr);
	const uint8_t *from = code.bytes, *end = code.bytes + code.size, *found;

	while (from && bare->n < MAX_PLACES &&
	       (found = memmem(from, (size_t)(end - from), tail, sizeof(tail)))) {
		size_t n = opcode_bytes(code.bytes, found);
		uint64_t vaddr = start_vaddr + (uint64_t)(found - code.bytes) - n;

		if (n && vaddr > start_vaddr)
			add_place(bare, vaddr - 1, vaddr + n + sizeof(tail), UNWIND_CFA_SIGNAL);
		from = found + sizeof(tail);
	}
}

static void look_at_gap(struct bare_code *bare, uint64_t start_vaddr, uint64_t end_vaddr)
{
	if (start_vaddr >= end_vaddr)
		return;
	bare->has_library |= end_vaddr - start_vaddr >= MIN_LIBRARY_BYTES;
	if (end_vaddr - start_vaddr > bare->left_bytes)
		end_vaddr = start_vaddr + bare->left_bytes;
	bare->left_bytes -= end_vaddr - start_vaddr;
	find_signal_returns(bare, start_vaddr, end_vaddr);
}

static void look_at_gaps(struct bare_code *bare, const struct elf_segment *segment)
{
	const struct unwind_rows *rows = bare->rows;
	uint64_t end_vaddr = segment->elf_vaddr + segment->size_bytes;
	uint64_t gap_vaddr = segment->elf_vaddr;
	size_t i = unwind_rows_find_behind(rows, gap_vaddr);
	bool is_gap = i == 0 || rows->items[i - 1].rule == UNWIND_RULE_NONE;

	for (; i < rows->n && rows->items[i].elf_vaddr < end_vaddr; i++) {
		if (is_gap)
			look_at_gap(bare, gap_vaddr, rows->items[i].elf_vaddr);
		gap_vaddr = rows->items[i].elf_vaddr;
		is_gap = rows->items[i].rule == UNWIND_RULE_NONE;
	}
	if (is_gap)
		look_at_gap(bare, gap_vaddr, end_vaddr);
}

/* Sets *@ret_symbol to the function @name of a section of symbols, if it is there. */
static bool find_symbol_in(Elf *elf, Elf_Scn *section, const char *name, GElf_Sym *ret_symbol)
{
	GElf_Shdr header;
	GElf_Sym symbol;
	Elf_Data *data;

	if (!gelf_getshdr(section, &header) ||
	    (header.sh_type != SHT_SYMTAB && header.sh_type != SHT_DYNSYM))
		return false;
	data = elf_getdata(section, NULL);
	for (int i = 0; data && i < MAX_SYMBOLS && gelf_getsym(data, i, &symbol); i++) {
		const char *found = GELF_ST_TYPE(symbol.st_info) == STT_FUNC
					    ? elf_strptr(elf, header.sh_link, symbol.st_name)
					    : NULL;

		if (!found || !symbol.st_value || strcmp(found, name) != 0)
			continue;
		*ret_symbol = symbol;
		return true;
	}
	return false;
}

static bool find_symbol(struct elf_file *file, const char *name, GElf_Sym *ret_symbol)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf_file_elf(file), section)) != NULL)
		if (find_symbol_in(elf_file_elf(file), section, name, ret_symbol))
			return true;
	return false;
}

/* At most @max_bytes of the code at @elf_vaddr, if it is code without rules. */
static struct elf_content start_code_at(const struct bare_code *bare, uint64_t elf_vaddr,
					uint64_t max_bytes)
{
	size_t i = unwind_rows_find_behind(bare->rows, elf_vaddr);
	uint64_t end_vaddr = elf_file_code_end(bare->file, elf_vaddr);

	if (!end_vaddr || (i && bare->rows->items[i - 1].rule != UNWIND_RULE_NONE))
		return (struct elf_content){ 0 };
	if (i < bare->rows->n && end_vaddr > bare->rows->items[i].elf_vaddr)
		end_vaddr = bare->rows->items[i].elf_vaddr;
	if (end_vaddr > elf_vaddr + max_bytes)
		end_vaddr = elf_vaddr + max_bytes;
	return code_at(bare, elf_vaddr, end_vaddr);
}

/* A call, mov edi, eax, and a call: the place is from the last byte of the first to the end. */
static bool find_call_of_main(struct bare_code *bare, uint64_t elf_vaddr, uint64_t max_bytes)
{
	static const uint8_t exits[] = { 0x89, 0xc7, 0xe8 };
	struct elf_content code = start_code_at(bare, elf_vaddr, max_bytes);
	const uint8_t *found =
		code.bytes ? memmem(code.bytes, code.size, exits, sizeof(exits)) : NULL;
	uint64_t off = found ? (uint64_t)(found - code.bytes) : 0;

	if (!off)
		return false;
	add_place(bare, elf_vaddr + off - 1, elf_vaddr + off + sizeof(exits) + 4, UNWIND_CFA_END);
	return true;
}

static void find_start_of_program(struct bare_code *bare)
{
	struct elf_content code;
	GElf_Sym start;

	if (!find_symbol(bare->file, "__libc_start_main", &start) ||
	    find_call_of_main(bare, start.st_value, start.st_size))
		return;
	code = start_code_at(bare, start.st_value, start.st_size);
	for (size_t i = 0; i + 7 <= code.size; i++) {
		int32_t off;

		if (code.bytes[i] != 0x48 || code.bytes[i + 1] != 0x8d ||
		    (code.bytes[i + 2] & 0xc7) != 0x05) /* lea REGISTER, [rip + …] */
			continue;
		memcpy(&off, code.bytes + i + 3, sizeof(off));
		if (find_call_of_main(bare, start.st_value + i + 7 + (uint64_t)(int64_t)off,
				      MAX_START_BYTES))
			return;
	}
}

/* How many bytes of @code, at @off, are this. */
static size_t count_bytes(const struct elf_content *code, size_t off, const char *bytes, size_t n)
{
	return off + n <= code->size && memcmp(code->bytes + off, bytes, n) == 0 ? n : 0;
}

/* Of a C library: mov rdi, rsp and a call. Returns where it ends, or 0. */
static size_t library_entry_end(const struct elf_content *code)
{
	size_t off = count_bytes(code, 0, "\x48\x31\xed", 3); /* xor rbp, rbp */
	size_t n = count_bytes(code, off, "\x48\x89\xe7", 3);
	const uint8_t *jump;

	if (!n)
		return 0;
	off += n;
	if (count_bytes(code, off, "\x48\x8d\x35", 3)) /* lea rsi, [rip + …] */
		off += 7;
	off += count_bytes(code, off, "\x48\x83\xe4\xf0", 4); /* and rsp, -16 */
	if (!count_bytes(code, off, "\xe8", 1))
		return 0;
	off += 5;
	jump = off < code->size ? memmem(code->bytes + off, code->size - off, "\x41\xff\xe4", 3)
				: NULL; /* jmp r12 */
	return jump && off < code->size / 2 ? (size_t)(jump - code->bytes) + 3 : off;
}

/* Of a program of glibc's: it takes its arguments from the stack, and ends with a call and hlt. */
static size_t program_entry_end(const struct elf_content *code)
{
	size_t off = count_bytes(code, 0, "\xf3\x0f\x1e\xfa", 4); /* endbr64 */

	if (!count_bytes(code, off, "\x31\xed\x49\x89\xd1\x5e", 6))
		return 0;
	for (off += 6; off + 6 < code->size; off++)
		if (code->bytes[off + 6] == 0xf4 && (count_bytes(code, off, "\xff\x15", 2) ||
						     count_bytes(code, off + 1, "\xe8", 1)))
			return off + 7;
	return 0;
}

static void find_entry(struct bare_code *bare)
{
	struct elf_content code;
	GElf_Ehdr header;
	size_t end;

	if (!gelf_getehdr(elf_file_elf(bare->file), &header))
		return;
	code = start_code_at(bare, header.e_entry, MAX_ENTRY_BYTES);
	if (!code.bytes)
		return;
	end = library_entry_end(&code);
	if (!end)
		end = program_entry_end(&code);
	if (end)
		add_place(bare, header.e_entry, header.e_entry + end, UNWIND_CFA_END);
}

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	return (a->start_vaddr > b->start_vaddr) - (a->start_vaddr < b->start_vaddr);
}

/* Such a file has the C library from elsewhere, and its code, perhaps 200 MB, need not be searched.
 */
static bool needs_others(const struct elf_file *file)
{
	struct elf_content dynamic = elf_content_segment(file, PT_DYNAMIC, 0);
	Elf64_Dyn entry;

	for (size_t off = 0; off + sizeof(entry) <= dynamic.size; off += sizeof(entry)) {
		memcpy(&entry, dynamic.bytes + off, sizeof(entry));
		if (entry.d_tag == DT_NEEDED || entry.d_tag == DT_NULL)
			return entry.d_tag == DT_NEEDED;
	}
	return false;
}

int bare_code_read(struct elf_file *file, const struct unwind_rows *rows,
		   struct unwind_rule_set *set, struct unwind_rows *ret_over)
{
	const struct elf_description *description = elf_file_describe(file);
	struct bare_code bare = { .file = file,
				  .rows = rows,
				  .left_bytes = ELF_MAX_SEARCHED_BYTES };
	uint64_t done_vaddr = 0;
	int r = 0;

	if (elf_content_machine(file) != EM_X86_64)
		return 0;
	find_entry(&bare);
	for (uint32_t i = 0; !needs_others(file) && i < description->n_segments; i++)
		look_at_gaps(&bare, &description->segments[i]);
	if (bare.has_library)
		find_start_of_program(&bare);
	qsort(bare.places, bare.n, sizeof(bare.places[0]), compare_places);
	for (size_t i = 0; r == 0 && i < bare.n; i++) {
		struct unwind_rule rule = { .cfa_kind = bare.places[i].kind };

		if (bare.places[i].start_vaddr < done_vaddr)
			continue; /* it overlaps the one before */
		done_vaddr = bare.places[i].end_vaddr;
		r = unwind_rows_append(ret_over, bare.places[i].start_vaddr,
				       unwind_rule_set_add(set, rule));
		if (r == 0)
			r = unwind_rows_append(ret_over, done_vaddr, UNWIND_RULE_NONE);
	}
	return r;
}

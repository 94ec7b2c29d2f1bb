/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/eh_frame.h"

#include <dwarf.h>
#include <elf.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/elf_content.h"
#include "unwind/elf_file.h"
#include "unwind/elf_file_internal.h"
#include "unwind/frame_entry.h"
#include "unwind/unwind_rows.h"

/* Rules of states met before, by a hash of them; the same few hundred come again and again. */
#define MEMO_BITS 10

#define ROW_BYTES 5 /* of a section, for each row that it makes: rarely less */

/* FDEs are read in the order of their addresses, which is not that of the file: they are fetched so
 * many in advance, and then their programs. */
#define FETCH_AHEAD 16

struct rule_memo {
	uint64_t state; /* packed; 0 = nothing is here */
	uint16_t rule;
};

struct eh_frame_reader {
	const struct elf_file *file;
	struct frame_section section;
	struct frame_entries entries;
	struct unwind_rule_set *set;
	struct unwind_rows *rows;
	struct eh_frame_report *report;
	struct rule_memo memo[1 << MEMO_BITS];
};

static void reader_fini(struct eh_frame_reader *reader)
{
	frame_entries_fini(&reader->entries);
}

/* .eh_frame_hdr: version 1, three encodings, and the address of .eh_frame. */
static struct elf_content find_by_header(const struct elf_file *file)
{
	struct elf_content header = elf_content_segment(file, PT_GNU_EH_FRAME, 0);
	struct eh_pointer_base base = {
		.bytes = header.bytes,
		.elf_vaddr = header.elf_vaddr,
		.data_vaddr = header.elf_vaddr,
	};
	struct byte_cursor cursor = byte_cursor_at(header.bytes, header.size);
	uint8_t version = byte_cursor_u8(&cursor);
	uint8_t encoding = byte_cursor_u8(&cursor);
	uint64_t elf_vaddr;

	byte_cursor_take(&cursor, 2);
	elf_vaddr = eh_pointer_read(&cursor, encoding, &base);
	if (cursor.is_bad || version != 1 || encoding == DW_EH_PE_omit)
		return (struct elf_content){ 0 };
	return elf_content_at(file, elf_vaddr);
}

static void find_section(struct elf_file *file, enum eh_frame_source source,
			 struct frame_section *section)
{
	if (source == EH_FRAME_DEBUG) {
		section->content = elf_content_section(file, ".debug_frame");
		section->is_debug_frame = true;
	} else {
		section->content = elf_content_section(file, ".eh_frame");
		if (!section->content.bytes) {
			section->content = find_by_header(file);
			section->ends_at_zero = true;
		}
	}
	section->is_arm64 = elf_content_machine(file) == EM_AARCH64;
	section->base = (struct eh_pointer_base){
		.bytes = section->content.bytes,
		.elf_vaddr = section->content.elf_vaddr,
		.text_vaddr = elf_content_section(file, ".text").elf_vaddr,
		.data_vaddr = elf_content_section(file, ".got").elf_vaddr,
		.file = file,
	};
}

/*
 * Is this the frame that the kernel pushes for a signal? On x86-64 its code says where the kernel
 * put sp and ip: from glibc's one byte of grace on, at sp + 160 and sp + 168. On arm64 the vDSO's
 * goes by the frame record that the kernel leaves, and skips the interrupted function's own.
 */
static bool is_kernel_signal_frame(const struct cfa_state *state, const struct cfa_form *form)
{
	static const uint8_t sp[] = { DW_OP_breg7, 0xa0, 0x01, DW_OP_deref };
	static const uint8_t ip[] = { DW_OP_breg7, 0xa8, 0x01 };

	if (form->is_arm64)
		return true;
	return state->cfa_register == CFA_BY_EXPRESSION &&
	       state->cfa_expression_bytes == sizeof(sp) &&
	       memcmp(state->cfa_expression, sp, sizeof(sp)) == 0 &&
	       state->ra.place == CFA_PLACE_EXPRESSION &&
	       state->ra.expression_bytes == sizeof(ip) &&
	       memcmp(state->ra.expression, ip, sizeof(ip)) == 0;
}

static uint16_t signal_rule(struct eh_frame_reader *reader, const struct cfa_state *state,
			    const struct cfa_form *form)
{
	if (!is_kernel_signal_frame(state, form)) {
		reader->report->losses[UNWIND_LOSS_SIGNAL]++;
		return UNWIND_RULE_UNSUPPORTED;
	}
	return unwind_rule_set_add(reader->set,
				   (struct unwind_rule){ .cfa_kind = UNWIND_CFA_SIGNAL });
}

/* One word for all of @state, or 0: it does not fit. */
static uint64_t pack_state(const struct cfa_state *state)
{
	if (state->fp.place == CFA_PLACE_EXPRESSION || state->ra.place != CFA_PLACE_OFFSET ||
	    state->cfa_register >= 32 || state->cfa_off != (state->cfa_off & 0xffffff) ||
	    state->fp.off != (int16_t)state->fp.off || state->ra.off != (int8_t)state->ra.off)
		return 0;
	return state->cfa_register | (uint64_t)state->cfa_off << 8 |
	       (uint64_t)(uint16_t)state->fp.off << 32 | (uint64_t)(uint8_t)state->ra.off << 48 |
	       (uint64_t)state->fp.place << 56 | 1ULL << 63;
}

static uint16_t rule_of(struct eh_frame_reader *reader, const struct cfa_state *state,
			const struct cfa_form *form)
{
	uint32_t *losses = reader->report->losses;
	uint64_t packed = pack_state(state);
	struct rule_memo *memo =
		&reader->memo[(packed * 0x9e3779b97f4a7c15ULL) >> (64 - MEMO_BITS)];
	struct unwind_rule rule;
	uint16_t number;

	if (packed && memo->state == packed)
		return memo->rule;
	rule = cfa_rule_of(state, form, losses);
	number = unwind_rule_set_add(reader->set, rule);
	if (number == UNWIND_RULE_UNSUPPORTED)
		losses[UNWIND_LOSS_RULE_COUNT] += rule.cfa_kind != UNWIND_CFA_UNSUPPORTED;
	else if (rule.fp_kind != UNWIND_FP_UNDEFINED) /* losses are counted each time */
		*memo = (struct rule_memo){ .state = packed, .rule = number };
	return number;
}

/* Append the rows of [fde->start_vaddr, @end_vaddr), and one without a rule at its end. */
static int read_function(struct eh_frame_reader *reader, struct cfa_program *program,
			 const struct frame_fde *fde, uint64_t end_vaddr)
{
	const struct frame_cie *cie = &reader->entries.cies[fde->cie_i];
	enum cfa_step step = CFA_ADVANCE;
	int r;

	program->form = &cie->form;
	program->base = &reader->section.base;
	program->initial = &cie->initial;
	program->code =
		byte_cursor_at(reader->section.content.bytes + fde->code_off, fde->code_bytes);
	program->location = fde->start_vaddr;
	program->state = cie->initial;
	program->n_remembered = 0;
	while (step == CFA_ADVANCE && program->location < end_vaddr) {
		uint16_t rule = UNWIND_RULE_UNSUPPORTED;
		uint64_t advance;

		step = cfa_program_step(program, &advance);
		if (step != CFA_BAD)
			rule = cie->is_signal ? signal_rule(reader, &program->state, &cie->form)
					      : rule_of(reader, &program->state, &cie->form);
		r = unwind_rows_append(reader->rows, program->location, rule);
		if (r < 0)
			return r;
		if (program->location + advance < program->location)
			break;
		program->location += advance;
	}
	reader->report->losses[UNWIND_LOSS_BAD_PROGRAM] += step == CFA_BAD;
	return unwind_rows_append(reader->rows, end_vaddr, UNWIND_RULE_NONE);
}

/* Linkers leave the FDEs of code that they dropped in .debug_frame, with addresses of nowhere. */
static bool is_in_code(const struct eh_frame_reader *reader, const struct frame_fde *fde)
{
	return fde->start_vaddr < fde->end_vaddr &&
	       !(reader->section.is_debug_frame && fde->start_vaddr == 0) &&
	       elf_file_code_end(reader->file, fde->start_vaddr) != 0;
}

static void fetch(const struct eh_frame_reader *reader, size_t i)
{
	const struct frame_entries *entries = &reader->entries;

	if (i + FETCH_AHEAD < entries->n_fdes)
		__builtin_prefetch(frame_entries_fde(entries, i + FETCH_AHEAD));
	if (i + FETCH_AHEAD / 2 < entries->n_fdes)
		__builtin_prefetch(reader->section.content.bytes +
				   frame_entries_fde(entries, i + FETCH_AHEAD / 2)->code_off);
}

static int read_functions(struct eh_frame_reader *reader)
{
	const struct frame_entries *entries = &reader->entries;
	struct cfa_program program;
	int r;

	for (size_t i = 0; i < entries->n_fdes; i++) {
		const struct frame_fde *fde = frame_entries_fde(entries, i);
		uint64_t end_vaddr = fde->end_vaddr, next_vaddr;

		fetch(reader, i);
		if (!is_in_code(reader, fde))
			continue;
		reader->report->n_functions++;
		next_vaddr = i + 1 < entries->n_fdes
				     ? frame_entries_fde(entries, i + 1)->start_vaddr
				     : UINT64_MAX;
		if (next_vaddr < end_vaddr) {
			reader->report->losses[UNWIND_LOSS_OVERLAP]++;
			end_vaddr = next_vaddr;
		} else if (entries->cies[fde->cie_i].is_signal && next_vaddr > end_vaddr) {
			end_vaddr++; /* a thread in rt_sigreturn(2) is right behind its code */
		}
		r = read_function(reader, &program, fde, end_vaddr);
		if (r < 0)
			return r;
	}
	return 0;
}

int eh_frame_read(struct elf_file *file, enum eh_frame_source source, struct unwind_rule_set *set,
		  struct unwind_rows *rows, struct eh_frame_report *report)
{
	_cleanup_(reader_fini) struct eh_frame_reader reader = {
		.file = file,
		.set = set,
		.rows = rows,
		.report = report,
	};
	int r;

	find_section(file, source, &reader.section);
	if (!reader.section.content.bytes)
		return 0;
	report->section_bytes += reader.section.content.size;
	r = frame_entries_read(&reader.section, &reader.entries);
	if (r < 0)
		return r;
	report->losses[UNWIND_LOSS_BAD_ENTRY] += reader.entries.n_bad;
	r = frame_entries_sort(&reader.entries);
	if (r == 0)
		r = array_prepare((void **)&rows->items, &rows->capacity,
				  rows->n + frame_section_guess(&reader.section, ROW_BYTES),
				  sizeof(*rows->items));
	if (r < 0)
		return r;
	return read_functions(&reader);
}

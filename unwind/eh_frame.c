/* SPDX-License-Identifier: Apache-2.0 */
#include "unwind/eh_frame.h"

#include <dwarf.h>
#include <elf.h>
#include <string.h>

#include "profiler/base/array.h"
#include "profiler/base/cleanup.h"
#include "unwind/cfa_rule.h"
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
	uint64_t word;
	uint16_t rule;
	bool is_filled;
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

static uint16_t rule_of(struct eh_frame_reader *reader, const struct cfa_state *state,
			const struct cfa_form *form)
{
	uint32_t *losses = reader->report->losses;
	struct unwind_rule rule = cfa_rule_of(state, form, losses);
	uint16_t number = unwind_rule_set_add(reader->set, rule);

	if (number == UNWIND_RULE_UNSUPPORTED)
		losses[UNWIND_LOSS_RULE_COUNT] += rule.cfa_kind != UNWIND_CFA_UNSUPPORTED;
	return number;
}

static uint16_t rule_of_word(struct eh_frame_reader *reader, uint64_t word,
			     const struct cfa_form *form)
{
	struct rule_memo *memo = &reader->memo[(word * 0x9e3779b97f4a7c15ULL) >> (64 - MEMO_BITS)];
	struct cfa_state state;
	uint16_t rule;

	if (memo->word == word && memo->is_filled)
		return memo->rule;
	state = cfa_word_state(word);
	rule = rule_of(reader, &state, form);
	if (rule != UNWIND_RULE_UNSUPPORTED &&
	    reader->set->rules[rule].fp_kind != UNWIND_FP_UNDEFINED) /* losses count each time */
		*memo = (struct rule_memo){ .word = word, .rule = rule, .is_filled = true };
	return rule;
}

/* The rows of a program on words. */
static int append_words(struct eh_frame_reader *reader, struct cfa_word_program *program,
			const struct cfa_form *form, enum cfa_word_step *ret_step)
{
	struct cfa_word_row rows[CFA_WORD_ROWS];
	enum cfa_word_step step = CFA_WORD_ADVANCE;
	size_t n;
	int r = 0;

	while (r == 0 && step == CFA_WORD_ADVANCE) {
		step = cfa_word_run(program, rows, &n);
		for (size_t i = 0; r == 0 && i < n; i++)
			r = unwind_rows_append(reader->rows, rows[i].elf_vaddr,
					       rule_of_word(reader, rows[i].state, form));
	}
	*ret_step = step;
	return r;
}

/* The rows of what it has left. */
static int append_rest(struct eh_frame_reader *reader, const struct cfa_word_program *left,
		       const struct frame_cie *cie)
{
	enum cfa_step step = CFA_ADVANCE;
	struct cfa_program program;
	int r;

	program.form = &cie->form;
	program.base = &reader->section.base;
	program.initial = &cie->initial;
	cfa_word_leave(left, &program);
	while (step == CFA_ADVANCE && program.location < left->end_vaddr) {
		uint16_t rule = UNWIND_RULE_UNSUPPORTED;
		uint64_t advance;

		step = cfa_program_step(&program, &advance);
		if (step != CFA_BAD)
			rule = cie->is_signal ? signal_rule(reader, &program.state, &cie->form)
					      : rule_of(reader, &program.state, &cie->form);
		r = unwind_rows_append(reader->rows, program.location, rule);
		if (r < 0)
			return r;
		if (program.location + advance < program.location)
			break;
		program.location += advance;
	}
	reader->report->losses[UNWIND_LOSS_BAD_PROGRAM] += step == CFA_BAD;
	return 0;
}

/* Append the rows of [fde->start_vaddr, @end_vaddr), and one without a rule at its end. */
static int read_function(struct eh_frame_reader *reader, const struct frame_fde *fde,
			 uint64_t end_vaddr)
{
	const struct frame_cie *cie = &reader->entries.cies[fde->cie_i];
	enum cfa_word_step step = CFA_WORD_LEFT;
	struct cfa_word_program program;
	int r = 0;

	program.form = cie->word_form;
	program.code =
		byte_cursor_at(reader->section.content.bytes + fde->code_off, fde->code_bytes);
	program.location = fde->start_vaddr;
	program.end_vaddr = end_vaddr;
	program.state = cie->word_form.initial;
	program.n_remembered = 0;
	if (cie->word_form.has_room && !cie->is_signal)
		r = append_words(reader, &program, &cie->form, &step);
	if (r == 0 && step == CFA_WORD_LEFT)
		r = append_rest(reader, &program, cie);
	return r < 0 ? r : unwind_rows_append(reader->rows, end_vaddr, UNWIND_RULE_NONE);
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
		r = read_function(reader, fde, end_vaddr);
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

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CFA word: the state of a CFA program in 64 bits. Nearly all of them fit, and as numbers they are
 * copied, compared and looked up in no time.
 *
 *     bits 0…31 cfa_off, 32…39 cfa_register, 40…47 fp, 48…55 ra, 56…63 rbx
 *
 * where 0 of the last three is as it was, and N at CFA − 8 · N. What has no room there, and what
 * makes no sense, is left to a struct cfa_program, which goes on from that very place.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/byte_cursor.h"
#include "unwind/cfa_program.h"

/* What the CIE says of the programs of its functions. */
struct cfa_word_form {
	uint64_t initial;
	uint32_t code_factor;
	bool is_arm64;
	bool has_room; /* else they are not run on words */
};

/* Which state holds from where on. */
struct cfa_word_row {
	uint64_t elf_vaddr;
	uint64_t state;
};

#define CFA_WORD_ROWS 32 /* that a program is run for at a time */

struct cfa_word_program {
	struct cfa_word_form form;
	struct byte_cursor code;
	uint64_t location;
	uint64_t end_vaddr; /* of the function */
	uint64_t state;
	uint32_t n_remembered;
	uint64_t remembered[CFA_MAX_REMEMBERED];
};

enum cfa_word_step {
	CFA_WORD_ADVANCE, /* there are more rows to come */
	CFA_WORD_DONE,
	CFA_WORD_LEFT, /* from its location on: see cfa_word_leave() */
};

struct cfa_word_form cfa_word_form_of(const struct cfa_form *form, const struct cfa_state *initial);

/* The same state. */
struct cfa_state cfa_word_state(uint64_t word);

/* Run on, and write the next rows. Their addresses ascend, and lie in the function. */
enum cfa_word_step cfa_word_run(struct cfa_word_program *program, struct cfa_word_row *ret_rows,
				size_t *ret_n);

/* Have @wide, whose form, base and initial state are set, go on where @program was left. */
void cfa_word_leave(const struct cfa_word_program *program, struct cfa_program *wide);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Frame entries: the records of .eh_frame (Linux Standard Base) and .debug_frame (DWARF 5, 6.4.1).
 * An FDE says of one function which CFA program it has; a CIE what many functions have in common.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "unwind/cfa_program.h"
#include "unwind/cfa_word.h"
#include "unwind/elf_content.h"
#include "unwind/eh_pointer.h"

/* The most FDEs that are read, beyond which they are passed over: Chromium has 600 000. */
#define FRAME_FDE_BITS 22
#define FRAME_MAX_FDES ((size_t)1 << FRAME_FDE_BITS)

struct frame_section {
	struct elf_content content; /* at most 4 GB */
	struct eh_pointer_base base;
	bool is_debug_frame;
	bool ends_at_zero; /* its size is not known: an entry of length 0 is the last one */
	bool is_arm64;
};

struct frame_cie {
	uint32_t off; /* in the section, of its length */
	bool is_bad;
	bool is_signal;
	bool has_augmentation; /* FDEs have a length of more data */
	struct cfa_form form;
	struct cfa_state initial; /* of all its functions */
	struct cfa_word_form word_form;
};

struct frame_fde {
	uint64_t start_vaddr;
	uint64_t end_vaddr;
	uint32_t cie_i;
	uint32_t code_off; /* of its program, in the section */
	uint32_t code_bytes;
};

/* Which FDE, and how far behind the first one it starts. */
struct frame_order {
	uint64_t start_off : 64 - FRAME_FDE_BITS;
	uint64_t fde_i : FRAME_FDE_BITS;
};

struct frame_entries {
	struct frame_cie *cies; /* sorted by off */
	size_t n_cies;
	size_t cie_capacity;
	struct frame_fde *fdes;
	size_t n_fdes;
	size_t fde_capacity;
	struct frame_order *orders; /* room for two */
	struct frame_order *order;  /* of the FDEs, once it was asked for; NULL: as they are */
	uint32_t n_bad;             /* entries that made no sense, and were passed over */
};

/*
 * How many things of @item_bytes each the section can have, within reason. Room for them is made in
 * advance (array_prepare).
 */
static inline size_t frame_section_guess(const struct frame_section *section, size_t item_bytes)
{
	size_t n = section->content.size / item_bytes;

	return n < 1 << 20 ? n : 1 << 20;
}

/*
 * Read all entries of @section into the zeroed @ret_entries. What is damaged is passed over; where
 * even lengths make no sense, reading ends.
 *
 * Returns 0 or -ENOMEM.
 */
int frame_entries_read(const struct frame_section *section, struct frame_entries *ret_entries);

/* Works on a zeroed struct; leaves a zeroed struct. */
void frame_entries_fini(struct frame_entries *entries);

/* Find the order of the FDEs by where they start; those that start together stay in that of the
 * file. Returns 0 or -ENOMEM. */
int frame_entries_sort(struct frame_entries *entries);

/* FDE number @i in that order. */
static inline const struct frame_fde *frame_entries_fde(const struct frame_entries *entries,
							size_t i)
{
	return &entries->fdes[entries->order ? entries->order[i].fde_i : i];
}

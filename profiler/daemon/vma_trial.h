/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * VMA trial: does the kernel half find mappings where they are?
 *
 * Its walk (bpf/vma.h) reads the kernel's own tree of mappings, whose form no kernel promises. So
 * before it is trusted it is asked about our own process, and each answer is compared with what
 * /proc/self/maps says: the first and the last byte of each mapping, the gap behind it, and which
 * mappings are of the same file. (Which, not what they are called: overlayfs shows other numbers of
 * a file than those of the file that it maps.)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/mapping.h"

struct vma_trial {
	bool has_passed;
	enum vma_flavour flavour; /* once an answer was given */
	size_t n_mappings;        /* that were compared; one that is wrong ends it */
	char complaint[160]; /* unless it has passed: what was wrong, as a part of a sentence */
};

/* Ask what is at @pc. Returns 0 and fills *@ret_answer, or -errno. */
typedef int (*vma_trial_ask)(void *context, uint64_t pc, struct vma_answer *ret_answer);

/* Compare what @ask answers with @mappings. Returns 0 and fills *@ret_trial, -ENOMEM, or what @ask
 * says. */
int vma_trial_compare(const struct mapping_table *mappings, vma_trial_ask ask, void *context,
		      struct vma_trial *ret_trial);

/* Try the walk on this process, on pages of 1 << @page_shift bytes. What fails on the way is a
 * complaint, too. */
void vma_trial_run(uint32_t page_shift, struct vma_trial *ret_trial);

/* "through the maple tree, read directly" …: by enum vma_flavour */
extern const char *const vma_flavour_names[VMA_FLAVOUR_COUNT];

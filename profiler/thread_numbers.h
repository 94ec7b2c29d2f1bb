/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Thread numbers: which threads of a dictionary a query selects, and what each becomes: its label
 * set in a profile, its group. Found out once for each, when its first sample comes.
 */

#include <stddef.h>
#include <stdint.h>

struct dictionary;
struct label;
struct query_budget;
struct selector;

struct thread_numbers {
	const struct dictionary *dictionary;
	uint32_t *marks; /* by thread; owned */
};

/* What a selected thread becomes. */
struct thread_numbering {
	const struct selector *selector; /* or NULL: everything */
	struct query_budget *budget;     /* or NULL; matches given up are counted in it */
	int (*number)(void *context, const struct label *labels, size_t n_labels,
		      uint32_t *ret_number); /* returns 0 or -errno; NULL: all become 0 */
	void *context;
};

/* For the first @n_threads of @dictionary (borrowed). Returns 0 and initialises *@ret_numbers, or
 * -ENOMEM. */
int thread_numbers_init(const struct dictionary *dictionary, uint32_t n_threads,
			struct thread_numbers *ret_numbers);

/* Works on a zeroed struct. */
void thread_numbers_fini(struct thread_numbers *numbers);

/*
 * Returns 1 and sets *@ret_number if @thread, an index of the dictionary, is selected; 0 if not; or
 * what @numbering said.
 */
int thread_numbers_find(struct thread_numbers *numbers, const struct thread_numbering *numbering,
			uint32_t thread, uint32_t *ret_number);

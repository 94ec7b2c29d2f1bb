/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/thread_numbers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "profiler/query_budget.h"
#include "profiler/selector.h"
#include "profiler/thread_labels.h"

/* Any other mark is a number, plus MARK_COUNT. */
enum { MARK_UNSEEN, MARK_REFUSED, MARK_COUNT };

int thread_numbers_init(const struct dictionary *dictionary, uint32_t n_threads,
			struct thread_numbers *ret_numbers)
{
	uint32_t *marks = calloc(n_threads + 1UL, sizeof(*marks));

	if (!marks)
		return -ENOMEM;
	*ret_numbers = (struct thread_numbers){ dictionary, marks };
	return 0;
}

void thread_numbers_fini(struct thread_numbers *numbers)
{
	free(numbers->marks);
	*numbers = (struct thread_numbers){ 0 };
}

static bool is_selected(const struct thread_numbering *numbering,
			const struct thread_labels *labels)
{
	unsigned long *n_limited = numbering->budget ? &numbering->budget->n_limited : NULL;

	return !numbering->selector ||
	       selector_matches(numbering->selector, labels->labels, labels->n_labels, n_limited);
}

static int mark(struct thread_numbers *numbers, const struct thread_numbering *numbering,
		uint32_t thread)
{
	struct thread_labels labels;
	uint32_t number = 0;
	int r = 0;

	thread_labels_init(&labels, numbers->dictionary, thread);
	if (!is_selected(numbering, &labels)) {
		numbers->marks[thread] = MARK_REFUSED;
		return 0;
	}
	if (numbering->number)
		r = numbering->number(numbering->context, labels.labels, labels.n_labels, &number);
	if (r == 0)
		numbers->marks[thread] = number + MARK_COUNT;
	return r;
}

int thread_numbers_find(struct thread_numbers *numbers, const struct thread_numbering *numbering,
			uint32_t thread, uint32_t *ret_number)
{
	int r;

	if (numbers->marks[thread] == MARK_UNSEEN) {
		r = mark(numbers, numbering, thread);
		if (r < 0)
			return r;
	}
	if (numbers->marks[thread] == MARK_REFUSED)
		return 0;
	*ret_number = numbers->marks[thread] - MARK_COUNT;
	return 1;
}

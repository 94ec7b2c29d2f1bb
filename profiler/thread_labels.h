/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Thread labels: what a thread's samples are selected and grouped by, as texts.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/label_set.h"

struct dictionary;

enum { THREAD_LABELS_MAX = LABEL_SET_MAX + 3 };

struct thread_labels {
	char pid[16];
	char tid[16];
	/* Those of its process and its own: sorted by name, none with an empty value. */
	struct label labels[THREAD_LABELS_MAX];
	size_t n_labels;
};

/* Borrows from @dictionary; must not be copied. */
void thread_labels_init(struct thread_labels *ret_labels, const struct dictionary *dictionary,
			uint32_t thread_i);

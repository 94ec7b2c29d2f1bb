/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Thread labels: what a thread's samples are selected and grouped by, as texts.
 */

#include <stdint.h>

#include "profiler/label.h"

struct dictionary;

struct thread_labels {
	char pid[16];
	char tid[16];
	struct label labels[LABEL_COUNT]; /* all of them; the value of one that is missing is "" */
};

/* Borrows from @dictionary; must not be copied. */
void thread_labels_init(struct thread_labels *ret_labels, const struct dictionary *dictionary,
			uint32_t thread_i);

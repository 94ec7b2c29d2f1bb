/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Label set: labels, each name once, sorted by name. Texts are copied, and owned by the set.
 *
 * Values come from strangers: they become valid UTF-8, and what is longer than
 * LABEL_VALUE_MAX_BYTES is cut there. A zeroed struct is an empty set.
 */

#include <stdint.h>

#include "profiler/label.h"

#define LABEL_SET_MAX         64
#define LABEL_NAME_MAX_BYTES  255
#define LABEL_VALUE_MAX_BYTES 2048 /* what other databases take: Pyroscope's default */

struct label_set {
	struct label labels[LABEL_SET_MAX];
	size_t n_labels;
	uint64_t n_refused; /* labels that were one too many, ever */
};

/* Works on a zeroed struct; leaves one. */
void label_set_fini(struct label_set *set);

/* The value of the label @name, or "". Borrowed until it is changed. */
const char *label_set_get(const struct label_set *set, const char *name);

/*
 * Set the label @name, which is a valid one, to @value; "" takes it away. One too many is counted,
 * and left out. Either text may be borrowed from the set. Returns 0 or -ENOMEM.
 */
int label_set_put(struct label_set *set, const char *name, const char *value);

/* Take away the @index-th. */
void label_set_remove(struct label_set *set, size_t index);

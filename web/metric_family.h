/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metric family: a name in /metrics and where in struct scrape its values lie.
 */

#include <stddef.h>

enum metric_value {
	METRIC_U64,
	METRIC_I64,
	METRIC_U32,
	METRIC_NS, /* 64 bits of ns, shown as seconds */
};

struct metric_family {
	const char *name;
	const char *type; /* "counter" or "gauge" */
	const char *help;
	enum metric_value value;
	size_t offset;     /* into struct scrape */
	const char *label; /* NULL: there is one value; else one for each of … */
	const char *const *label_values;
	size_t n_label_values;
	size_t stride; /* bytes between two of them */
};

/* Ends with one whose name is NULL. */
extern const struct metric_family metric_families[];

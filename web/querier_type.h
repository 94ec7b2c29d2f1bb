/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier type: what samples count, by the name and in the words that Pyroscope and its clients
 * use.
 */

#include <stddef.h>

#include "profiler/label.h"
#include "profiler/profile.h"

/* The labels that all samples of one type share, in the order of their names. */
enum {
	TYPE_LABEL_NAME,
	TYPE_LABEL_PERIOD_TYPE,
	TYPE_LABEL_PERIOD_UNIT,
	TYPE_LABEL_ID,
	TYPE_LABEL_SAMPLE_TYPE,
	TYPE_LABEL_SAMPLE_UNIT,
	TYPE_LABEL_COUNT,
};

/* A copy of LABEL_SERVICE, by the name that Pyroscope has for it. */
#define QUERIER_SERVICE "__service_name__"

struct querier_type {
	struct label labels[TYPE_LABEL_COUNT]; /* "__name__" … */
	enum profile_weight weight;
};

#define QUERIER_TYPE_COUNT 2

extern const struct querier_type querier_types[QUERIER_TYPE_COUNT];

/* The label of that name that all samples of @type share, or NULL. */
const struct label *querier_type_label(const struct querier_type *type, const char *name);

/* The label of samples that a question about @name is about: that name, or another. */
const char *querier_sample_label(const char *name);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Labeling: what the user has decided about labels: some that every process has, and rules.
 *
 *     options, config file  --labeling_…-->  labeling  --message-->  labeler
 *
 * The sampler reads it, and checks it; the server does it. A zeroed struct decides nothing.
 */

#include <stddef.h>

#include "profiler/label_rules.h"
#include "profiler/label_set.h"

struct buffer;
struct message;

#define LABELING_MAX_BYTES (48U << 10) /* as a message */

struct labeling_rule {
	char *name; /* by which the user knows it */
	unsigned int line;
	char *fields[RULE_FIELD_COUNT]; /* NULL: not given */
};

struct labeling {
	struct label_set labels;
	struct labeling_rule *rules;
	size_t n_rules;
	size_t capacity;
};

/* Works on a zeroed struct; leaves one. */
void labeling_fini(struct labeling *labeling);

/* Have every process have the label of @text, "NAME=VALUE". Returns 0, -EINVAL or -ENOMEM. */
int labeling_add_label(struct labeling *labeling, const char *text);

/*
 * Set a field of the rule @rule, a new one unless it is the last one that was set; @line is where.
 *
 * Returns 0, -ENOENT: there is no such field, -EEXIST: it is set already, -ENOSPC: that would be
 * one rule too many, or -ENOMEM.
 */
int labeling_set_field(struct labeling *labeling, const char *rule, unsigned int line,
		       const char *field, const char *value);

/*
 * The rules, ready to run. Returns 0 and sets *@ret_rules (owned by the caller), or -ENOMEM, or
 * -EINVAL: the rule *@ret_bad means nothing, and @ret_error says why.
 */
int labeling_compile(const struct labeling *labeling, struct label_rules **ret_rules,
		     const struct labeling_rule **ret_bad, char ret_error[LABEL_RULES_ERROR_BYTES]);

/* Append it as the body of a MESSAGE_LABELING. Returns 0, -E2BIG or -ENOMEM. */
int labeling_append(const struct labeling *labeling, struct buffer *ret_body);

/* Read such a message into a labeling that is empty. Returns 0, -EBADMSG or -ENOMEM. */
int labeling_take(struct labeling *labeling, const struct message *message);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Label rules: what the user has done to the labels of a process, one rule after the other.
 *
 * Rules, their fields and defaults are those of Prometheus's relabel_config
 * (https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config), and
 * so is what they do. Patterns are PCRE2's, not RE2's. What would cost too much does not match, and
 * is counted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct label_rules;
struct label_set;

enum label_rule_field {
	RULE_ACTION,
	RULE_SOURCE_LABELS, /* names, with commas between them */
	RULE_SEPARATOR,
	RULE_REGEX,
	RULE_MODULUS,
	RULE_TARGET_LABEL,
	RULE_REPLACEMENT,
	RULE_FIELD_COUNT,
};

#define LABEL_RULES_MAX         256
#define LABEL_RULES_ERROR_BYTES 256

/* "action", "source_labels" … */
extern const char *const label_rule_field_names[RULE_FIELD_COUNT];

/* A field that is not given is NULL. */
struct label_rule_spec {
	const char *fields[RULE_FIELD_COUNT];
};

/* Returns 0 and sets *@ret_rules, without a rule (owned by the caller), or -ENOMEM. */
int label_rules_new(struct label_rules **ret_rules);

/* Accepts NULL. Always returns NULL. */
struct label_rules *label_rules_free(struct label_rules *rules);

/*
 * Append a rule. Its texts are copied.
 *
 * Returns 0, -EINVAL: it means nothing, and @ret_error then says why, -ENOSPC: one too many, or
 * -ENOMEM.
 */
int label_rules_add(struct label_rules *rules, const struct label_rule_spec *spec,
		    char ret_error[LABEL_RULES_ERROR_BYTES]);

/* Run all rules. Returns 0, 1 if the process is to be left out, or -ENOMEM. */
int label_rules_run(struct label_rules *rules, struct label_set *labels);

/* Matches that were given up since they cost too much, ever. */
uint64_t label_rules_limited_count(const struct label_rules *rules);

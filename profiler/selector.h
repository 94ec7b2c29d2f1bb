/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Selector: Prometheus matchers over labels: {comm="api",thread!~"worker-.*"}.
 *
 * Operators are =, !=, =~ and !~; regular expressions are anchored at both ends and run under a
 * match limit, since they come from strangers. A label that is missing is the empty string. Values
 * are quoted with " and the escapes \\ \" \n, or with ' or `; names may be.
 */

#include <stdbool.h>
#include <stddef.h>

struct label;
struct selector;

#define SELECTOR_MAX_BYTES    4096 /* longest text taken */
#define SELECTOR_MAX_MATCHERS 32

/*
 * Parse @text ("" and "{}" select everything).
 *
 * Returns 0 and sets *@ret_selector (owned by the caller), or
 * -EINVAL  it means nothing; @ret_error then holds a sentence that repeats what was wrong,
 * -ENOMEM  out of memory.
 */
int selector_parse(const char *text, struct selector **ret_selector, char *ret_error,
		   size_t error_bytes);

/* Accepts NULL. Always returns NULL. */
struct selector *selector_free(struct selector *selector);

/* Whether it selects everything. */
bool selector_is_empty(const struct selector *selector);

/*
 * Whether all matchers hold for @labels. A regular expression that meets its match limit does not
 * match, and is counted in *@n_limited (which may be NULL). Not safe for two threads at once on one
 * selector.
 */
bool selector_matches(const struct selector *selector, const struct label *labels, size_t n_labels,
		      unsigned long *n_limited);

/*
 * As above, but only for the matchers of labels that are among @labels: what all samples have in
 * common can be asked once. selector_forget() then drops those matchers.
 */
bool selector_allows(const struct selector *selector, const struct label *labels, size_t n_labels);
void selector_forget(struct selector *selector, const struct label *labels, size_t n_labels);

/* Have matchers of the label @name be about the label @other. Returns 0 or -ENOMEM. */
int selector_rename(struct selector *selector, const char *name, const char *other);

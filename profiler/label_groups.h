/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Label groups: distinct combinations of labels, as dense numbers.
 *
 *     {comm="api", pid="7", tid="8"}  --by comm-->  {comm="api"}  →  0
 *
 * By no label at all there is one group, {}. Labels that are empty are left out.
 */

#include <stddef.h>
#include <stdint.h>

#include "profiler/label.h"

struct label_groups;

struct label_group {
	const struct label *labels; /* sorted by name */
	size_t n_labels;
};

/* By all labels, not by some. */
#define LABEL_GROUPS_BY_ALL SIZE_MAX

/*
 * Group by the @n_names labels of @names (borrowed: live as long as the groups), or by all.
 *
 * Returns 0 and sets *@ret_groups (owned by the caller), or -ENOMEM.
 */
int label_groups_new(const char *const *names, size_t n_names, struct label_groups **ret_groups);

/* Accepts NULL. Always returns NULL. */
struct label_groups *label_groups_free(struct label_groups *groups);

/* Find the group of @labels (copied; sorted by name), or add it. Returns 0 and sets *@ret_group, or
 * -ENOMEM. */
int label_groups_add(struct label_groups *groups, const struct label *labels, size_t n_labels,
		     uint32_t *ret_group);

/* How many there are; the one of a number. Borrowed: lives as long as @groups. */
size_t label_groups_count(const struct label_groups *groups);
const struct label_group *label_groups_get(const struct label_groups *groups, uint32_t group);

/* The value of a label in a group, or "". Borrowed likewise. */
const char *label_group_value(const struct label_group *group, const char *name);

/* Memory in use, about. */
size_t label_groups_bytes(const struct label_groups *groups);

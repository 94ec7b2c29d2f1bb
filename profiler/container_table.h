/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Container table: what containers and pods are called, by the ids that cgroups have.
 *
 *     records (profiler/container_list.h)  --container_table_take-->  table
 *     path of a cgroup                     --container_table_find-->  names, labels
 *
 * What was once known stays, also of those that have gone, until room is needed: then what was used
 * least recently leaves, and is counted.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profiler/container_facts.h"

struct cgroup_path;
struct container_table;

struct container_table_status {
	uint32_t n_pods; /* whose name is known now */
	uint32_t n_containers;
	uint64_t n_evicted; /* ever */
};

/* One that takes some @max_bytes. Returns 0 and sets *@ret_table (owned by the caller), or -ENOMEM.
 */
int container_table_new(size_t max_bytes, struct container_table **ret_table);

/* Accepts NULL. Always returns NULL. */
struct container_table *container_table_free(struct container_table *table);

/* Take what @records say, which may be anything. Returns 0, -EBADMSG: they are not what they should
 * be, and what came before that is taken, or -ENOMEM. */
int container_table_take(struct container_table *table, const char *records, size_t size);

/* Remember that @key, a container's id or a pod's uid, was met. Returns whether it had not been,
 * and is not known. */
bool container_table_note(struct container_table *table, const char *key);

/* Whether the name of @key is known. */
bool container_table_knows(const struct container_table *table, const char *key);

/* Called with what was met. Returns whether it is to go on. */
typedef bool container_table_visit(void *context, const char *key);

/* Visit what was noted and is not known, that first which was used least recently; the table must
 * not change meanwhile. Returns whether all of it was visited. */
bool container_table_each_unknown(const struct container_table *table, container_table_visit *visit,
				  void *context);

/*
 * Set *@ret_facts to what is known of who runs at @path; borrowed until the table is changed.
 *
 * Returns when that has changed last: a number that grows with each change of the table; 0 if
 * nothing is known.
 */
uint64_t container_table_find(struct container_table *table, const struct cgroup_path *path,
			      struct container_facts *ret_facts);

/* When anything has changed last. */
uint64_t container_table_change(const struct container_table *table);

void container_table_get_status(const struct container_table *table,
				struct container_table_status *ret_status);

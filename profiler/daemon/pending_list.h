/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pending list: samples that wait for the unwind table of a file, with their stacks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"

struct pending_list;

/* What is tried for each sample that waits. Returns whether it need not wait any longer. */
typedef bool (*pending_list_try)(void *context, const struct pending_record *record,
				 bool is_last_try);

/* Returns 0 and sets *@ret_list, for at most @max_records that wait at most @wait_ns (owned by the
 * caller), or -ENOMEM. */
int pending_list_new(size_t max_records, int64_t wait_ns, struct pending_list **ret_list);

/* Accepts NULL. Always returns NULL. */
struct pending_list *pending_list_free(struct pending_list *list);

/* Add a record of @size bytes, its frames included (copied). Returns 0, -ENOSPC or -ENOMEM. */
int pending_list_add(struct pending_list *list, const struct pending_record *record, size_t size,
		     int64_t now_ns);

/* Try those that are new or, if there @is_news for them, all, in the order in which they were
 * added; and those that have waited long enough, for the last time. */
void pending_list_run(struct pending_list *list, int64_t now_ns, bool is_news,
		      pending_list_try try_record, void *context);

size_t pending_list_count(const struct pending_list *list);

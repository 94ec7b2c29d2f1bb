/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/daemon/rule_set.h"

#include <errno.h>
#include <stdlib.h>

#define uthash_nonfatal_oom 1
#include <uthash.h>

#include "bpf/unwind_shard.h"
#include "profiler/base/clock.h"
#include "profiler/daemon/shard_space.h"

struct rule_entry {
	UT_hash_handle hh; /* in by_rule while it is used */
	uint64_t rule;
	uint32_t n_uses;
	int64_t unused_since_ns;
};

struct rule_set {
	uint64_t *slots;
	struct rule_entry *by_rule;
	struct rule_entry entries[UNWIND_MAX_RULES]; /* by index */
	uint32_t next;                               /* where to look for a free one */
	uint32_t n_used;
};

int rule_set_new(uint64_t *slots, struct rule_set **ret_set)
{
	struct rule_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->slots = slots;
	*ret_set = set;
	return 0;
}

struct rule_set *rule_set_free(struct rule_set *set)
{
	if (!set)
		return NULL;
	HASH_CLEAR(hh, set->by_rule);
	free(set);
	return NULL;
}

/* One that nobody uses, and has not for a while, going round. */
static struct rule_entry *find_free(struct rule_set *set)
{
	int64_t now_ns = clock_monotonic_ns();

	for (uint32_t i = 0; i < UNWIND_MAX_RULES; i++) {
		struct rule_entry *entry = &set->entries[set->next];

		set->next = (set->next + 1) % UNWIND_MAX_RULES;
		if (!entry->n_uses &&
		    (!entry->unused_since_ns || now_ns - entry->unused_since_ns >= SHARD_GRACE_NS))
			return entry;
	}
	return NULL;
}

int rule_set_take(struct rule_set *set, uint64_t rule, uint16_t *ret_index)
{
	struct rule_entry *entry = NULL;

	HASH_FIND(hh, set->by_rule, &rule, sizeof(rule), entry);
	if (!entry) {
		entry = find_free(set);
		if (!entry)
			return -ENOSPC;
		entry->rule = rule;
		HASH_ADD(hh, set->by_rule, rule, sizeof(entry->rule), entry);
		if (!entry->hh.tbl) /* how uthash tells that it had no memory */
			return -ENOMEM;
		set->slots[entry - set->entries] = rule;
		set->n_used++;
	}
	entry->n_uses++;
	*ret_index = (uint16_t)(entry - set->entries);
	return 0;
}

void rule_set_give(struct rule_set *set, uint16_t index, int64_t now_ns)
{
	struct rule_entry *entry = &set->entries[index];

	if (--entry->n_uses)
		return;
	HASH_DEL(set->by_rule, entry);
	entry->unused_since_ns = now_ns;
	set->n_used--;
}

uint32_t rule_set_count(const struct rule_set *set)
{
	return set->n_used;
}

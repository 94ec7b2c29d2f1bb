/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rule set: the unwind rules of all tables, each once, with a count of the tables that use it.
 */

#include <stdint.h>

struct rule_set;

/* Rules are kept in @slots, UNWIND_MAX_RULES of them, which programs read; borrowed. 0 or -ENOMEM.
 */
int rule_set_new(uint64_t *slots, struct rule_set **ret_set);

/* Accepts NULL. Always returns NULL. */
struct rule_set *rule_set_free(struct rule_set *set);

/* Use @rule once more. Returns 0 and sets *@ret_index, -ENOSPC if all are taken, or -ENOMEM. */
int rule_set_take(struct rule_set *set, uint64_t rule, uint16_t *ret_index);

/* Use it once less. The slot of one that nobody uses is given out again after a grace period. */
void rule_set_give(struct rule_set *set, uint16_t index, int64_t now_ns);

/* How many are in use. */
uint32_t rule_set_count(const struct rule_set *set);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Query budget: what one query may cost, and which limits it met.
 *
 * CPU time and memory end a query that has none left: there are no half answers. Other limits
 * leave something out, or add it up, and the answer says so.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUERY_CPU_NS (10 * 1000 * 1000 * 1000LL) /* of one query, by default */
#define QUERY_BYTES  (128UL << 20)               /* likewise; the encoded answer not included */

enum query_limit {
	QUERY_LIMIT_CPU_TIME,
	QUERY_LIMIT_MEMORY,
	QUERY_LIMIT_ANSWER,  /* the answer would be too large */
	QUERY_LIMIT_MATCH,   /* a regular expression was given up, and did not match */
	QUERY_LIMIT_GROUPS,  /* groups too many became one, "other" */
	QUERY_LIMIT_SAMPLES, /* of samples one by one, the last were left out */
	QUERY_LIMIT_COUNT,
};

/* "cpu_time" … */
extern const char *const query_limit_names[QUERY_LIMIT_COUNT];

struct query_budget {
	int64_t cpu_ns;
	size_t bytes;
	size_t held_bytes;       /* of these, in what the query has made, and keeps */
	int64_t cpu_end_ns;      /* of the thread's own clock */
	uint32_t until_look;     /* questions until the clock is read again */
	unsigned long n_limited; /* matches given up: QUERY_LIMIT_MATCH */
	bool met[QUERY_LIMIT_COUNT];
};

/* A budget for a query that this thread begins now. */
void query_budget_init(struct query_budget *ret_budget, int64_t cpu_ns, size_t bytes);

/* What the query has just made takes @bytes of memory from now until its end. NULL: no limits. */
void query_budget_hold(struct query_budget *budget, size_t bytes);

/*
 * Go on with @bytes of memory in use, beside what is held? NULL has no limits. Cheap: ask often.
 *
 * Returns 0, or -EDQUOT: a limit is met, and noted.
 */
int query_budget_ask(struct query_budget *budget, size_t bytes);

/* Go on with what takes milliseconds? The same, by the clock alone, which is read now. */
int query_budget_look(struct query_budget *budget);

bool query_budget_has_met(const struct query_budget *budget, enum query_limit limit);

/* All limits that were met: a bit for each of enum query_limit. */
unsigned int query_budget_limits(const struct query_budget *budget);

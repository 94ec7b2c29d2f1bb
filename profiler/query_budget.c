/* SPDX-License-Identifier: Apache-2.0 */
#include "profiler/query_budget.h"

#include <errno.h>
#include <time.h>

#include "profiler/base/clock.h"

#define QUESTIONS_A_LOOK 64 /* reading the thread's clock is a system call */

const char *const query_limit_names[QUERY_LIMIT_COUNT] = {
	[QUERY_LIMIT_CPU_TIME] = "cpu_time", [QUERY_LIMIT_MEMORY] = "memory",
	[QUERY_LIMIT_ANSWER] = "answer",     [QUERY_LIMIT_MATCH] = "match",
	[QUERY_LIMIT_GROUPS] = "groups",     [QUERY_LIMIT_SAMPLES] = "samples",
};

void query_budget_init(struct query_budget *ret_budget, int64_t cpu_ns, size_t bytes)
{
	*ret_budget = (struct query_budget){
		.cpu_ns = cpu_ns,
		.bytes = bytes,
		.cpu_end_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) + cpu_ns,
	};
}

void query_budget_hold(struct query_budget *budget, size_t bytes)
{
	if (budget)
		budget->held_bytes += bytes;
}

int query_budget_look(struct query_budget *budget)
{
	if (!budget)
		return 0;
	budget->until_look = QUESTIONS_A_LOOK;
	if (clock_ns(CLOCK_THREAD_CPUTIME_ID) < budget->cpu_end_ns)
		return 0;
	budget->until_look = 0;
	budget->met[QUERY_LIMIT_CPU_TIME] = true;
	return -EDQUOT;
}

int query_budget_ask(struct query_budget *budget, size_t bytes)
{
	if (!budget)
		return 0;
	if (budget->held_bytes + bytes > budget->bytes) {
		budget->met[QUERY_LIMIT_MEMORY] = true;
		return -EDQUOT;
	}
	return budget->until_look-- > 0 ? 0 : query_budget_look(budget);
}

bool query_budget_has_met(const struct query_budget *budget, enum query_limit limit)
{
	return budget->met[limit] || (limit == QUERY_LIMIT_MATCH && budget->n_limited);
}

unsigned int query_budget_limits(const struct query_budget *budget)
{
	unsigned int limits = 0;

	for (enum query_limit limit = 0; limit < QUERY_LIMIT_COUNT; limit++)
		limits |= (unsigned int)query_budget_has_met(budget, limit) << limit;
	return limits;
}

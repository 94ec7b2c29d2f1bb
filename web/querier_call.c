/* SPDX-License-Identifier: Apache-2.0 */
#include "web/querier_call.h"

#include <errno.h>
#include <string.h>

#include "profiler/base/clock.h"
#include "web/connect.h"

bool querier_call_goes_on(struct querier_call *call, int r)
{
	const struct query_budget *budget = &call->budget;

	if (r == -EDQUOT && budget->met[QUERY_LIMIT_CPU_TIME])
		connect_fail(call->request, CONNECT_RESOURCE_EXHAUSTED,
			     "the query takes more than %lld s of CPU time: select less",
			     (long long)budget->cpu_ns / NS_PER_SECOND);
	else if (r == -EDQUOT)
		connect_fail(call->request, CONNECT_RESOURCE_EXHAUSTED,
			     "the query takes more than %zu MiB of memory: select less",
			     budget->bytes >> 20);
	else if (r == -ENOMEM)
		connect_fail(call->request, CONNECT_UNAVAILABLE, "out of memory");
	else if (r < 0)
		connect_fail(call->request, CONNECT_INTERNAL, "the query failed: %s", strerror(-r));
	return r >= 0;
}

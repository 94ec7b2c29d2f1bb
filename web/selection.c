/* SPDX-License-Identifier: Apache-2.0 */
#include "web/selection.h"

#include <errno.h>
#include <stdlib.h>

#include "profiler/base/cleanup.h"
#include "profiler/selector.h"
#include "web/request.h"

void *selection_free(struct selection *selection)
{
	if (!selection)
		return NULL;
	selector_free(selection->selector);
	free(selection);
	return NULL;
}

DEFINE_CLEANUP(struct selection *, selection_free)

static void free_job(void *job)
{
	selection_free(job);
}

static int parse_selector(struct request *request, struct selector **ret_selector)
{
	const char *text = request_get(request, "query");
	char error[512];
	int r;

	if (!text)
		return 0;
	r = selector_parse(text, ret_selector, error, sizeof(error));
	if (r == -EINVAL)
		answer_fail(&request->answer, 400, "parameter query: %s", error);
	else if (r < 0)
		answer_fail_busy(&request->answer, "out of memory");
	return r;
}

struct selection *selection_of_request(struct request *request, int64_t start_unix_ns,
				       int64_t end_unix_ns)
{
	_cleanup_(selection_freep) struct selection *selection = calloc(1, sizeof(*selection));

	if (!selection) {
		answer_fail_busy(&request->answer, "out of memory");
		return NULL;
	}
	if (parse_selector(request, &selection->selector) < 0)
		return NULL;
	selection->query = (struct query){ start_unix_ns, end_unix_ns, selection->selector };
	request->job = steal(selection);
	request->free_job = free_job;
	return request->job;
}

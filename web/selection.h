/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Selection: which samples a request asks for, as the job of its work.
 */

#include <stdint.h>

#include "profiler/query.h"

struct encoder;
struct request;

struct selection {
	struct query query;
	struct selector *selector; /* owned; also in @query */
	const struct encoder *encoder;
	const char *label_name; /* borrowed from the request */
};

/*
 * Make the samples of [@start_unix_ns, @end_unix_ns) that the parameter `query` selects the job of
 * @request. Returns it (owned by @request), or NULL: the selector means nothing, or memory ran out,
 * and @request is answered.
 */
struct selection *selection_of_request(struct request *request, int64_t start_unix_ns,
				       int64_t end_unix_ns);

/* Accepts NULL. Always returns NULL. For who makes the selection part of another job. */
void *selection_free(struct selection *selection);

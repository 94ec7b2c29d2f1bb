/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile answer: a query of the store, encoded.
 */

#include <stdint.h>

struct encoder;
struct request;

/*
 * Give @request the work of answering with the samples of [@start_unix_ns, @end_unix_ns) that its
 * parameter `query` selects, encoded by @encoder. Or answer it: the selector means nothing, or
 * memory ran out.
 */
void profile_answer_plan(struct request *request, int64_t start_unix_ns, int64_t end_unix_ns,
			 const struct encoder *encoder);

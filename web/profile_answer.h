/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile answer: a profile of the store, encoded.
 */

#include <stdbool.h>
#include <stdint.h>

struct encoder;
struct profile;
struct request;
struct selection;
struct site;

/*
 * Give @request the work of answering with the samples of [@start_unix_ns, @end_unix_ns) that its
 * parameters select and shape, encoded by @encoder. Returns what it selects (owned by @request), or
 * NULL: a parameter means nothing, or memory ran out, and @request is answered.
 */
struct selection *profile_answer_plan(struct request *request, int64_t start_unix_ns,
				      int64_t end_unix_ns, const struct encoder *encoder);

/* Whether there is room for another large answer; if not, @request is answered. */
bool profile_answer_has_room(struct request *request, struct site *site);

/* Encode @profile, with comments for people, as the body of @request. Returns as encoders do. */
int profile_answer_encode(struct request *request, const struct site *site, struct profile *profile,
			  const struct encoder *encoder);

/* The body is done, without an error. */
void profile_answer_finish(struct request *request, const struct encoder *encoder);

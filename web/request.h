/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Request: what a client asked for, and the answer that is being made.
 *
 *     route_begin() on the loop thread  →  answered
 *                                       →  @work is set: after @delay_ns it runs on a worker
 *                                          → answered
 *                                          → @question is set: @work runs again after the reply
 *
 * A request belongs to one thread at a time, so nothing in it is locked.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/base/buffer.h"
#include "profiler/status.h"
#include "web/answer.h"
#include "web/parameters.h"

#define REQUEST_BODY_MAX (1 << 20) /* bytes; more is answered with 413 */

struct request;
struct route;
struct site;
struct sockaddr;

enum question_kind { QUESTION_NONE, QUESTION_CODE, QUESTION_SOURCE };

/* What only another role can open. Zeroed: nothing. */
struct question {
	enum question_kind kind;
	uint32_t file; /* QUESTION_CODE: instructions of this range of that file */
	uint64_t start_vaddr;
	uint64_t end_vaddr;
	const char *path; /* QUESTION_SOURCE: this file; borrowed, as from the job */

	/* The reply; without one, @result is -ETIMEDOUT. */
	bool is_answered;
	int result; /* 0 or -errno */
	int fd;     /* owned; only with result 0 */
};

enum method { METHOD_GET = 1, METHOD_HEAD = 2, METHOD_POST = 4, METHOD_OTHER = 8 };

struct request {
	enum method method;
	char *path;                /* decoded; owned */
	const char *query;         /* as it was sent, without '?'; borrowed, NULL if none */
	const char *host;          /* header, borrowed, NULL if none */
	bool has_many_hosts;       /* more than one such header */
	bool needs_host;           /* as from HTTP/1.1 on */
	const char *if_none_match; /* header, borrowed, NULL if none */
	const char *accept_encoding;
	const char *content_type; /* headers for web/connect.h, as above */
	const char *content_encoding;
	const char *connect_version;
	const struct sockaddr *local; /* our end of the connection; borrowed, NULL if unknown */
	struct buffer body;
	bool body_is_too_large;

	struct parameters parameters;
	const struct route *route;
	char *wildcard; /* what stood for the * of the route's path; owned */
	struct answer answer;

	struct question question; /* set by @work to be asked, and to be called again after it */
	int64_t delay_ns;         /* how long @work is put off */
	void (*work)(struct request *request, struct site *site);
	void *job; /* what @work needs to know; owned */
	void (*free_job)(void *job);
	struct status status;    /* as of the moment when @work was queued */
	unsigned int limits_met; /* by @work: bits of enum query_limit */
};

/*
 * Take @target, as in the request line, apart: "/path?query". Works on a zeroed struct, and the
 * query points into @target. Returns 0, -EINVAL if the path contains a NUL byte, or -ENOMEM.
 */
int request_set_target(struct request *request, const char *target);

/* Works on a zeroed struct; leaves a zeroed struct. */
void request_fini(struct request *request);

/* Append what came as body. */
void request_add_body(struct request *request, const char *bytes, size_t size);

enum method method_from_name(const char *name);

/* Whether one of the codings in Accept-Encoding is gzip, and not forbidden by a quality of 0. */
bool request_takes_gzip(const struct request *request);

/* The value of a parameter, or NULL. Borrowed. */
const char *request_get(const struct request *request, const char *name);

/*
 * The time that the parameter @name tells, or @otherwise without one. Returns true, or false: it is
 * no time, and @request is answered.
 */
bool request_get_time(struct request *request, const char *name, int64_t now_unix_ns,
		      int64_t otherwise, int64_t *ret_unix_ns);

/*
 * The number that the parameter @name tells, from 1 to @max, or @otherwise without one. Returns as
 * above.
 */
bool request_get_count(struct request *request, const char *name, uint32_t max, uint32_t otherwise,
		       uint32_t *ret_count);

/* The length of time that the parameter @name tells, more than 0, or @otherwise without one. */
bool request_get_duration(struct request *request, const char *name, int64_t otherwise,
			  int64_t *ret_ns);

/* Say in a header of the answer which limits left something out, or added it up. */
void request_tell_limits(struct request *request);

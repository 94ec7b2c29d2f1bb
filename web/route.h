/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Route: which code answers which path. The table in route.c is the whole list.
 */

#include <stdbool.h>
#include <stddef.h>

struct request;
struct site;
struct traffic;

struct route {
	const char *path;     /* one '*' in it stands for a segment, and ends up in the request */
	const char *name;     /* {handler} in /metrics */
	unsigned int methods; /* enum method, or-ed */
	bool is_pprof;        /* errors are marked for `go tool pprof` */

	/* On the loop thread: answer the request, or set its work, and its delay. */
	void (*begin)(struct request *request, struct site *site);
};

/* The last one takes what no other one has, and has no path. */
extern const struct route routes[];
extern const size_t n_routes;

/* Write the name of each route into @traffic, in the order of the table. */
void route_name_traffic(struct traffic *traffic);

size_t route_number(const struct route *route);

/* The route of @path; *@ret_wildcard, @ret_length is what stood for its '*'. */
const struct route *route_find(const char *path, const char **ret_wildcard, size_t *ret_length);

/*
 * Check the request, which is here as a whole, and hand it to its route. Then it is answered, or
 * has work.
 */
void route_begin(struct request *request, struct site *site);

/* The answer to @request is complete: add what answers of its route have in common. */
void route_finish(struct request *request);

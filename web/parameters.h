/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Parameters: the query string of a request, taken apart.
 *
 *     seconds=5&query=%7Bcomm%3D%22api%22%7D   →   seconds: 5   query: {comm="api"}
 *
 * A '+' is a space. What is no escape (%zz) stays as it is, so that the message about the value can
 * show it. Of a name that comes twice, the first counts, as in Go.
 */

#include <stdbool.h>
#include <stddef.h>

#define PARAMETERS_MAX 64 /* pairs in one query string */

struct parameter {
	const char *name;
	const char *value; /* "" when there was no '=' */
};

struct parameters {
	struct parameter items[PARAMETERS_MAX];
	size_t n_items;
	char *text; /* what names and values point into; owned */
};

/*
 * Parse @query, without its question mark; NULL is as good as "".
 *
 * Returns 0, or
 * -EINVAL  a name or a value contains a NUL byte, which no parameter of ours can mean,
 * -E2BIG   there are too many pairs,
 * -ENOMEM  out of memory.
 */
int parameters_parse(const char *query, struct parameters *ret_parameters);

/* Works on a zeroed struct; leaves a zeroed struct. */
void parameters_fini(struct parameters *parameters);

/* The value of @name, or NULL. Borrowed: lives as long as @parameters. */
const char *parameters_get(const struct parameters *parameters, const char *name);

/* Undo percent escapes in @text, in place; '+' becomes a space if @plus_is_space. -EINVAL: %00. */
int percent_decode(char *text, bool plus_is_space);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Label names: those that a parameter lists, as in by=comm,exe.
 */

#include <stdbool.h>
#include <stddef.h>

struct request;

#define LABEL_NAMES_MAX 8

struct label_names {
	char *text; /* what the names point into; owned */
	const char *names[LABEL_NAMES_MAX];
	size_t n_names;
};

/*
 * Read the parameter `by` of @request; without it there are none. Returns true and initialises
 * *@ret_names, or false: what it lists cannot be names, and @request is answered.
 */
bool label_names_get(struct request *request, struct label_names *ret_names);

/* Works on a zeroed struct. */
void label_names_fini(struct label_names *names);

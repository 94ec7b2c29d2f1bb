/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Build id parameter: which file a request is about.
 */

#include <stdbool.h>

struct build_id;
struct request;

/* The parameter `build_id`, in hex. Returns true, or false: it is none, and @request is answered.
 */
bool build_id_parameter_get(struct request *request, struct build_id *ret_build_id);

/* Answer @request by what listing_find_file() or listing_find() met, a negative number. */
void build_id_parameter_fail(struct request *request, int error);

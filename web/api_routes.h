/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * API routes: profiles and what can be asked of them, for the page and for programs.
 */

#include <stdbool.h>
#include <stdint.h>

struct request;
struct site;

/* GET /api/v1/profile?type=&query=&from=&to=&format= */
void api_begin_profile(struct request *request, struct site *site);

/* GET /api/v1/types */
void api_begin_types(struct request *request, struct site *site);

/* GET /api/v1/labels: names. */
void api_begin_labels(struct request *request, struct site *site);

/* GET /api/v1/labels/NAME/values?from=&to=&query= */
void api_begin_values(struct request *request, struct site *site);

/* GET /api/v1/status */
void api_begin_status(struct request *request, struct site *site);

/*
 * The range of the parameters `from` and `to`: an hour until now by default. Returns true, or
 * false: it is none, and @request is answered.
 */
bool api_get_range(struct request *request, int64_t *ret_start_ns, int64_t *ret_end_ns);

/* Whether the parameter `type` is a type of profile that there is; if not, @request is answered. */
bool api_type_is_good(struct request *request);

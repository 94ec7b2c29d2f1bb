/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Profile routes: what is made of profiles.
 */

struct request;
struct site;

/* GET /api/v1/top?query=&from=&to=&n=&sort= */
void profile_begin_top(struct request *request, struct site *site);

/* GET /api/v1/diff?query=&from=&to=&base_query=&base_from=&base_to=&format= */
void profile_begin_diff(struct request *request, struct site *site);

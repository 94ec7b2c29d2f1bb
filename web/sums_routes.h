/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sums routes: which series there are, and when samples were taken, without stacks and names.
 */

struct request;
struct site;

/* GET /api/v1/series?query=&from=&to=&by=&limit= */
void sums_begin_series(struct request *request, struct site *site);

/* GET /api/v1/timeline?query=&from=&to=&step=&by=&limit= */
void sums_begin_timeline(struct request *request, struct site *site);

/* GET /api/v1/heatmap?query=&from=&to=&columns=&rows= */
void sums_begin_heatmap(struct request *request, struct site *site);

/* GET /api/v1/builds?query=&from=&to=&limit= */
void sums_begin_builds(struct request *request, struct site *site);

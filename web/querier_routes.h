/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Querier routes: the API by which Grafana asks a Pyroscope server for profiles, as docs/api.md has
 * it. The table of its methods is in querier_routes.c.
 */

struct request;
struct site;

/* POST /querier.v1.QuerierService/METHOD */
void querier_begin(struct request *request, struct site *site);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Operation routes: for those who keep the daemon running.
 */

struct request;
struct site;

/* GET /metrics */
void begin_metrics(struct request *request, struct site *site);

/* GET /-/healthy: 200 as long as somebody can say so. */
void begin_healthy(struct request *request, struct site *site);

/* GET /-/ready: 503 until the first sample was stored. */
void begin_ready(struct request *request, struct site *site);

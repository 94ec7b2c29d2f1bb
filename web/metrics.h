/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Metrics: what the daemon knows of itself, in Prometheus' text format 0.0.4.
 *
 * All values come from one struct, so sums that hold there hold in every scrape.
 */

#define METRICS_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct buffer;
struct scrape;

/* Append all families to @out, whose error tells if memory ran out. */
void metrics_render(const struct scrape *scrape, struct buffer *out);

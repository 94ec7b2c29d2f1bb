/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Status as JSON: what the page and scripts read at /api/v1/status.
 */

struct buffer;
struct site;
struct status;

/* Append one object and a line break. Returns 0 or -ENOMEM. */
int status_json_append(const struct site *site, const struct status *status, struct buffer *out);

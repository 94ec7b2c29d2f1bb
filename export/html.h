/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTML: the page, with the profile in it, in one file; for whoever has no server.
 *
 * It asks nobody for anything. The profile lies in it as a pprof in base64, so no name is part of
 * the markup, and a policy lets run only the script that it came with.
 */

struct buffer;
struct profile;

/* See struct encoder. */
int html_encode(const struct profile *profile, struct buffer *out);

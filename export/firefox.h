/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Firefox: the processed format of https://profiler.firefox.com, version 48, which every later
 * version of it reads.
 *
 * A thread has tables of its own, column by column; stacks are chains of (caller, frame). Times are
 * ms since the profile's start; each sample also tells the CPU time since the one before it, from
 * which the track of a thread is drawn. Format: docs-developer/processed-profile-format.md and
 * src/types/profile.js of github.com/firefox-devtools/profiler.
 */

struct buffer;
struct profile;

/* See struct encoder. */
int firefox_encode(const struct profile *profile, struct buffer *out);

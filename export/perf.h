/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Perf: what `perf script -F comm,pid,tid,cpu,time,period,event,ip,sym,dso --ns` prints of CPU
 * samples, which FlameGraph, FlameScope, Hotspot, speedscope and the Firefox Profiler read.
 *
 *     api  4711/4712  [001] 1700000000.010000000:   10000000 cpu-clock:
 *             401234 parse (inlined)
 *             401234 serve (/usr/bin/api)
 *
 * One event a sample, at its true unix time, in order of time; its name is that of the process, as
 * in the folded format. Frames are the leaf's first; inlined functions have their caller's address.
 * A profile without times has all events at its start. What could break a line, or a field of it,
 * is \xHH; so are spaces in paths. What has no name is [unknown], as perf has it.
 */

struct buffer;
struct profile;

/* See struct encoder. */
int perf_encode(const struct profile *profile, struct buffer *out);

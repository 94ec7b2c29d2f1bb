/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Perf reader: what `perf script` prints of samples with stacks.
 *
 *     comm  pid/tid  [cpu]  seconds:  period event:
 *             address symbol+off (file)
 *
 * pid or tid, cpu and period may be missing. An event ends with an empty line, or where the next
 * one begins; the leaf comes first. "symbol (inlined)" is inlined in the next one with a file. Of
 * several kinds of events the first one is read.
 */

#include <stddef.h>

struct complaint;
struct profile;

/* Returns 0 and sets *@ret_profile (owned by the caller), -EBADMSG: see @complaint, or -ENOMEM. */
int perf_read(const char *bytes, size_t size, struct profile **ret_profile,
	      struct complaint *complaint);

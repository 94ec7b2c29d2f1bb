/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pprof reader: protobuf of the pprof project (profile.proto), unpacked, of whoever wrote it: Go,
 * perf_to_profile, Parca, ourselves.
 *
 * Nothing of it is lost: types, numeric labels and the like become extras of the profile, and what
 * is there twice stays there twice. What a sample counts is the type samples/count, if there is
 * one, else the default type, which is the last one unless the file says otherwise.
 */

#include <stddef.h>

struct complaint;
struct profile;

/* Returns 0 and sets *@ret_profile (owned by the caller), -EBADMSG: see @complaint, or -ENOMEM. */
int pprof_read(const char *bytes, size_t size, struct profile **ret_profile,
	       struct complaint *complaint);

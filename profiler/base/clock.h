/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Clock: nanoseconds. BPF stamps samples with the monotonic clock; people ask in unix time.
 */

#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND 1000000000LL
#define NS_PER_MS     1000000LL

static inline int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static inline int64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static inline int64_t clock_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

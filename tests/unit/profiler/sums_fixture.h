/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Sums fixture: a store with many samples of different threads, times and stacks, the same in each
 * run, for what adds samples up.
 */

#include <stddef.h>
#include <stdint.h>

#include "tests/unit/profiler/store_fixture.h"

struct query;
struct store;

#define SUMS_SECONDS 20
#define SUMS_SAMPLES 4000
#define SUMS_END_NS  (FIXTURE_START_NS + SUMS_SECONDS * 1000000000LL)

/*
 * Processes task0 … task9 with three threads each, in three dictionaries, and SUMS_SAMPLES samples
 * in [FIXTURE_START_NS, SUMS_END_NS), of differing weight and value, on six stacks.
 */
struct store *sums_fixture_new(void);

/* The range of all of them. */
struct query sums_fixture_query(void);

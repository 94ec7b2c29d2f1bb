/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

/*
 * Walks: what walks.bpf.c tells of each time that it was run.
 */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <stdint.h>
#endif

/* The ways to a stack that are compared. */
enum walk_way {
	WALK_BY_TABLES, /* ours */
	WALK_BY_GET_STACK,
	WALK_BY_GET_STACKID,
	WALK_WAY_COUNT,
};

enum {
	WALKS_MAX = 1 << 14, /* a power of two; later ones go in place of the first ones */
};

struct timed_walk {
	uint64_t ns[WALK_WAY_COUNT];
	uint32_t first; /* enum walk_way that ran first, and found the caches as they were */
	uint32_t outcome;
	uint32_t n_frames[2]; /* of our walk, and of the kernel's */
};

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Walker: the kernel half's unwinder (bpf/unwind_step.h), at work on the copy of a stack.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"
#include "profiler/frame.h"

struct process;
struct process_reader;
struct table_loader;

struct walker {
	struct process_reader *reader; /* borrowed, as are all */
	const struct table_loader *tables;
	struct process *process;
	bool goes_on; /* by frame pointer where a table has not come */
};

/*
 * The bits that are of a return address. Where it may be signed (arm64), they are as many as the
 * addresses of this machine's programs have; their stacks lie at the top.
 */
uint64_t walker_pc_mask(void);

/* Room for what walker_run() finds. */
#define WALKER_MAX_FRAMES 512

/*
 * Walk on from where @record stands. Returns how it ended: STACK_PENDING if a table is missing
 * still (unless the walker goes on), and then sets nothing; else sets the frames from there on,
 * leaf first.
 */
enum stack_outcome walker_run(const struct walker *walker, const struct pending_record *record,
			      struct frame ret_frames[WALKER_MAX_FRAMES], size_t *ret_n_frames);

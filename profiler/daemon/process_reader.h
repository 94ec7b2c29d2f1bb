/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Process reader: what /proc says of a process that a sample hit, and where in which file its pcs
 * lie. It may be gone at any moment: what cannot be read then is counted, and stays unknown.
 */

#include <stdint.h>

#include "profiler/frame.h"

struct binary_describer;
struct process;

struct process_reader {
	struct binary_describer *binaries;
	int proc_fd;
	uint64_t n_seen, n_unreadable, n_mappings_read;
};

/* @binaries is borrowed. Returns 0 or what open(2) says of /proc. */
int process_reader_init(struct process_reader *reader, struct binary_describer *binaries);

/* Works on a zeroed struct; leaves a zeroed struct. */
void process_reader_fini(struct process_reader *reader);

/* Fill in what @process, which was just met, is like. */
void process_reader_read(struct process_reader *reader, struct process *process);

/* The place of @pc, whose file the resolver is asked to read if it is new. Reads the mappings again
 * if @pc is in none of those that are known. */
struct frame process_reader_place(struct process_reader *reader, struct process *process,
				  uint64_t pc);

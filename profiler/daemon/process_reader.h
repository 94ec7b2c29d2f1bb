/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Process reader: what /proc says of a process that a sample hit, and where in which file its pcs
 * lie. It may be gone at any moment: what cannot be read then is counted, and stays unknown.
 */

#include <stdint.h>

#include "profiler/frame.h"

struct binary_describer;
struct container_describer;
struct jit_describer;
struct mapping;
struct process;
struct process_key;

struct process_reader {
	struct binary_describer *binaries;
	struct jit_describer *jits;
	struct container_describer *containers;
	int proc_fd;
	uint64_t n_seen, n_unreadable, n_mappings_read;
};

/* All are borrowed; @containers may be NULL. Returns 0 or what open(2) says of /proc. */
int process_reader_init(struct process_reader *reader, struct binary_describer *binaries,
			struct jit_describer *jits, struct container_describer *containers);

/* Works on a zeroed struct; leaves a zeroed struct. */
void process_reader_fini(struct process_reader *reader);

/* The folder of the process in /proc, if it is still that process; to be closed. Or -errno: -ESRCH.
 */
int process_reader_open(const struct process_reader *reader, const struct process_key *key);

/* Fill in what @process, which was just met, is like. */
void process_reader_read(struct process_reader *reader, struct process *process);

/*
 * The mapping that holds @pc, and the number of the binary in it; 0 for memory that is no file.
 * NULL if there is none, or its file cannot be opened. Borrowed: lives until mappings are read
 * again.
 */
const struct mapping *process_reader_find(struct process_reader *reader, struct process *process,
					  uint64_t pc, uint32_t *ret_binary);

/* Read all that is mapped for execution now, and what files these are: for later, when the process
 * may be gone. */
void process_reader_read_mapped(struct process_reader *reader, struct process *process);

/* The place of @pc, whose file the resolver is asked to read if it is new. Reads the mappings again
 * if @pc is in none of those that are known. */
struct frame process_reader_place(struct process_reader *reader, struct process *process,
				  uint64_t pc);

/* The place at @file_off of the binary @number: that, or a pc where a JIT has code in such a file.
 */
struct frame process_reader_place_in_file(struct process_reader *reader, struct process *process,
					  uint32_t number, uint64_t file_off);

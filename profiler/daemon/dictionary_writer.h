/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Dictionary writer: what the server is told of in a dictionary, once each (profiler/store.h).
 *
 * All functions return 0, or what channel_send() does; what failed is told at the next use.
 */

#include <stddef.h>
#include <stdint.h>

#include "bpf/wire.h"

struct binary_describer;
struct container_table;
struct jit_describer;
struct process;
struct process_table;
struct role_process;
struct stack;
struct thread;

struct dictionary_writer {
	struct role_process *server;        /* borrowed; its channel must be there */
	struct binary_describer *binaries;  /* borrowed */
	struct jit_describer *jits;         /* borrowed */
	struct container_table *containers; /* borrowed */
	uint64_t containers_told;           /* change of it that the server knows of */
	uint32_t number;                    /* of the dictionary in force, 0: none yet */
	size_t stack_bytes;                 /* of the stacks in it */
};

/* Begin the next dictionary. */
int dictionary_writer_begin(struct dictionary_writer *writer);

/* Tell of @process, unless it was told, or if it goes by another name now: @comm. */
int dictionary_writer_add_process(struct dictionary_writer *writer, struct process *process,
				  const char comm[WIRE_COMM_BYTES]);

/* Tell anew of those of @processes whose container or pod is better known than when they were told.
 * To be called some times a second. */
void dictionary_writer_tell_containers(struct dictionary_writer *writer,
				       const struct process_table *processes);

/* Tell of @thread of @process, which was told. */
int dictionary_writer_add_thread(struct dictionary_writer *writer, const struct process *process,
				 struct thread *thread);

/* Tell of @stack, and of the files in it. */
int dictionary_writer_add_stack(struct dictionary_writer *writer, struct stack *stack);

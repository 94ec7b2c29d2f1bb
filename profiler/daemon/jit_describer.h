/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JIT describer: the describer's half that knows code which processes make at run time.
 *
 *     pc in no file  ──►  the process's number  ──►  perf map, jitdump  ──►  resolver  ──►  names
 *
 * Runtimes write these files as they go, so they are looked at again and again while samples hit
 * the process, and once more at its end. What that costs is bounded by what the last time took.
 */

#include <stdbool.h>
#include <stdint.h>

#include "profiler/message.h"
#include "profiler/status.h"

struct jit_describer;
struct process_key;
struct role_process;

/* The roles are borrowed. All names together take at most @max_bytes of memory. Returns 0 and sets
 * *@ret_describer (owned by the caller), or -errno. */
int jit_describer_new(struct role_process *server, struct role_process *resolver,
		      uint64_t max_bytes, struct jit_describer **ret_describer);

/* Accepts NULL. Always returns NULL. */
struct jit_describer *jit_describer_free(struct jit_describer *describer);

/* The `file` of frames in code that @process has made: @number, which it had so far, unless that is
 * 0 or forgotten. 0 if there is no room for one more. */
uint32_t jit_describer_get(struct jit_describer *describer, const struct process_key *process,
			   uint32_t number);

/* Whether a file of that number is ours. */
bool jit_describer_owns(uint32_t number);

/* A stack leads through that file: tell the server of it, unless that was done in this dictionary.
 * Returns 0 or -errno. */
int jit_describer_describe(struct jit_describer *describer, uint32_t number);

/* A sample has hit the process of that file, whose number may be 0. */
void jit_describer_note_sample(struct jit_describer *describer, uint32_t number);

/* The process of that file has ended, or is another program. */
void jit_describer_note_end(struct jit_describer *describer, uint32_t number);

/* Look for names that are new. To be called every second or so. */
void jit_describer_look(struct jit_describer *describer);

/* As above, but whenever that was done last. */
void jit_describer_look_at_once(struct jit_describer *describer);

/* A new dictionary is in force. */
void jit_describer_begin_dictionary(struct jit_describer *describer, uint32_t dictionary);

/* Forget the files that no dictionary from @dictionary on has used. */
void jit_describer_forget_unused(struct jit_describer *describer, uint32_t dictionary);

/* The resolver is new: ask it for all that the last one owes us. */
void jit_describer_on_resolver_start(struct jit_describer *describer);

/* Of a file of ours. Returns 0, or -EBADMSG: the resolver must not say that. */
int jit_describer_on_message(struct jit_describer *describer, const struct message *message,
			     int fds[MESSAGE_MAX_FDS]);

void jit_describer_get_status(const struct jit_describer *describer, struct jit_status *ret_status);
